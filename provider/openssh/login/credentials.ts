/** The credentials of a host, as lines for `ssh -F` and keys for our agent. */
import { access } from "node:fs/promises";
import { LogoffError } from "../../base/errors";
import type { Host, Secret } from "../../connection";
import { resolvePath } from "../../files/paths";
import { keyText } from "../../ssh/login/key-text";
import { openSshKeyHeader } from "../../ssh/login/openssh-key";
import type { ParsePrivateKey, PrivateKey } from "../../ssh/login/private-key";
import { unusable, type ReadSecret } from "../../ssh/login/secret";
import type { SshContext } from "../../ssh/options";
import { quotedPath } from "../config/names";
import { clientProblem } from "../machine/version";

/** What ssh logs in with. */
export interface OpenSshLogin {
  /** Lines for the file, without those about our agent. */
  readonly lines: readonly string[];
  /** The keys that our agent serves, in their order. */
  readonly keys: readonly PrivateKey[];
  readonly password?: string;
  /** Texts that must not appear anywhere. */
  readonly secrets: readonly string[];
}

/**
 * Reads the credentials before connecting. A named one must be usable. Without any, ssh tries what it would by hand: its agent, its default
 * keys, a Kerberos ticket.
 * @throws LogoffError `auth-unavailable`
 */
export async function readLogin(
  host: Pick<Host, "label" | "login">,
  context: SshContext,
  read: ReadSecret,
  parse: ParsePrivateKey,
): Promise<OpenSshLogin> {
  const { label, login } = host;
  if (context.platform === "win32") requireForWindows(label, login);
  const passphrase = login.passphrase && (await read(login.passphrase, "passphrase"));
  const password = login.password && (await read(login.password, "password"));
  if (password !== undefined && login.password !== undefined && /[\r\n]/u.test(password))
    throw unusable("password", login.password, "it has a line break, at which ssh would cut it");
  const keys: PrivateKey[] = [];
  const lines: string[] = [];
  for (const secret of login.privateKeys) {
    const text = await read(secret, "private key");
    const path = secret.from === "file" ? resolvePath(context, secret.path) : undefined;
    // On Windows, ssh asks no agent of ours.
    const isRead = context.platform === "win32" && passphrase === undefined;
    if (path !== undefined && (isHardwareKey(text) || isRead))
      lines.push(`IdentityFile ${quotedPath(path, label, context.platform)}`);
    else keys.push(await parse(text, passphrase, secret));
    const certificate = path === undefined ? undefined : `${path}-cert.pub`;
    if (certificate !== undefined && (await exists(certificate)))
      lines.push(`CertificateFile ${quotedPath(certificate, label, context.platform)}`);
  }
  const named =
    login.privateKeys.length > 0 ||
    password !== undefined ||
    typeof login.agent === "string" ||
    login.agent === true;
  return {
    lines: [...lines, ...agentLines(login.agent, keys.length > 0, named, label, context)],
    keys,
    secrets: [password, passphrase].filter((secret) => secret !== undefined),
    ...(password !== undefined && { password }),
  };
}

/** Our script for passwords and our agent for keys need a shell and sockets, which Windows does not have. */
function requireForWindows(label: string, { password, passphrase, privateKeys }: Host["login"]): void {
  if (password === undefined && passphrase === undefined && privateKeys.every(({ from }) => from === "file"))
    return;
  throw clientProblem(
    label,
    "on Windows, set `connection.privateKeyFile` to a key without a passphrase, or `connection.agent`; passwords and keys by value need `connection.client: builtin`",
  );
}

/** The agent that ssh may ask, and whether it may offer other keys than the named ones. */
function agentLines(
  agent: string | boolean | undefined,
  hasKeys: boolean,
  named: boolean,
  label: string,
  context: SshContext,
): readonly string[] {
  if (typeof agent === "string" || agent === true) {
    if (hasKeys)
      throw clientProblem(
        label,
        "`connection.agent` cannot be combined with a private key: ssh asks one agent, and the key is served by ours",
      );
    const place =
      agent === true ? "SSH_AUTH_SOCK" : quotedPath(resolvePath(context, agent), label, context.platform);
    return [`IdentityAgent ${place}`, "IdentityFile none"];
  }
  if (hasKeys) return ["IdentitiesOnly yes"];
  if (named) return ["IdentityAgent none", "IdentityFile none", "IdentitiesOnly yes"];
  return agent === false ? ["IdentityAgent none"] : [];
}

/** A key on a security key: its file holds only a handle, which ssh takes to the device. */
function isHardwareKey(given: string): boolean {
  const ordered = keyText(given);
  return "text" in ordered && (openSshKeyHeader(ordered.text)?.type.startsWith("sk-") ?? false);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The environment without the variables that hold secrets of the host and its jump hosts, which no process of ssh needs. */
export function withoutSecrets(
  env: NodeJS.ProcessEnv,
  host: Pick<Host, "login" | "jumpHosts">,
): NodeJS.ProcessEnv {
  const hidden = secretVariables(host);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.includes(name)));
}

function secretVariables({ login, jumpHosts }: Pick<Host, "login" | "jumpHosts">): readonly string[] {
  const named = [login.password, login.passphrase, ...login.privateKeys];
  const own = named.flatMap((secret: Secret | undefined) => (secret?.from === "env" ? [secret.name] : []));
  return [...own, ...jumpHosts.flatMap(secretVariables)];
}

/** The error for an agent of ours that cannot be started. */
export function agentFailed(label: string, thrown: unknown): LogoffError {
  const code = (thrown as NodeJS.ErrnoException).code ?? "unknown error";
  return new LogoffError(
    "auth-unavailable",
    `Cannot log in to "${label}": no agent can be started for its key (${code})`,
  );
}
