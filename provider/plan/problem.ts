import type { PlanProblem } from "../base/errors";
import { nearest } from "../base/suggest";
import { printable } from "../base/text";

/** The path from the input's root to a value: names of fields and indexes of lists. */
export type Path = readonly (string | number)[];

/** A path as text: `hosts[2].connection.port`. */
function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${printable(step, 60)}`))
    .join("")
    .replace(/^\./u, "");
}

/** The path of an input, as messages name it. */
export function quoted(path: Path): string {
  return `\`${pathText(path)}\``;
}

/** The names of an object's fields. */
export function fieldList(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

/** A problem of the input. `message` starts with "must" or another predicate and must not quote a value that may be a credential. */
export function problem(path: Path, message: string): PlanProblem {
  return { path: pathText(path), message };
}

/** Adds a problem for every field of `value` that is not one of `known`. */
export function checkFields(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: Path,
  problems: PlanProblem[],
): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) problems.push(problem([...path, name], unknownField(path, name, known)));
  }
}

/** The message for an unknown field, with the field that was probably meant or else all known fields. */
function unknownField(path: Path, name: string, known: readonly string[]): string {
  const suggestion = nearest(name, known);
  return `is not a known field: ${suggestion === undefined ? `known fields are ${fieldList(known)}` : `did you mean ${quoted([...path, suggestion])}?`}`;
}
