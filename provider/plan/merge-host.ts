import type { Host, HostKeyPolicy, Login, Secret } from "../connection";
import { hostLabel, type Address } from "./address";
import type { ConnectionDefaults } from "./input";
import type { ConnectionFields, JumpFields } from "./schema/connection";

/** What is known of one host before its levels are merged. */
export interface HostFields {
  readonly at: Address;
  readonly server?: string | undefined;
  readonly platform?: "windows" | "linux" | undefined;
  readonly connection?: ConnectionFields | undefined;
}

/** A host from its own entry, the connection for all, and the stack configuration: the nearest that says something. */
export function mergeHost(
  { at, server, platform, connection: own = {} }: HostFields,
  shared: ConnectionFields,
  defaults: ConnectionDefaults,
  connectTimeoutMs: number | undefined,
): Host {
  const nearest = <K extends keyof ConnectionFields>(name: K): ConnectionFields[K] =>
    own[name] ?? shared[name];
  const levels = [own, shared, defaults];
  const port = at.port ?? nearest("port");
  const login = at.user ?? nearest("user") ?? defaults.user;
  const sshConfig = nearest("sshConfig");
  const undecided = [
    ...(nearest("strictHostKeyChecking") === undefined ? (["strictHostKeyChecking"] as const) : []),
    ...(nearest("keepalive") === undefined ? (["keepalive"] as const) : []),
    ...(connectTimeoutMs === undefined ? (["connectTimeout"] as const) : []),
  ];
  return {
    label: hostLabel(at.address, at.port, server),
    address: at.address,
    ...(port === undefined ? {} : { port }),
    ...(login === undefined ? {} : { user: login }),
    ...(server === undefined ? {} : { server }),
    ...(platform === undefined ? {} : { platform }),
    login: mergeLogin(levels, nearest("agent")),
    hostKeys: mergeHostKeys(levels, nearest("hostKey"), nearest("strictHostKeyChecking")),
    jumpHosts: (nearest("jumpHosts") ?? []).map((jump) =>
      mergeJumpHost(jump, shared, defaults, connectTimeoutMs),
    ),
    ...(sshConfig === undefined || sshConfig === false ? {} : { sshConfig }),
    undecided,
    algorithms: nearest("algorithms") ?? "default",
    keepaliveMs: nearest("keepalive") ?? 15000,
    connectTimeoutMs: connectTimeoutMs ?? 15000,
  };
}

/** A port, if there is one, as a field. */
export function withPort(value: number | undefined): { readonly port?: number } {
  return value === undefined ? {} : { port: value };
}

/** A user, if there is one, as a field. */
export function withUser(value: string | undefined): { readonly user?: string } {
  return value === undefined ? {} : { user: value };
}

/**
 * A jump host takes what the resource says for every host, but not the port, nor what names one host alone, nor anything
 * that the host behind it says for itself: a bastion must not be offered the password of its target.
 */
export function mergeJumpHost(
  { host, port: itsPort, user: itsUser, connection }: JumpFields,
  inherited: ConnectionFields,
  defaults: ConnectionDefaults,
  connectTimeoutMs: number | undefined,
): Host {
  const shared = { ...inherited, port: undefined, hostKey: undefined, jumpHosts: undefined };
  const at = { ...host, ...withPort(host.port ?? itsPort), ...withUser(host.user ?? itsUser) };
  return mergeHost({ at, connection }, shared, defaults, connectTimeoutMs);
}

/**
 * A key and its passphrase belong together, so the level that has the key brings the passphrase. Only the stack
 * configuration's passphrase stays in reserve: it is the place that is recommended for secrets, and it is always there.
 */
export function mergeLogin(levels: readonly ConnectionFields[], agent: string | boolean | undefined): Login {
  const keyLevel = levels.findIndex((level) => keyOf(level) !== undefined);
  const near = keyLevel < 0 ? levels : levels.slice(0, keyLevel + 1);
  const key = levels.map(keyOf).find(isPresent);
  const passphrase = near.map(passphraseOf).find(isPresent) ?? passphraseOf(levels.at(-1) ?? {});
  const password = levels.map(passwordOf).find(isPresent);
  return {
    privateKeys: key === undefined ? [] : [key],
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(password === undefined ? {} : { password }),
    ...(agent === undefined ? {} : { agent }),
  };
}

export function keyOf(level: ConnectionFields): Secret | undefined {
  return (
    secret(level.privateKey) ??
    (level.privateKeyFile === undefined ? undefined : { from: "file", path: level.privateKeyFile })
  );
}

export function passphraseOf(level: ConnectionFields): Secret | undefined {
  return secret(level.passphrase, level.passphraseEnv);
}

export function passwordOf(level: ConnectionFields): Secret | undefined {
  return secret(level.password, level.passwordEnv);
}

export function secret(value: string | undefined, variableName?: string): Secret | undefined {
  if (value !== undefined) return { from: "value", value };
  return variableName === undefined ? undefined : { from: "env", name: variableName };
}

/** The nearest level that knows hosts replaces the others; without one, OpenSSH's own files decide. */
export function mergeHostKeys(
  levels: readonly ConnectionFields[],
  pinned: string | undefined,
  strict: HostKeyPolicy["strict"] | undefined,
): HostKeyPolicy {
  const level = levels.find((one) => one.knownHosts !== undefined || one.knownHostsFile !== undefined);
  return {
    pinned: pinned === undefined ? [] : [pinned],
    ...(level?.knownHosts === undefined ? {} : { knownHosts: level.knownHosts }),
    ...(level === undefined
      ? {}
      : { knownHostsFiles: level.knownHostsFile === undefined ? [] : [level.knownHostsFile] }),
    strict: strict ?? "yes",
  };
}

export function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
