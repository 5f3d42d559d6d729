/**
 * The order of logins on one connection: private keys, keys of the agent, then the password, as `password` or as the
 * one hidden prompt of `keyboard-interactive`.
 */
import type { AnyAuthMethod, AuthHandlerMiddleware, KeyboardInteractiveCallback, Prompt } from "ssh2";
import { LogoffError } from "../../base/errors";
import type { Credentials } from "./credentials";
import type { PasswordVerdict } from "./password-guard";
import type { Quote } from "./redact";

export interface LoginOptions {
  readonly label: string;
  readonly user: string;
  readonly credentials: Credentials;
  /** False when the host's key proves nothing: then keys are all that is offered. */
  readonly mayOfferPassword: boolean;
  /** Whether SHA-1 signatures are allowed. */
  readonly sha1: boolean;
  readonly quote: Quote;
  /** Awaited before the first word of a login. */
  readonly beforeLogin: () => Promise<void>;
  /** Awaited before the password is offered; rejects when it must not be. */
  readonly claimPassword: () => Promise<void>;
  /** Fires when the handshake ends. */
  readonly over: AbortSignal;
  /** Ends the login with an error that no further method can fix. */
  readonly fail: (error: unknown) => void;
}

/** One login as it goes on; ssh2 asks `handler` for the next method until one is accepted or none is left. */
export interface LoginAttempt {
  readonly handler: AuthHandlerMiddleware;
  /** Must be told of every list of acceptable methods, which ssh2 keeps to itself while an agent's key is tried. */
  readonly hostAccepts: (methods: readonly string[]) => void;
  /** Whether any credential has left us: from then on the connection is never tried again. */
  readonly offered: () => boolean;
  /** Whether the host has turned a credential down. */
  readonly rejected: () => boolean;
  /** What became of the password; `loggedIn` tells whether the host let us in. */
  readonly passwordVerdict: (loggedIn: boolean) => PasswordVerdict;
  /** A remark for the error, such as why a key could not sign. */
  readonly note: (text: string) => void;
  /** `auth-rejected`, or `auth-unavailable` when nothing of ours was acceptable; names what was tried. */
  readonly failure: (detail?: string) => LogoffError;
}

type Choice = AnyAuthMethod | "password" | "keyboard-interactive" | undefined;

/** Begins a login. Each credential is offered once, and the password never again after it was turned down. */
export function beginLogin(options: LoginOptions): LoginAttempt {
  const { label, user: username, credentials, quote } = options;
  const { password } = credentials;
  const tried: string[] = [];
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
    const code = tried.length > 0 ? "auth-rejected" : "auth-unavailable";
    const what =
      tried.length > 0
        ? `${partial ? "not enough" : "rejected"}: ${tried.join(", ")}`
        : "nothing that it accepts was given";
    const message = `Cannot log in to "${label}": ${what}${more && `; ${more}`}`;
    return new LogoffError(code, message, { atLogin: true });
  };
  const offerPassword = (as: string): string => {
    password_ = "unanswered";
    tried.push(as);
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
    // Answering with anything else, or with the password again, could only count towards a lockout.
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
      tried.push(`publickey (${key.label})`);
      return { type: "publickey", username, key: key.signer(options.sha1) };
    }
    const agentKey = accepted.includes("publickey") ? credentials.agentKeys[nextAgentKey] : undefined;
    if (agentKey !== undefined) {
      nextAgentKey += 1;
      tried.push(`publickey (${agentKey.label})`);
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
          // `false` is how ssh2 is told that nothing is left; its types do not know.
          if (!options.over.aborted) next((chosen ?? false) as AnyAuthMethod);
        },
        (error: unknown) => options.fail(error),
      );
    };
    if (!begun) {
      // Costs a round trip, offers nothing, and tells what the host accepts: no credential goes where it is not wanted.
      begun = true;
      go(options.beforeLogin().then(() => ({ type: "none", username })));
      return;
    }
    if (accepted.length === 0) accepted = methods;
    answers = tried.length;
    partial = partialSuccess;
    if (password_ === "unanswered") password_ = partialSuccess ? "accepted" : "rejected";
    const choice = choose();
    if (choice !== undefined && typeof choice !== "string") next(choice);
    else go(method(choice));
  };
  return {
    handler,
    hostAccepts: (methods) => (accepted = methods),
    offered: () => tried.length > 0,
    rejected: () => answers > 0,
    passwordVerdict: (loggedIn) => (loggedIn && password_ === "unanswered" ? "accepted" : password_),
    note: (text) => notes.push(text),
    failure,
  };
}
