/** The files of one connection: its file for `ssh -F`, known hosts, public keys, and the socket of our agent. */
import { access, constants, rm, writeFile } from "node:fs/promises";
import { isNoCommand } from "../base/proxy-command";
import type { Host } from "../connection";
import { resolvePath } from "../files/paths";
import { formatPublicKey } from "../ssh/host-keys/public-key";
import { configError } from "../ssh/config/ssh-config-file";
import type { SshContext } from "../ssh/options";
import { expandProxyCommand } from "../ssh/proxy-command/tokens";
import { configText } from "./config/config-file";
import { trustLines } from "./config/host-key-lines";
import { checkedUser, quotedPath } from "./config/names";
import type { ResolvedHost } from "./config/resolve";
import { agentFailed, type OpenSshLogin } from "./login/credentials";
import { startKeyAgent, type KeyAgent } from "./login/key-agent";
import type { Machine } from "./machine/machine";
import { clientProblem } from "./machine/version";

/** What a file is written from. */
export interface FileOptions extends Pick<ResolvedHost, "givenName" | "name"> {
  readonly host: Host;
  readonly login: OpenSshLogin;
  readonly machine: Machine;
  readonly context: SshContext;
  /** Its path in the private folder, to which extensions are added. */
  readonly base: string;
  /** Why a key that is not known yet is refused even with `accept-new`. Absent: it is accepted. */
  readonly unreadable?: string;
  /** The option that leads through a jump host, if there is one. */
  readonly route?: string;
}

/** Writes `BASE.conf` and what it names. @throws LogoffError `plan-invalid` */
export async function writeFiles(options: FileOptions): Promise<void> {
  const { host, login, machine, context, base, route } = options;
  const { label, hostKeys, undecided = [] } = host;
  if (hostKeys.strict === "no")
    throw clientProblem(label, "`connection.strictHostKeyChecking: no` is not possible");
  if (typeof host.sshConfig === "string") await requireReadable(resolvePath(context, host.sshConfig));
  const trust = await trustLines(host, base, machine.version, context);
  const keepalive = `ServerAliveInterval ${Math.ceil(host.keepaliveMs / 1000)}`;
  const isKeepaliveOpen = undecided.includes("keepalive");
  const text = configText({
    version: machine.version,
    hasGssapiKeyExchange: machine.hasGssapiKeyExchange,
    strict: options.unreadable === undefined ? hostKeys.strict : "yes",
    asksForPassword: login.password !== undefined,
    lines: [
      ...(host.user === undefined ? [] : [`User ${checkedUser(host.user, label)}`]),
      ...(host.port === undefined ? [] : [`Port ${host.port}`]),
      ...(route === undefined ? proxyLines(options) : [route, "ProxyUseFdpass no"]),
      ...trust.lines,
      ...(isKeepaliveOpen ? [] : [keepalive]),
      ...(await agentLines(options)),
      ...login.lines,
    ],
    includes: includesOf(host, context).map((path) => quotedPath(path, label, context.platform)),
    defaults: [...trust.defaults, ...(isKeepaliveOpen ? [keepalive] : [])],
  });
  await writeFile(`${base}.conf`, text, { mode: 0o600 });
}

/** The command that carries the connection. Its names are checked and replaced here, because ssh before 9.6 does not check them. */
function proxyLines({ host, givenName, context }: FileOptions): readonly string[] {
  const { proxyCommand, label, address, port = 22, user = context.localUser() } = host;
  if (proxyCommand === undefined) return [];
  if (isNoCommand(proxyCommand)) return ["ProxyCommand none"];
  const names = { label, givenName, address, port, user };
  const command = expandProxyCommand(proxyCommand, names, context.platform);
  return [`ProxyCommand ${command.replaceAll("%", "%%")}`, "ProxyUseFdpass no"];
}

/** The public halves of our agent's keys, which ssh needs to offer no others. */
async function agentLines({ login, base }: FileOptions): Promise<readonly string[]> {
  if (login.keys.length === 0) return [];
  const lines = [`IdentityAgent ${base}.agent`];
  for (const [index, { blob, type }] of login.keys.entries()) {
    const path = `${base}.${index}.pub`;
    await writeFile(path, `${formatPublicKey({ type, blob })}\n`, { mode: 0o600 });
    lines.push(`IdentityFile ${path}`);
  }
  return lines;
}

/** ssh passes over an Include that does not exist, and with it over what the file restricts. @throws LogoffError `plan-invalid` */
async function requireReadable(path: string): Promise<void> {
  await access(path, constants.R_OK).catch((thrown: unknown) => {
    const { code } = thrown as NodeJS.ErrnoException;
    throw configError(
      path,
      code === "ENOENT" ? "the file does not exist" : `it cannot be read (${code ?? "unknown error"})`,
    );
  });
}

/** OpenSSH's own two files, or the given one. */
function includesOf({ sshConfig }: Host, context: SshContext): readonly string[] {
  if (sshConfig === undefined) return [];
  if (sshConfig !== true) return [resolvePath(context, sshConfig)];
  return [resolvePath(context, "~/.ssh/config"), context.systemSshConfigFile];
}

/** Starts the agent of a connection; undefined if it needs none. */
export async function startAgent({ login, base, host }: FileOptions): Promise<KeyAgent | undefined> {
  if (login.keys.length === 0) return undefined;
  return startKeyAgent(`${base}.agent`, login.keys).catch((thrown: unknown) => {
    throw agentFailed(host.label, thrown);
  });
}

/** Removes what only the login needed, and everything if the connection is not open. Never rejects. */
export async function removeFiles({ login, base }: FileOptions, isOpen: boolean): Promise<void> {
  const ofLogin = [...login.keys.keys()].map((index) => `.${index}.pub`);
  for (const extension of isOpen ? ofLogin : [...ofLogin, "", ".log", ".conf", ".known", ".pin"])
    await rm(base + extension, { force: true });
}
