/** Applies ssh_config to a host: the program's values take precedence, then those of the files, then our defaults. */
import { hostname } from "node:os";
import { basename } from "node:path";
import { isNoCommand, unknownToken } from "../../base/proxy-command";
import type { Host, HostKeyPolicy } from "../../connection";
import { resolvePath } from "../../files/paths";
import type { Identities } from "../login/credentials";
import type { SshContext } from "../options";
import { allowedAlgorithms, type AllowedAlgorithms } from "../transport/algorithms";
import { configuredAlgorithms } from "./algorithm-lists";
import { parseJumps } from "./proxy-jump";
import { configError, readConfigFile, type ConfigLine } from "./ssh-config-file";
import { configValues, type ConfigValue } from "./ssh-config-values";
import { expandTokens, expandVariables, portOf, secondsOf } from "./ssh-config-words";

/** A host whose address, port, user and way are resolved. */
export interface ResolvedHost {
  /** Its `proxyCommand` is a command with known tokens, or absent. */
  readonly host: Host & { readonly port: number; readonly user: string };
  /** The host as it was given. */
  readonly givenName: string;
  readonly identities: Identities;
  readonly algorithms: AllowedAlgorithms;
  readonly alias?: string;
  readonly warnings: readonly string[];
}

/** @throws LogoffError `plan-invalid` if a file cannot be followed exactly */
export type ResolveHost = (host: Host) => Promise<ResolvedHost>;

// Options that would change what is trusted or how it is protected, with the values that change nothing for us.
const refused: Readonly<Record<string, readonly string[]>> = {
  canonicalizehostname: ["no", "none", "false"],
  certificatefile: ["none"],
  challengeresponseauthentication: ["yes", "true"],
  kbdinteractiveauthentication: ["yes", "true"],
  knownhostscommand: ["none"],
  passwordauthentication: ["yes", "true"],
  pkcs11provider: ["none"],
  preferredauthentications: [],
  pubkeyauthentication: ["yes", "true"],
  revokedhostkeys: ["none"],
  verifyhostkeydns: ["no", "false"],
};

/** Reads each file once per process, because a thousand hosts of a run share one ssh_config. */
export function hostResolver(context: SshContext): ResolveHost {
  const cache = new Map<string, Promise<readonly (readonly ConfigLine[])[]>>();
  return async (host) => {
    const { sshConfig } = host;
    if (sshConfig === undefined) return plainTarget(host, context);
    const key = sshConfig === true ? "" : resolvePath(context, sshConfig);
    const files = cache.get(key) ?? readFiles(key, context);
    cache.set(key, files);
    files.catch(() => cache.delete(key));
    return configuredTarget(host, await files, context);
  };
}

function plainTarget(host: Host, context: SshContext): ResolvedHost {
  const { proxyCommand, ...others } = host;
  const answered = {
    ...others,
    ...withCommand(proxyCommand),
    port: host.port ?? 22,
    user: host.user ?? context.localUser(),
  };
  const algorithms = allowedAlgorithms(host.algorithms);
  return { host: answered, givenName: host.address, identities: { only: false }, algorithms, warnings: [] };
}

/** Reads only the file at `path`, like `ssh -F`; if `path` is empty, the user's file and then the machine's. */
async function readFiles(path: string, context: SshContext): Promise<readonly (readonly ConfigLine[])[]> {
  const userFolder = resolvePath(context, "~/.ssh");
  if (path !== "") {
    const lines = await readConfigFile(path, userFolder, false, context);
    if (lines === undefined) throw configError(path, "no such file");
    return [lines];
  }
  const systemFile = context.systemSshConfigFile;
  const systemFolder = systemFile.slice(0, -basename(systemFile).length);
  const user = await readConfigFile(resolvePath(context, "~/.ssh/config"), userFolder, true, context);
  const system = await readConfigFile(systemFile, systemFolder, false, context);
  return [user, system].filter((lines) => lines !== undefined);
}

function configuredTarget(
  host: Host,
  files: readonly (readonly ConfigLine[])[],
  context: SshContext,
): ResolvedHost {
  const localUser = context.localUser();
  const { first, identityFiles, warnings } = configValues(files, {
    host: host.address,
    localUser,
    ...(host.user !== undefined && { user: host.user }),
  });
  refuseUnsupported(first);
  const word = (option: string): string | undefined => first.get(option)?.words[0];
  const user = host.user ?? word("user") ?? localUser;
  const port = host.port ?? portOf(first.get("port")) ?? 22;
  const given = { "%": "%", h: host.address, n: host.address, d: context.home, u: localUser, l: hostname() };
  const resolved = expandTokens(first.get("hostname"), word("hostname"), { "%": "%", h: host.address });
  // OpenSSH continues in lower case, including in paths that contain %h.
  const hostName = (resolved ?? host.address).toLowerCase();
  const tokens = { ...given, h: hostName, p: String(port), r: user };
  const expand = (value: ConfigValue | undefined, text: string | undefined): string | undefined =>
    expandTokens(value, expandVariables(value, text, context.env), tokens);
  const path = (value: ConfigValue, text: string): string =>
    resolvePath(context, expand(value, text) ?? text);

  const alias = word("hostkeyalias");
  const { proxyCommand, ...others } = host;
  const ownFiles = identityFiles.filter((value) => value.words[0]?.toLowerCase() !== "none");
  const agent = host.login.agent ?? agentOf(first.get("identityagent"), path, context.env);
  const mayDecide = (what: NonNullable<Host["undecided"]>[number]): boolean =>
    host.undecided?.includes(what) ?? false;
  const timeout = secondsOf(first.get("connecttimeout"));
  const keepalive = secondsOf(first.get("serveraliveinterval"));
  return {
    host: {
      ...others,
      ...wayInForce(others, proxyCommand, first, tokens),
      address: hostName,
      port,
      user,
      login: { ...host.login, ...(agent !== undefined && { agent }) },
      hostKeys: hostKeyPolicy(host.hostKeys, first, path, mayDecide("strictHostKeyChecking"), context),
      ...(timeout && mayDecide("connectTimeout") && { connectTimeoutMs: timeout * 1000 }),
      ...(keepalive !== undefined && mayDecide("keepalive") && { keepaliveMs: keepalive * 1000 }),
    },
    givenName: host.address,
    identities: {
      ...(identityFiles.length > 0 && { files: ownFiles.map((value) => path(value, value.words[0] ?? "")) }),
      only: isYes(word("identitiesonly")),
    },
    algorithms: configuredAlgorithms(host.algorithms, first),
    ...(alias !== undefined && { alias }),
    warnings,
  };
}

/** A path, `true` for that of `SSH_AUTH_SOCK`, or `false` for no agent, also if the named variable is not set. */
function agentOf(
  value: ConfigValue | undefined,
  path: (value: ConfigValue, text: string) => string,
  env: NodeJS.ProcessEnv,
): string | boolean | undefined {
  const word = value?.words[0];
  if (value === undefined || word === undefined) return undefined;
  if (word.toLowerCase() === "none") return false;
  if (word === "SSH_AUTH_SOCK") return true;
  // `${NAME}` is part of a path; `$NAME` is the whole path.
  if (!/^\$(?!\{)/u.test(word)) return path(value, word);
  const name = word.slice(1);
  if (/^\w+$/u.test(name)) return env[name] || false;
  throw configError(value.place, `IdentityAgent: "${name}" is not the name of an environment variable`);
}

function hostKeyPolicy(
  policy: HostKeyPolicy,
  first: ReadonlyMap<string, ConfigValue>,
  path: (value: ConfigValue, text: string) => string,
  mayDecideStrict: boolean,
  context: SshContext,
): HostKeyPolicy {
  const users = first.get("userknownhostsfile");
  const systems = first.get("globalknownhostsfile");
  const listed = (value: ConfigValue | undefined, standard: readonly string[]): readonly string[] =>
    value?.words.filter((word) => word.toLowerCase() !== "none").map((word) => path(value, word)) ?? standard;
  const ownFiles = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"].map((file) => resolvePath(context, file));
  const files =
    policy.knownHostsFiles ??
    (users || systems
      ? [...listed(users, ownFiles), ...listed(systems, context.systemKnownHostsFiles)]
      : undefined);
  return {
    ...policy,
    ...(files && { knownHostsFiles: files }),
    strict: mayDecideStrict ? (strictOf(first.get("stricthostkeychecking")) ?? policy.strict) : policy.strict,
  };
}

function strictOf(value: ConfigValue | undefined): HostKeyPolicy["strict"] | undefined {
  const word = value?.words[0]?.toLowerCase();
  switch (word) {
    case undefined:
      return undefined;
    case "yes":
    case "true":
    case "ask": // there is nobody to ask
      return "yes";
    case "accept-new":
      return "accept-new";
    case "no":
    case "false":
    case "off":
      return "no";
    default:
      throw configError(value?.place ?? "", "StrictHostKeyChecking must be yes, no, ask or accept-new");
  }
}

function refuseUnsupported(first: ReadonlyMap<string, ConfigValue>): void {
  for (const [option, harmless] of Object.entries(refused)) {
    const value = first.get(option);
    if (value === undefined || harmless.includes(value.words[0]?.toLowerCase() ?? "")) continue;
    throw configError(value.place, `${option} affects the security of the connection and is not supported`);
  }
}

/**
 * The jump hosts and the proxy command of a host, of which it has at most one. What the program sets overrides both options; of the two, the
 * first wins: `ProxyCommand none` disables a later ProxyJump, and a ProxyCommand after a ProxyJump counts only if that is `none`.
 */
function wayInForce(
  target: Host,
  proxyCommand: string | undefined,
  first: ReadonlyMap<string, ConfigValue>,
  tokens: Readonly<Record<string, string>>,
): Pick<Host, "jumpHosts" | "proxyCommand"> {
  const { jumpHosts } = target;
  if (jumpHosts.length > 0) return { jumpHosts };
  if (proxyCommand !== undefined) return { jumpHosts, ...withCommand(proxyCommand) };
  const jump = first.get("proxyjump");
  const command = first.get("proxycommand");
  const isJump = jump?.words[0]?.toLowerCase() !== "none" && comesFirst(first, "proxyjump", "proxycommand");
  if (command === undefined || isJump) return { jumpHosts: parseJumps(jump, target, tokens) };
  const [text = ""] = command.words;
  const token = isNoCommand(text) ? undefined : unknownToken(text);
  if (token !== undefined) throw configError(command.place, `ProxyCommand: token ${token} is not supported`);
  if (!isNoCommand(text) && isYes(first.get("proxyusefdpass")?.words[0]))
    throw configError(command.place, "ProxyUseFdpass is not supported");
  return { jumpHosts, ...withCommand(text) };
}

function withCommand(command: string | undefined): Pick<Host, "proxyCommand"> {
  return command === undefined || isNoCommand(command) ? {} : { proxyCommand: command };
}

function comesFirst(first: ReadonlyMap<string, ConfigValue>, one: string, other: string): boolean {
  const options = [...first.keys()];
  return first.has(one) && options.indexOf(one) < options.indexOf(other);
}

function isYes(word: string | undefined): boolean {
  return word?.toLowerCase() === "yes" || word?.toLowerCase() === "true";
}
