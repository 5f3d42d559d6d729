import { withoutFields } from "../base/records";
import type { Host, HostKeyPolicy, Login, Secret } from "../connection";
import { hostLabel, type Address } from "./address";
import type { ConnectionDefaults } from "./connection-defaults";
import { connection, type ConnectionFields, type JumpFields } from "./schema/connection";
import { timeouts } from "./schema/steps";

/** The fields of a host before its levels are merged. */
export interface HostFields {
  readonly at: Address;
  readonly server?: string | undefined;
  readonly platform?: "windows" | "linux" | undefined;
  readonly connection?: ConnectionFields | undefined;
}

/** Merges a host's own fields, the resource's connection and the stack configuration; the first that sets a field takes precedence. */
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
  const client = nearest("client");
  const sshConfig = nearest("sshConfig") ?? (client === "openssh" ? true : undefined);
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
    jumpHosts: (nearest("jumpHosts") ?? []).map((jumpHost) =>
      mergeJumpHost(
        jumpHost,
        client === undefined ? shared : { ...shared, client },
        defaults,
        connectTimeoutMs,
      ),
    ),
    ...(client === "openssh" ? { client } : {}),
    ...(sshConfig === undefined || sshConfig === false ? {} : { sshConfig }),
    undecided,
    algorithms: nearest("algorithms") ?? connection.fields.algorithms.default,
    keepaliveMs: nearest("keepalive") ?? connection.fields.keepalive.default,
    connectTimeoutMs: connectTimeoutMs ?? timeouts.fields.connect.default,
  };
}

/** An object with the port, or without it if it is undefined. */
export function withPort(value: number | undefined): { readonly port?: number } {
  return value === undefined ? {} : { port: value };
}

/** An object with the user, or without it if it is undefined. */
export function withUser(value: string | undefined): { readonly user?: string } {
  return value === undefined ? {} : { user: value };
}

/**
 * A jump host inherits the resource's connection except port, host key and jump hosts. It inherits nothing from the host behind it,
 * since it must not be offered the password of its target.
 */
function mergeJumpHost(
  { host, port, user, connection }: JumpFields,
  inherited: ConnectionFields,
  defaults: ConnectionDefaults,
  connectTimeoutMs: number | undefined,
): Host {
  const shared: ConnectionFields = withoutFields(inherited, ["port", "hostKey", "jumpHosts"]);
  const at = { ...host, ...withPort(host.port ?? port), ...withUser(host.user ?? user) };
  return mergeHost({ at, connection }, shared, defaults, connectTimeoutMs);
}

/**
 * A key and its passphrase belong together, so the passphrase is not taken from a level after the one that sets the key. The stack
 * configuration is the exception, because it is the recommended place for secrets.
 */
function mergeLogin(levels: readonly ConnectionFields[], agent: string | boolean | undefined): Login {
  const keyLevel = levels.findIndex((level) => keyOf(level) !== undefined);
  const upToKey = keyLevel < 0 ? levels : levels.slice(0, keyLevel + 1);
  const key = levels.map(keyOf).find(isPresent);
  const passphrase = upToKey.map(passphraseOf).find(isPresent) ?? passphraseOf(levels.at(-1) ?? {});
  const password = levels.map(passwordOf).find(isPresent);
  return {
    privateKeys: key === undefined ? [] : [key],
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(password === undefined ? {} : { password }),
    ...(agent === undefined ? {} : { agent }),
  };
}

function keyOf(level: ConnectionFields): Secret | undefined {
  return (
    secret(level.privateKey) ??
    (level.privateKeyFile === undefined ? undefined : { from: "file", path: level.privateKeyFile })
  );
}

function passphraseOf(level: ConnectionFields): Secret | undefined {
  return secret(level.passphrase, level.passphraseEnv);
}

function passwordOf(level: ConnectionFields): Secret | undefined {
  return secret(level.password, level.passwordEnv);
}

function secret(value: string | undefined, variableName?: string): Secret | undefined {
  if (value !== undefined) return { from: "value", value };
  return variableName === undefined ? undefined : { from: "env", name: variableName };
}

/** The first level that sets known hosts replaces the others; if there is none, OpenSSH's own files are used. */
function mergeHostKeys(
  levels: readonly ConnectionFields[],
  pinned: string | undefined,
  strict: HostKeyPolicy["strict"] | undefined,
): HostKeyPolicy {
  const level = levels.find(
    ({ knownHosts, knownHostsFile }) => knownHosts !== undefined || knownHostsFile !== undefined,
  );
  return {
    pinned: pinned === undefined ? [] : [pinned],
    ...(level?.knownHosts === undefined ? {} : { knownHosts: level.knownHosts }),
    ...(level === undefined
      ? {}
      : { knownHostsFiles: level.knownHostsFile === undefined ? [] : [level.knownHostsFile] }),
    strict: strict ?? connection.fields.strictHostKeyChecking.default,
  };
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
