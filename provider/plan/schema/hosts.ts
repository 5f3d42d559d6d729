import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import type { Platform } from "../../connection";
import type { Selector } from "../../session/selector";
import { hostLabel, serverName, type Address } from "../address";
import { withPort, withUser } from "../merge-host";
import { checkFields, problem, quoted, type Path } from "../problem";
import { isUnknown } from "../unknown";
import {
  checkExclusiveFields,
  connection,
  hostAddress,
  port,
  userName,
  type ConnectionFields,
} from "./connection";
import { object, optional, required, type Field } from "./field";
import { checkDomains, checkPlatform, sessions } from "./sessions";
import { matching, oneOf, readWhole } from "./shape";
import type { Type } from "./type";

/** An entry of `hosts`, with the fields that could be read. */
export interface HostEntry {
  readonly path: Path;
  readonly at?: Address;
  /** The identity; absent if it is not known yet. */
  readonly label?: string;
  readonly server?: string;
  readonly platform?: Platform;
  readonly selector?: Selector;
  readonly connection?: ConnectionFields;
}

const host = object(
  "HostArgs",
  "A host and its settings. Its identity is the lower-case `address:port` written here; user and connection are not part of it.",
  {
    host: required("`[user@]address[:port]`, with IPv6 addresses in brackets.", hostAddress),
    port: optional("TCP port, unless `host` contains it. Default: that of `connection`, then 22.", port),
    user: optional("Login name, unless `host` contains it. Default: that of `connection`.", userName),
    server: optional(
      "Name of another Windows machine to act on: commands run on this host with `/server:`. Cannot be combined with `drain`. Default: the host itself.",
      matching(serverName, "the name of a server: letters, digits, dots, hyphens and underscores"),
    ),
    sessions: optional("Sessions to log off on this host. Default: the resource's `sessions`.", sessions),
    platform: optional("Operating system. Default: detected after connecting.", oneOf("windows", "linux")),
    connection: optional("Settings that differ from the resource's `connection`.", connection),
  },
);

/** How the list `hosts` is written in a program. */
export const hostsType: Type = {
  kind: "list",
  item: { kind: "union", of: [{ kind: "string" }, host.type] },
};

/** Reads the list `hosts`, each entry separately, and adds a problem for every duplicate. */
export function readHosts(value: unknown, problems: PlanProblem[], warnings: string[]): readonly HostEntry[] {
  if (isUnknown(value)) return [];
  if (!Array.isArray(value) || value.length === 0) {
    const must = "a list of [user@]address[:port] or `{ host, sessions, ... }`";
    problems.push(
      problem(["hosts"], Array.isArray(value) ? `must not be empty: give ${must}` : `must be ${must}`),
    );
    return [];
  }
  const entries = value.map((entry: unknown, index) => readHost(entry, ["hosts", index], problems, warnings));
  const seen = new Map<string, number>();
  for (const [index, { label }] of entries.entries()) {
    if (label === undefined) continue;
    const first = seen.get(label);
    if (first === undefined) seen.set(label, index);
    else
      problems.push(
        problem(["hosts", index], `must not repeat ${quoted(["hosts", first])}: both are "${label}"`),
      );
  }
  return entries;
}

function readHost(value: unknown, path: Path, problems: PlanProblem[], warnings: string[]): HostEntry {
  if (isUnknown(value)) return { path };
  if (typeof value !== "string" && !isRecord(value)) {
    problems.push(problem(path, "must be [user@]address[:port] or an object with the field `host`"));
    return { path };
  }
  const entry = isRecord(value) ? value : { host: value };
  const addressPath = isRecord(value) ? [...path, "host"] : path;
  const { fields } = host;
  checkFields(entry, Object.keys(fields), path, problems);
  const own = <T>({ shape }: Field<T>, name: string): T | undefined =>
    entry[name] === undefined ? undefined : shape.read(entry[name], [...path, name], problems);
  const parsed = hostAddress.read(entry["host"], addressPath, problems);
  const ownPort = own(fields.port, "port");
  const ownUser = own(fields.user, "user");
  if (parsed?.port !== undefined && entry["port"] !== undefined) {
    problems.push(problem([...path, "port"], "must not be set twice: `host` already contains a port"));
  }
  if (parsed?.user !== undefined && entry["user"] !== undefined) {
    problems.push(problem([...path, "user"], "must not be set twice: `host` already contains a user"));
  }
  const serverBehind = own(fields.server, "server");
  const kind = own(fields.platform, "platform");
  const selector = readSelection(entry["sessions"], [...path, "sessions"], kind, problems, warnings);
  const connection = readConnection(entry["connection"], [...path, "connection"], problems);
  const at = parsed && {
    ...parsed,
    ...withPort(parsed.port ?? ownPort),
    ...withUser(parsed.user ?? ownUser),
  };
  const isLabelKnown =
    (entry["port"] === undefined || at?.port !== undefined) &&
    (entry["server"] === undefined || serverBehind !== undefined);
  return {
    path,
    ...(at === undefined ? {} : { at }),
    ...(at === undefined || !isLabelKnown ? {} : { label: hostLabel(at.address, at.port, serverBehind) }),
    ...(serverBehind === undefined ? {} : { server: serverBehind }),
    ...(kind === undefined ? {} : { platform: kind }),
    ...(selector === undefined ? {} : { selector }),
    ...(connection === undefined ? {} : { connection }),
  };
}

/** Reads `sessions`; undefined if absent, invalid or not known yet. */
export function readSelection(
  value: unknown,
  path: Path,
  kind: Platform | undefined,
  problems: PlanProblem[],
  warnings: string[],
): Selector | undefined {
  if (value === undefined) return undefined;
  checkDomains(value, path, problems, warnings);
  const selector = readWhole(sessions, value, path, problems);
  if (selector !== undefined) checkPlatform(selector, kind, path, problems);
  return selector;
}

/** Reads `connection`; undefined if absent, invalid or not known yet. */
export function readConnection(
  value: unknown,
  path: Path,
  problems: PlanProblem[],
): ConnectionFields | undefined {
  if (value === undefined) return undefined;
  checkExclusiveFields(value, path, problems);
  return readWhole(connection, value, path, problems);
}
