/** How a host is reached and trusted: the input `connection`, and the host that comes out of its levels. */
import { z } from "zod";
import type { Host, HostKeyPolicy, Login, Secret } from "../connection";
import type { PlanProblem } from "../errors";
import { hostLabel, isUserName, parseAddress, type Address } from "./address";
import { delegate, duration, fields, leaf, line, listOf, matching, oneOf, text, wholeNumber } from "./forms";
import type { ConnectionDefaults } from "./input";
import { problem, type Path } from "./problems";
import { isRecord } from "./unknown";

const user = leaf("a user name on one line", (value) =>
  typeof value === "string" && isUserName(value) ? value : undefined,
);
const privateKey = leaf(
  "the text of a private key, which begins with -----BEGIN (a path belongs to privateKeyFile)",
  (value) =>
    typeof value === "string" && /^\s*["'`]?\s*(?:-----BEGIN |PuTTY-User-Key-File-)/u.test(value)
      ? value
      : undefined,
);
const secretText = leaf("text that is not empty", (value) =>
  typeof value === "string" && value !== "" ? value : undefined,
);
const variable = matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/u, "the name of an environment variable");
const path = line("a path", 4096);
const pathOrFlag = leaf<string | boolean>("true, false or a path", (value) =>
  typeof value === "boolean" || (typeof value === "string" && value.trim() !== "") ? value : undefined,
);
const knownHosts = text("the text of a known_hosts file (a path belongs to knownHostsFile)");
const hostKey = matching(
  /^(?:SHA256:[A-Za-z0-9+/]{43}=?|[a-z0-9@.-]{3,64} AAAA[A-Za-z0-9+/]+={0,2}(?: [^\r\n]*)?)$/u,
  'a fingerprint "SHA256:..." or a public key such as "ssh-ed25519 AAAA..."',
);
const jumpHost = z
  .unknown()
  .transform((value, context): JumpFields =>
    typeof value === "string"
      ? { host: delegate(addressText, value, context) }
      : delegate(jumpObject, value, context),
  );
/** The list of jump hosts is read where it is used, since a jump host has a connection of its own. */
const shape = {
  user: user.optional(),
  port: wholeNumber(1, 65535).optional(),
  privateKey: privateKey.optional(),
  privateKeyFile: path.optional(),
  passphrase: secretText.optional(),
  passphraseEnv: variable.optional(),
  password: secretText.optional(),
  passwordEnv: variable.optional(),
  agent: pathOrFlag.optional(),
  knownHosts: knownHosts.optional(),
  knownHostsFile: path.optional(),
  hostKey: hostKey.optional(),
  strictHostKeyChecking: oneOf("yes", "accept-new", "no").optional(),
  sshConfig: pathOrFlag.optional(),
  algorithms: oneOf("default", "legacy").optional(),
  keepalive: duration(0, 3_600_000).optional(),
};
const ownConnection = fields(shape);
type OwnFields = z.output<typeof ownConnection>;

const addressText = z.unknown().transform((value, context): Address => {
  const result = typeof value === "string" ? parseAddress(value) : { wrong: "must be [user@]address[:port]" };
  if ("address" in result) return result.address;
  context.addIssue({ code: "custom", message: result.wrong });
  return z.NEVER;
});
const jumpObject = fields({
  host: addressText,
  user: user.optional(),
  port: wholeNumber(1, 65535).optional(),
  connection: ownConnection.optional(),
});
type JumpFields = z.output<typeof jumpObject>;

/** The address of a host, from text. */
export const hostAddress: z.ZodType<Address> = addressText;
/** A login name. */
export const userName: z.ZodType<string> = user;
/** A TCP port. */
export const port: z.ZodType<number> = wholeNumber(1, 65535);

/** The input `connection`, checked field by field; what excludes each other is {@link checkSlots}'. */
export type ConnectionFields = OwnFields & { readonly jumpHosts?: readonly JumpFields[] | undefined };
export const connectionFields: z.ZodType<ConnectionFields> = fields({
  ...shape,
  jumpHosts: listOf(
    jumpHost,
    "a list of [user@]address[:port] or { host, user, port, connection }",
  ).optional(),
});

/** The stack configuration's values; problems name the configuration key. */
export const stackDefaults = fields({
  user: user.optional(),
  password: secretText.optional(),
  privateKey: privateKey.optional(),
  passphrase: secretText.optional(),
  knownHosts: knownHosts.optional(),
});

/** Ways to say the same thing twice, looked up in the value as it was given. */
export function checkSlots(value: unknown, at: Path, problems: PlanProblem[]): void {
  if (!isRecord(value)) return;
  for (const [one, other] of [
    ["privateKey", "privateKeyFile"],
    ["passphrase", "passphraseEnv"],
    ["password", "passwordEnv"],
  ] as const) {
    if (value[one] !== undefined && value[other] !== undefined) {
      problems.push(problem([...at, other], `must not stand beside ${one}: give one of them`));
    }
  }
  const jumps: readonly unknown[] = Array.isArray(value["jumpHosts"]) ? value["jumpHosts"] : [];
  for (const [index, jump] of jumps.entries()) {
    if (isRecord(jump)) checkSlots(jump["connection"], [...at, "jumpHosts", index, "connection"], problems);
  }
}

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
    keepaliveMs: nearest("keepalive") ?? 15_000,
    connectTimeoutMs: connectTimeoutMs ?? 15_000,
  };
}

/**
 * A jump host takes what the resource says for every host, but not the port, nor what names one host alone, nor anything
 * that the host behind it says for itself: a bastion must not be offered the password of its target.
 */
function mergeJumpHost(
  { host, port: itsPort, user: itsUser, connection }: JumpFields,
  inherited: ConnectionFields,
  defaults: ConnectionDefaults,
  connectTimeoutMs: number | undefined,
): Host {
  const shared = { ...inherited, port: undefined, hostKey: undefined, jumpHosts: undefined };
  const at = { ...host, ...withPort(host.port ?? itsPort), ...withUser(host.user ?? itsUser) };
  return mergeHost({ at, connection }, shared, defaults, connectTimeoutMs);
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
 * A key and its passphrase belong together, so the level that has the key brings the passphrase. Only the stack
 * configuration's passphrase stays in reserve: it is the place that is recommended for secrets, and it is always there.
 */
function mergeLogin(levels: readonly ConnectionFields[], agent: string | boolean | undefined): Login {
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

/** The nearest level that knows hosts replaces the others; without one, OpenSSH's own files decide. */
function mergeHostKeys(
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

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
