/** The schemas of the input `connection`, of jump hosts and of the stack configuration. */
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
  "the text of a private key, which begins with -----BEGIN (for a path, use privateKeyFile)",
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
const knownHosts = text("the text of a known_hosts file (for a path, use knownHostsFile)");
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
/** All fields except `jumpHosts`, which the connection of a jump host does not have. */
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

/** Reads `[user@]address[:port]`. */
export const hostAddress: z.ZodType<Address> = addressText;
/** Reads a login name. */
export const userName: z.ZodType<string> = user;
/** Reads a TCP port. */
export const port: z.ZodType<number> = wholeNumber(1, 65535);

/** The fields of the input `connection`, each checked alone; {@link checkExclusiveFields} checks combinations. */
export type ConnectionFields = OwnFields & { readonly jumpHosts?: readonly JumpFields[] | undefined };
/** Reads the input `connection`. */
export const connectionFields: z.ZodType<ConnectionFields> = fields({
  ...shape,
  jumpHosts: listOf(
    jumpHost,
    "a list of [user@]address[:port] or { host, user, port, connection }",
  ).optional(),
});

/** Reads the stack configuration. */
export const stackDefaults = fields({
  user: user.optional(),
  password: secretText.optional(),
  privateKey: privateKey.optional(),
  passphrase: secretText.optional(),
  knownHosts: knownHosts.optional(),
});

/** Adds a problem for every pair of fields that cannot be combined, in the connection as given and in those of its jump hosts. */
export function checkExclusiveFields(value: unknown, at: Path, problems: PlanProblem[]): void {
  if (!isRecord(value)) return;
  for (const [byValue, byReference] of [
    ["privateKey", "privateKeyFile"],
    ["passphrase", "passphraseEnv"],
    ["password", "passwordEnv"],
  ] as const) {
    if (value[byValue] !== undefined && value[byReference] !== undefined) {
      problems.push(
        problem([...at, byReference], `cannot be combined with ${byValue}: set only one of them`),
      );
    }
  }
  const jumpHosts: readonly unknown[] = Array.isArray(value["jumpHosts"]) ? value["jumpHosts"] : [];
  for (const [index, jumpHost] of jumpHosts.entries()) {
    if (isRecord(jumpHost))
      checkExclusiveFields(jumpHost["connection"], [...at, "jumpHosts", index, "connection"], problems);
  }
}
