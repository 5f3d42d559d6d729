import { z } from "zod";
import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import { isPattern } from "../../base/wildcard";
import { noExceptions, type Selector } from "../../session/selector";
import { problem, type Path } from "../problem";
import { delegate, duration, fields, flag, leaf, line, listOf, oneOf } from "./readers";

const windowsId = /^[0-9]{1,5}$/u;
const linuxId = /^[A-Za-z]?[0-9]{1,10}$/u;

/** The ID without leading zeros, which no listing prints. */
function normalId(text: string): string {
  return /^[0-9]+$/u.test(text) ? String(Number(text)) : text;
}

/** The text of an ID that some platform may have; {@link checkPlatform} knows more once the platform is named. */
function readId(value: unknown): string | undefined {
  if (typeof value === "number")
    return Number.isInteger(value) && value >= 0 && value < 1e10 ? String(value) : undefined;
  return typeof value === "string" && linuxId.test(value) ? normalId(value) : undefined;
}

const id = leaf('a session ID, such as 12 (1 to 65535 on Windows) or "c2" on Linux', readId);
const ids = listOf(id, "a list of session IDs", 1);
const globs = (what: string): z.ZodType<readonly string[]> =>
  listOf(line(`a ${what}, with * and ? as wildcards`, 256), `a list of ${what}s`, 1);

const exceptions = fields({
  ids: ids.optional(),
  names: globs("session name").optional(),
  users: globs("user name").optional(),
}).transform((except, context) => {
  if (Object.values(except).every((list) => list === undefined)) {
    context.addIssue({
      code: "custom",
      message: "must not be empty: leave it out, or give ids, names or users",
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
      message: "must say which sessions: give ids, names, users, states or idleFor, or say all: true",
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
      const number = readId(value);
      return number === undefined ? undefined : { operand: number };
    }
    const read = line("").safeParse(value);
    if (!read.success) return undefined;
    return read.data.toLowerCase() === "current" ? { current: true } : { operand: read.data };
  },
).transform((read, context) => {
  if ("operand" in read && isPattern(read.operand)) {
    context.addIssue({
      code: "custom",
      message: "must be one session: for a pattern give { names: [...] } instead",
    });
  }
  return read;
});
const oneOperand = operand.transform((read) => fromOperands([read]));
const operandList = listOf(operand, "a list of session names and IDs", 1).transform(fromOperands);

/** Which sessions, in every form that an input may have: name, ID, list of both, `"current"`, selector. */
export const selection: z.ZodType<Selector> = z.unknown().transform((value, context): Selector => {
  const form = isRecord(value) ? selectorObject : Array.isArray(value) ? operandList : oneOperand;
  return delegate(form, value, context);
});

function fromOperands(read: readonly Operand[]): Selector {
  const named = [...new Set(read.flatMap((one) => ("operand" in one ? [one.operand] : [])))];
  return {
    ...(named.length === 0 ? {} : { operands: named }),
    all: false,
    current: read.some((one) => "current" in one),
    console: false,
    except: noExceptions,
  };
}

/** Where an input names sessions by ID, looked up in the value as it was given. */
export function pathsOfIds(value: unknown): readonly Path[] {
  if (isRecord(value)) return value["ids"] === undefined ? [] : [["ids"]];
  if (Array.isArray(value)) return value.flatMap((one, index) => (isIdOperand(one) ? [[index]] : []));
  return isIdOperand(value) ? [[]] : [];
}

/** Where an input excepts sessions by ID, looked up in the value as it was given. */
export function pathsOfExceptedIds(value: unknown): readonly Path[] {
  const except = isRecord(value) ? value["except"] : undefined;
  return isRecord(except) && except["ids"] !== undefined ? [["except", "ids"]] : [];
}

/** One letter and digits too: on Linux that is an ID, and a session name hardly ever. */
function isIdOperand(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^[A-Za-z]?[0-9]+$/u.test(value));
}

/** Domains in user names: listings print none, so that a selection would be wrong and an exception can drop it. */
export function checkDomains(value: unknown, path: Path, problems: PlanProblem[], warnings: string[]): void {
  if (!isRecord(value)) return;
  for (const [index, name] of domainNames(value["users"])) {
    const alone = name.slice(name.lastIndexOf("\\") + 1);
    const advice = `must not name a domain, because listings print none: write "${alone}"`;
    problems.push(problem([...path, "users", index], advice));
  }
  const except = value["except"];
  if (!isRecord(except)) return;
  for (const [index, name] of domainNames(except["users"])) {
    const at = problem([...path, "except", "users", index], "");
    warnings.push(
      `${at.path}: the domain of "${name}" is ignored, because listings print none: more people may be kept`,
    );
  }
}

function domainNames(value: unknown): readonly (readonly [number, string])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((name: unknown, index) =>
    typeof name === "string" && name.includes("\\") ? [[index, name] as const] : [],
  );
}

/** IDs that the named platform cannot have. */
export function checkPlatform(
  selector: Selector,
  platform: string | undefined,
  path: Path,
  problems: PlanProblem[],
): void {
  if (platform !== "windows") return;
  const digits = (selector.operands ?? []).filter((one) => /^[0-9]+$/u.test(one));
  const wrong = [...digits, ...(selector.ids ?? []), ...selector.except.ids].some(
    (one) => !windowsId.test(one) || Number(one) > 65535,
  );
  if (wrong) problems.push(problem(path, "must name IDs that Windows has: 1 to 65535"));
}

/** A copy without the fields that are undefined, in the type too. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
