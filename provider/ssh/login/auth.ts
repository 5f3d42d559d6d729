/**
 * Offers the credentials on one connection in order: private keys, keys of the agent, then the password, as `password` or in
 * answer to a single hidden prompt of `keyboard-interactive`.
 */
import type { AnyAuthMethod, AuthHandlerMiddleware, KeyboardInteractiveCallback, Prompt } from "ssh2";
import { LogoffError } from "../../base/errors";
import { giveCredential, type Credentials } from "./credentials";
import type { PasswordVerdict } from "./password-guard";
import type { ProvenCredentials } from "./proven-credentials";
import type { Quote } from "./redact";

export interface LoginOptions {
  readonly label: string;
  readonly user: string;
  readonly credentials: Credentials;
  readonly proven: ProvenCredentials;
  /** False if the host's key was not checked: then only keys are offered. */
  readonly mayOfferPassword: boolean;
  /** Whether SHA-1 signatures are allowed. */
  readonly sha1: boolean;
  readonly quote: Quote;
  /** Awaited before the login begins. */
  readonly beforeLogin: () => Promise<void>;
  /** Awaited before the password is offered; rejects if it must not be. */
  readonly claimPassword: () => Promise<void>;
  /** Fires when the handshake ends. */
  readonly over: AbortSignal;
  /** Ends the login with an error, without trying further methods. */
  readonly fail: (error: unknown) => void;
}

/** A login in progress. ssh2 asks `handler` for the next method until one is accepted or none is left. */
export interface LoginAttempt {
  readonly handler: AuthHandlerMiddleware;
  /** Must be called with every list of acceptable methods, because ssh2 does not pass them on while it tries an agent's key. */
  readonly hostAccepts: (methods: readonly string[]) => void;
  /** Whether any credential was offered, after which the connection is never retried. */
  readonly offered: () => boolean;
  /** Whether the host has rejected a credential. */
  readonly rejected: () => boolean;
  /** The outcome of the password; `loggedIn` says whether the login succeeded. */
  readonly passwordVerdict: (loggedIn: boolean) => PasswordVerdict;
  /** The keys that the host has accepted, once the login has succeeded. */
  readonly acceptedKeys: () => readonly Buffer[];
  /** Whether any credential that was offered and not accepted has been accepted by a host before. */
  readonly isProven: () => boolean;
  /** Adds to the error why the key that is being offered could not sign. The host has not rejected it then. */
  readonly couldNotSign: (why: string) => void;
  /** The error, which names what was tried: `auth-rejected`, or `auth-unavailable` if the host accepts none of our methods. */
  readonly failure: (detail?: string) => LogoffError;
}

const checkLogin = "check the login name, and the key or the password";

/** A credential that was offered. */
interface Offer {
  /** Names it in the error. */
  readonly label: string;
  /** Absent: the password. */
  readonly key?: Buffer;
  answer: "none" | "accepted" | "rejected" | "unsigned";
}

type Choice = AnyAuthMethod | "password" | "keyboard-interactive" | undefined;

/** Begins a login. Each credential is offered once, and a rejected password is never offered again. */
export function beginLogin(options: LoginOptions): LoginAttempt {
  const { label, user: username, credentials, quote } = options;
  const { password } = credentials;
  const offers: Offer[] = [];
  const notes: string[] = [...credentials.notes];
  let accepted: readonly string[] = [];
  let answers = 0;
  let nextKey = 0;
  let nextAgentKey = 0;
  let passwordMethodTaken = false;
  let password_: PasswordVerdict = "not-offered";
  let partial = false;

  const failure = (detail?: string): LogoffError => {
    const accepts = accepted.length > 0 ? `the host accepts ${quote(accepted.join(", "))}` : "";
    const withheld =
      password !== undefined && !options.mayOfferPassword
        ? "the password was withheld: the host key was not checked"
        : "";
    const more = [accepts, detail ?? "", withheld, ...notes].filter((text) => text !== "").join("; ");
    const tried = offers.map((each) => each.label);
    const code = tried.length > 0 ? "auth-rejected" : "auth-unavailable";
    const what =
      tried.length > 0
        ? `${partial ? "not enough" : "rejected"}: ${tried.join(", ")}`
        : "no credential that it accepts was given";
    const next = detail !== undefined || partial ? "" : `; ${tried.length > 0 ? checkLogin : giveCredential}`;
    const message = `Cannot log in to "${label}" as "${quote(username)}": ${what}${more && `; ${more}`}${next}`;
    return new LogoffError(code, message, { atLogin: true, isProven: isProven() });
  };
  const offer = (as: string, key?: Buffer): void => {
    offers.push({ label: as, answer: "none", ...(key !== undefined && { key }) });
  };
  /** Records the host's answer to the last offer, if it had none. */
  const answered = (answer: Offer["answer"]): void => {
    const last = offers.at(-1);
    if (last?.answer === "none") last.answer = answer;
  };
  const isProven = (): boolean =>
    offers
      .filter(({ answer }) => answer === "none" || answer === "rejected")
      .some(({ key }) => (key === undefined ? options.proven.hasPassword() : options.proven.hasKey(key)));
  const offerPassword = (as: string): string => {
    password_ = "unanswered";
    offer(as);
    return password ?? "";
  };
  const prompt = (
    title: string,
    text: string,
    prompts: readonly Prompt[],
    finish: KeyboardInteractiveCallback,
  ): void => {
    const [only] = prompts;
    if (prompts.length === 1 && only?.echo === false && password_ === "not-offered") {
      finish([offerPassword("keyboard-interactive with the password")]);
      return;
    }
    // Any other answer, or the password again, could only count towards a lockout.
    if (password_ === "unanswered") password_ = "rejected";
    const asked = prompts.map((each) => `"${quote(each.prompt)}"`).join(", ");
    const heading = quote(`${title} ${text}`);
    options.fail(
      failure(`the host asks for ${asked}${heading && ` (${heading})`}, which only a person can answer`),
    );
  };
  const choose = (): Choice => {
    const key = accepted.includes("publickey") ? credentials.keys[nextKey] : undefined;
    if (key !== undefined) {
      nextKey += 1;
      offer(`publickey (${key.label})`, key.blob);
      return { type: "publickey", username, key: key.signer(options.sha1) };
    }
    const agentKey = accepted.includes("publickey") ? credentials.agentKeys[nextAgentKey] : undefined;
    if (agentKey !== undefined) {
      nextAgentKey += 1;
      offer(`publickey (${agentKey.label})`, agentKey.blob);
      return { type: "agent", username, agent: agentKey.signer(options.sha1, options.over) };
    }
    if (password === undefined || passwordMethodTaken || !options.mayOfferPassword) return undefined;
    if (accepted.includes("password")) return "password";
    return accepted.includes("keyboard-interactive") ? "keyboard-interactive" : undefined;
  };
  const method = async (choice: Choice): Promise<AnyAuthMethod | undefined> => {
    if (choice !== "password" && choice !== "keyboard-interactive") return choice;
    passwordMethodTaken = true;
    await options.claimPassword();
    if (choice === "password") return { type: "password", username, password: offerPassword("password") };
    return {
      type: "keyboard-interactive",
      username,
      prompt: (title, text, _language, prompts, finish) => prompt(title, text, prompts, finish),
    };
  };

  let begun = false;
  const handler: AuthHandlerMiddleware = (methods, partialSuccess, next) => {
    const go = (decided: Promise<AnyAuthMethod | undefined>): void => {
      decided.then(
        (chosen) => {
          // `false` tells ssh2 that nothing is left, but its types do not allow it.
          if (!options.over.aborted) next((chosen ?? false) as AnyAuthMethod);
        },
        (error: unknown) => options.fail(error),
      );
    };
    if (!begun) {
      // Costs a round trip and offers nothing, but shows which methods the host accepts: no credential is sent for any other.
      begun = true;
      go(options.beforeLogin().then(() => ({ type: "none", username })));
      return;
    }
    if (accepted.length === 0) accepted = methods;
    answers = offers.length;
    answered(partialSuccess ? "accepted" : "rejected");
    partial = partialSuccess;
    if (password_ === "unanswered") password_ = partialSuccess ? "accepted" : "rejected";
    const choice = choose();
    if (choice !== undefined && typeof choice !== "string") next(choice);
    else go(method(choice));
  };
  return {
    handler,
    hostAccepts: (methods) => (accepted = methods),
    offered: () => offers.length > 0,
    rejected: () => answers > 0,
    passwordVerdict: (loggedIn) => (loggedIn && password_ === "unanswered" ? "accepted" : password_),
    acceptedKeys: () => {
      answered("accepted");
      return offers.flatMap(({ key, answer }) => (key !== undefined && answer === "accepted" ? [key] : []));
    },
    isProven,
    couldNotSign: (why) => {
      notes.push(why);
      answered("unsigned");
    },
    failure,
  };
}
