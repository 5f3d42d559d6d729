import type { z } from "zod";
import type { PlanProblem } from "../base/errors";
import { nearest } from "../base/suggest";
import { printable } from "../base/text";
import { holdsUnknown, isUnknown } from "./unknown";

/** Steps from the input's root to a value: names of fields and positions in lists. */
export type Path = readonly (string | number)[];

/** A path as people write it: `hosts[2].connection.port`. */
export function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${printable(step, 60)}`))
    .join("")
    .replace(/^\./u, "");
}

/** Builds a problem. `message` begins with what to do and quotes nothing that may be a credential. */
export function problem(path: Path, message: string): PlanProblem {
  return { path: pathText(path), message };
}

/**
 * Reads one value with a schema and adds what is wrong to `problems`; undefined when anything was. Values that are not
 * known yet are no problem, wherever they stand, but then there is no result either.
 */
export function read<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  problems: PlanProblem[],
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return holdsUnknown(value) ? undefined : result.data;
  for (const issue of result.error.issues) {
    if (isUnknown(valueAt(value, issue.path))) continue;
    const steps = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    problems.push(problem([...path, ...steps], issue.message));
  }
  return undefined;
}

/** Adds a problem for every field of `value` that is not one of `known`. */
export function checkFields(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: Path,
  problems: PlanProblem[],
): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) problems.push(problem([...path, name], unknownField(name, known)));
  }
}

/** What to say about a field that does not exist: the one that was probably meant, or all that there are. */
export function unknownField(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `is not a known field: ${near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return here;
    here = (here as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return here;
}
