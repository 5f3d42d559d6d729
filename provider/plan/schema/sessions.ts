/** The declaration of the input `sessions` in all its forms. */
import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import { isPattern } from "../../base/wildcard";
import { noExceptions, type Selector } from "../../session/selector";
import { problem, type Path } from "../problem";
import { object, option, optional } from "./field";
import { converted, duration, flag, isLine, leaf, line, listOf, oneForm, oneOf, type Shape } from "./shape";
import type { Type } from "./type";

const windowsId = /^[0-9]{1,5}$/u;
const linuxId = /^[A-Za-z]?[0-9]{1,10}$/u;

/** The ID without leading zeros, because listings print none. */
function normalId(text: string): string {
  return /^[0-9]+$/u.test(text) ? String(Number(text)) : text;
}

/** The text of an ID that is valid on some platform; {@link checkPlatform} is stricter if the platform is set. */
function readId(value: unknown): string | undefined {
  if (typeof value === "number")
    return Number.isInteger(value) && value >= 0 && value < 1e10 ? String(value) : undefined;
  return typeof value === "string" && linuxId.test(value) ? normalId(value) : undefined;
}

const textOrNumber: Type = { kind: "union", of: [{ kind: "string" }, { kind: "integer" }] };
const id = leaf('a session ID, such as 12 (1 to 65535 on Windows) or "c2" on Linux', readId, textOrNumber);
const ids = listOf(id, "a list of session IDs", 1);
const globs = (noun: string): Shape<readonly string[]> =>
  listOf(line(`a ${noun}, with * and ? as wildcards`, 256), `a list of ${noun}s`, 1);

const exceptions = object(
  "SessionExceptionsArgs",
  "Sessions to keep, even if they are selected. A session is kept when any value of any field matches it.",
  {
    ids: optional('Session IDs. Not allowed with `mode: "ensure"`.', ids, {
      option: option("Sessions", "--except-id ID", "keep the sessions with these IDs", { kind: "list" }),
    }),
    names: optional("Session names; `*` and `?` are wildcards, and case is ignored.", globs("session name"), {
      option: option("Sessions", "--except-name GLOB", "keep the sessions with these names", {
        kind: "list",
      }),
    }),
    users: optional(
      "User names; `*` and `?` are wildcards, and case is ignored. The domain in `DOMAIN\\user` is ignored with a warning, because listings contain no domains.",
      globs("user name"),
      {
        option: option("Sessions", "--except-user GLOB", "keep the sessions of these users", {
          kind: "list",
        }),
      },
    ),
  },
);

const someExceptions = converted(exceptions, (except, path, problems) => {
  if (Object.keys(except).length === 0)
    problems.push(
      problem(
        path,
        "must not be empty: leave it out, or set `sessions.except.ids`, `sessions.except.names` or `sessions.except.users`",
      ),
    );
  return { ...noExceptions, ...except };
});

const selectorFields = object(
  "SessionSelectorArgs",
  "Selects sessions of a host. A session is selected when every field that is set matches it; a field matches when one of its values does. At least one of `ids`, `names`, `users`, `states` and `idleFor` is required, or `all: true`.",
  {
    all: optional(
      "Whether to select the sessions of all users; the other fields narrow the selection. Default: false.",
      flag,
      {
        option: option("Sessions", "--all", "the sessions of all users; other options narrow the selection"),
      },
    ),
    ids: optional(
      "Session IDs. An ID belongs to a different session on every host, so with several hosts, set them per host.",
      ids,
      { option: option("Sessions", "--id ID", "sessions with these IDs", { kind: "list" }) },
    ),
    names: optional(
      "Session names such as `TERM04`; `*` and `?` are wildcards, and case is ignored.",
      globs("session name"),
      {
        option: option("Sessions", "--name GLOB", "sessions with these names; * and ? are wildcards", {
          kind: "list",
        }),
      },
    ),
    users: optional(
      "User names without a domain; `*` and `?` are wildcards, and case is ignored.",
      globs("user name"),
      {
        option: option(
          "Sessions",
          "--session-user GLOB",
          "sessions of these users, without a domain; * and ? are wildcards",
          { kind: "list" },
        ),
      },
    ),
    states: optional(
      "Session states. `active`: a client is connected; `disconnected`: the session runs without a client.",
      listOf(oneOf("active", "disconnected"), 'a list of "active" and "disconnected"', 1),
      {
        option: option("Sessions", "--state STATE", "sessions in this state: active or disconnected", {
          kind: "list",
          completes: ["active", "disconnected"],
        }),
      },
    ),
    idleFor: optional(
      "Minimum time without input, from 1s to 365 days. A session whose idle time is unknown does not match.",
      duration(1000, 365 * 24 * 3_600_000),
      {
        option: option("Sessions", "--idle DURATION", "sessions without input for at least this long"),
      },
    ),
    except: optional("Sessions to keep, even if they match the other fields. Default: none.", someExceptions),
    console: optional("Whether the console session may be logged off. Default: false.", flag, {
      option: option(
        "Sessions",
        "--console",
        "include the console session; alone, the current session of this machine, console or not",
      ),
    }),
  },
);

const selector: Shape<Selector> = converted(selectorFields, (read, path, problems) => {
  const { idleFor, all = false, console = false, except = noExceptions, ...narrowing } = read;
  const narrows = { ...narrowing, ...(idleFor === undefined ? {} : { idleForMs: idleFor }) };
  if (!all && Object.keys(narrows).length === 0) {
    const message =
      "must select sessions: set `sessions.ids`, `sessions.names`, `sessions.users`, `sessions.states`, `sessions.idleFor` or `sessions.all: true`";
    problems.push(problem(path, message));
  }
  return { ...narrows, all, current: false, console, except };
});

type Operand = { readonly current: true } | { readonly operand: string };

const operandText = leaf<Operand>(
  'a session name such as "TERM04", an ID such as 12, "current", a list of these, or a selector such as `{ all: true }`',
  (value) => {
    if (typeof value === "number" || (typeof value === "string" && /^[0-9]+$/u.test(value))) {
      const id = readId(value);
      return id === undefined ? undefined : { operand: id };
    }
    if (!isLine(value)) return undefined;
    return value.toLowerCase() === "current" ? { current: true } : { operand: value };
  },
  textOrNumber,
);
const operand = converted(operandText, (read, path, problems) => {
  if ("operand" in read && isPattern(read.operand)) {
    const message = "must be a single session: for a pattern, use `sessions.names`";
    problems.push(problem(path, message));
  }
  return read;
});
const singleOperand = converted(operand, (read) => fromOperands([read]));
const operandList = converted(listOf(operand, "a list of session names and IDs", 1), fromOperands);

/** The input `sessions`: a name, an ID, a list of both, `"current"` or a selector. */
export const sessions: Shape<Selector> = oneForm(
  {
    kind: "alias",
    name: "SessionsArgs",
    doc: 'A session name, an ID, a list of names and IDs, `"current"` (the session of the connection itself), or a selector.',
    of: {
      kind: "union",
      of: [
        { kind: "string" },
        { kind: "integer" },
        { kind: "list", item: textOrNumber },
        selectorFields.type,
      ],
    },
  },
  (value) => (isRecord(value) ? selector : Array.isArray(value) ? operandList : singleOperand),
);

function fromOperands(read: readonly Operand[]): Selector {
  const named = [...new Set(read.flatMap((entry) => ("operand" in entry ? [entry.operand] : [])))];
  return {
    ...(named.length === 0 ? {} : { operands: named }),
    all: false,
    current: read.some((entry) => "current" in entry),
    console: false,
    except: noExceptions,
  };
}

/** The paths of session IDs in `sessions` as given. */
export function pathsOfIds(value: unknown): readonly Path[] {
  if (isRecord(value)) return value["ids"] === undefined ? [] : [["ids"]];
  if (Array.isArray(value)) return value.flatMap((entry, index) => (isIdOperand(entry) ? [[index]] : []));
  return isIdOperand(value) ? [[]] : [];
}

/** The path of the session IDs in `sessions.except` as given. */
export function pathsOfExceptedIds(value: unknown): readonly Path[] {
  const except = isRecord(value) ? value["except"] : undefined;
  return isRecord(except) && except["ids"] !== undefined ? [["except", "ids"]] : [];
}

/** A letter followed by digits counts as an ID: Linux has such IDs, and session names rarely look like that. */
function isIdOperand(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^[A-Za-z]?[0-9]+$/u.test(value));
}

/**
 * Checks user names for domains, which listings do not print. In a selection a domain is a problem, because it would never match; in
 * an exception it is ignored with a warning.
 */
export function checkDomains(value: unknown, path: Path, problems: PlanProblem[], warnings: string[]): void {
  if (!isRecord(value)) return;
  for (const [index, name] of domainNames(value["users"])) {
    const withoutDomain = name.slice(name.lastIndexOf("\\") + 1);
    const advice = `must not contain a domain, because listings print none: use "${withoutDomain}"`;
    problems.push(problem([...path, "users", index], advice));
  }
  const except = value["except"];
  if (!isRecord(except)) return;
  for (const [, name] of domainNames(except["users"])) {
    warnings.push(
      `The domain of "${name}" in \`sessions.except.users\` is ignored, because listings print none: more sessions may be kept`,
    );
  }
}

function domainNames(value: unknown): readonly (readonly [number, string])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((name: unknown, index) =>
    typeof name === "string" && name.includes("\\") ? [[index, name] as const] : [],
  );
}

/** Adds a problem if the selector contains IDs that do not exist on the platform. */
export function checkPlatform(
  selector: Selector,
  platform: string | undefined,
  path: Path,
  problems: PlanProblem[],
): void {
  if (platform !== "windows") return;
  const digits = (selector.operands ?? []).filter((operand) => /^[0-9]+$/u.test(operand));
  const wrong = [...digits, ...(selector.ids ?? []), ...selector.except.ids].some(
    (id) => !windowsId.test(id) || Number(id) > 65535,
  );
  if (wrong) problems.push(problem(path, "must contain only IDs that Windows allows: 1 to 65535"));
}
