import { z } from "zod";
import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import { isPattern } from "../../base/wildcard";
import { noExceptions, type Selector } from "../../session/selector";
import { problem, type Path } from "../problem";
import { delegate, duration, fields, flag, leaf, line, listOf, oneOf } from "./readers";

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

const id = leaf('a session ID, such as 12 (1 to 65535 on Windows) or "c2" on Linux', readId);
const ids = listOf(id, "a list of session IDs", 1);
const globs = (noun: string): z.ZodType<readonly string[]> =>
  listOf(line(`a ${noun}, with * and ? as wildcards`, 256), `a list of ${noun}s`, 1);

const exceptions = fields({
  ids: ids.optional(),
  names: globs("session name").optional(),
  users: globs("user name").optional(),
}).transform((except, context) => {
  if (Object.values(except).every((list) => list === undefined)) {
    context.addIssue({
      code: "custom",
      message: "must not be empty: leave it out, or set ids, names or users",
    });
  }
  return { ...noExceptions, ...withoutUndefined(except) };
});

const selectorObject = fields({
  ids: ids.optional(),
  names: globs("session name").optional(),
  users: globs("user name").optional(),
  states: listOf(oneOf("active", "disconnected"), 'a list of "active" and "disconnected"', 1).optional(),
  idleFor: duration(1000, 365 * 24 * 3_600_000).optional(),
  all: flag.optional(),
  console: flag.optional(),
  except: exceptions.optional(),
}).transform(({ idleFor, all, console, except, ...narrowing }, context): Selector => {
  const narrows = withoutUndefined({ ...narrowing, idleForMs: idleFor });
  if (all !== true && Object.keys(narrows).length === 0) {
    context.addIssue({
      code: "custom",
      message: "must select sessions: set ids, names, users, states or idleFor, or set all: true",
    });
  }
  return {
    ...narrows,
    all: all ?? false,
    current: false,
    console: console ?? false,
    except: except ?? noExceptions,
  };
});

type Operand = { readonly current: true } | { readonly operand: string };

const operand = leaf<Operand>(
  'a session name such as "TERM04", an ID such as 12, "current", a list of these, or a selector such as { all: true }',
  (value) => {
    if (typeof value === "number" || (typeof value === "string" && /^[0-9]+$/u.test(value))) {
      const id = readId(value);
      return id === undefined ? undefined : { operand: id };
    }
    const read = line("").safeParse(value);
    if (!read.success) return undefined;
    return read.data.toLowerCase() === "current" ? { current: true } : { operand: read.data };
  },
).transform((read, context) => {
  if ("operand" in read && isPattern(read.operand)) {
    context.addIssue({
      code: "custom",
      message: "must be a single session: for a pattern, use { names: [...] }",
    });
  }
  return read;
});
const singleOperand = operand.transform((read) => fromOperands([read]));
const operandList = listOf(operand, "a list of session names and IDs", 1).transform(fromOperands);

/** Reads the input `sessions` in all its forms: a name, an ID, a list of both, `"current"` or a selector. */
export const selection: z.ZodType<Selector> = z.unknown().transform((value, context): Selector => {
  const form = isRecord(value) ? selectorObject : Array.isArray(value) ? operandList : singleOperand;
  return delegate(form, value, context);
});

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
  for (const [index, name] of domainNames(except["users"])) {
    const { path: at } = problem([...path, "except", "users", index], "");
    warnings.push(
      `${at}: the domain of "${name}" is ignored, because listings print none: more sessions may be kept`,
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

/** A copy without undefined fields, which its type excludes as well. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
