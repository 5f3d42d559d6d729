import { timingSafeEqual } from "node:crypto";
import { utils, type AuthContext, type AuthenticationType, type PublicKeyAuthContext } from "ssh2";
import type { Caller, Rights } from "../windows/program";
import { fingerprintOf } from "./keys";

/** A user who may log in. */
export interface LoginUser {
  /** Case-insensitive; may be preceded by `DOMAIN\`. */
  readonly name: string;
  readonly password?: string;
  /** `ssh-ed25519 AAAA…` lines. */
  readonly publicKeys?: readonly string[];
  /** Default: `full-control`. */
  readonly rights?: Rights;
}

/** A client's login attempt, accepted or not. It shows tests whether a password was sent. */
export interface OfferedLogin {
  readonly connection: number;
  readonly method: AuthContext["method"];
  readonly user: string;
  /** The password itself, including that of keyboard-interactive. */
  readonly password?: string;
  readonly fingerprint?: string;
  /** For a key: false if the client only asked whether it is acceptable. */
  readonly signed?: boolean;
  readonly accepted: boolean;
  readonly atMs: number;
}

export interface LoginRules {
  readonly users: readonly LoginUser[];
  /** In the order in which the server lists them. Windows' sshd: publickey, password, keyboard-interactive. */
  readonly methods: readonly ("publickey" | "password" | "keyboard-interactive")[];
  /** Failed attempts before the server hangs up; sshd's MaxAuthTries. */
  readonly maxTries: number;
}

/** Decides on the login attempts of a connection. `record` receives each attempt; `hangUp` ends the connection. */
export function createLoginDesk(
  rules: LoginRules,
  record: (offer: Omit<OfferedLogin, "connection" | "atMs">) => void,
  hangUp: () => void,
): { readonly judge: (context: AuthContext) => void; readonly caller: () => Caller | undefined } {
  let caller: Caller | undefined;
  let refused = 0;

  function refuse(context: AuthContext, counts = true): void {
    refused += counts ? 1 : 0;
    if (refused >= rules.maxTries) hangUp();
    else context.reject([...rules.methods] as AuthenticationType[]);
  }

  function settle(context: AuthContext, user: LoginUser | undefined, method: Caller["method"]): void {
    if (user === undefined) {
      refuse(context);
      return;
    }
    caller = { user: user.name, rights: user.rights ?? "full-control", method };
    context.accept();
  }

  function judge(context: AuthContext): void {
    const user = rules.users.find((one) => one.name.toLowerCase() === bareName(context.username));
    const base = { method: context.method, user: context.username };
    if (context.method === "none" || context.method === "hostbased") {
      record({ ...base, accepted: false });
      // Asking for the methods with `none` does not count as an attempt.
      refuse(context, context.method !== "none");
      return;
    }
    const offered = rules.methods.includes(context.method);
    if (context.method === "password") {
      const accepted = offered && isPassword(user, context.password);
      record({ ...base, password: context.password, accepted });
      settle(context, accepted ? user : undefined, "password");
    } else if (context.method === "publickey") {
      const known = offered && isAuthorized(user, context);
      const signed = context.signature !== undefined;
      const accepted = known && signed && isSigned(context);
      record({ ...base, fingerprint: fingerprintOf(context.key.data), signed, accepted });
      if (known && !signed) context.accept();
      else settle(context, accepted ? user : undefined, "publickey");
    } else if (!offered) {
      record({ ...base, accepted: false });
      refuse(context);
    } else {
      context.prompt([{ prompt: "Password: ", echo: false }], (answers: unknown) => {
        const answer = Array.isArray(answers) ? String(answers[0] ?? "") : "";
        const accepted = isPassword(user, answer);
        record({ ...base, password: answer, accepted });
        settle(context, accepted ? user : undefined, "keyboard-interactive");
      });
    }
  }

  return { judge, caller: () => caller };
}

/** `CORP\Admin` → `admin` */
function bareName(name: string): string {
  return name.slice(name.lastIndexOf("\\") + 1).toLowerCase();
}

function isPassword(user: LoginUser | undefined, password: string): boolean {
  if (user?.password === undefined) return false;
  const [expected, given] = [Buffer.from(user.password), Buffer.from(password)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function isAuthorized(user: LoginUser | undefined, context: PublicKeyAuthContext): boolean {
  return (user?.publicKeys ?? []).some((line) => fingerprintOf(line) === fingerprintOf(context.key.data));
}

function isSigned(context: PublicKeyAuthContext): boolean {
  const key = utils.parseKey(context.key.data);
  if (key instanceof Error || context.blob === undefined || context.signature === undefined) return false;
  // The types declare a single key. OpenSSH's format may contain several, but a public key never does.
  return key.verify(context.blob, context.signature, context.hashAlgo);
}
