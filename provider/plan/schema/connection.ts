/** How a host is reached and trusted: the input `connection`, and the host that comes out of its levels. */
import { z } from "zod";
import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import { isUserName, parseAddress, type Address } from "../address";
import { problem, type Path } from "../problem";
import {
  delegate,
  duration,
  fields,
  leaf,
  line,
  listOf,
  matching,
  oneOf,
  text,
  wholeNumber,
} from "./readers";

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
export type JumpFields = z.output<typeof jumpObject>;

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

/** Fields that exclude each other, looked up in the value as it was given. */
export function checkSlots(value: unknown, at: Path, problems: PlanProblem[]): void {
  if (!isRecord(value)) return;
  for (const [one, other] of [
    ["privateKey", "privateKeyFile"],
    ["passphrase", "passphraseEnv"],
    ["password", "passwordEnv"],
  ] as const) {
    if (value[one] !== undefined && value[other] !== undefined) {
      problems.push(problem([...at, other], `cannot be combined with ${one}: set one of them`));
    }
  }
  const jumps: readonly unknown[] = Array.isArray(value["jumpHosts"]) ? value["jumpHosts"] : [];
  for (const [index, jump] of jumps.entries()) {
    if (isRecord(jump)) checkSlots(jump["connection"], [...at, "jumpHosts", index, "connection"], problems);
  }
}
