/**
 * The kinds of values that inputs consist of. A shape reads a value and describes it to the generators of types, schemas and documents.
 * Messages describe a valid value and never quote the value found, which may be a password.
 */
import { formatDuration, parseDuration } from "../../base/duration";
import type { PlanProblem } from "../../base/errors";
import { isRecord } from "../../base/records";
import { alternatives } from "../../base/text";
import { problem, type Path } from "../problem";
import { holdsUnknown, isUnknown } from "../unknown";
import type { Type } from "./type";

export interface Shape<T> {
  readonly type: Type;
  /**
   * Reads a value. Unknown values of Pulumi are passed over at any depth.
   * @returns undefined after adding problems, or if the value is or contains an unknown one
   */
  readonly read: (value: unknown, path: Path, problems: PlanProblem[]) => T | undefined;
}

/** The value, or undefined if a problem was added or if it contains an unknown value. */
export function readWhole<T>(
  shape: Shape<T>,
  value: unknown,
  path: Path,
  problems: PlanProblem[],
): T | undefined {
  const problemsBefore = problems.length;
  const result = shape.read(value, path, problems);
  return problems.length > problemsBefore ? undefined : result;
}

const textType: Type = { kind: "string" };

/** A value that `accept` converts. If `accept` returns undefined, the value is invalid; `must` describes a valid one. */
export function leaf<T>(must: string, accept: (value: unknown) => T | undefined, type = textType): Shape<T> {
  return {
    type,
    read: (value, path, problems) => {
      if (isUnknown(value)) return undefined;
      const result = accept(value);
      if (result === undefined) problems.push(problem(path, `must be ${must}`));
      return result;
    },
  };
}

/** The same values, converted. `convert` is called only with a complete, valid value, and may add problems. */
export function converted<T, U>(
  { type, read }: Shape<T>,
  convert: (value: T, path: Path, problems: PlanProblem[]) => U | undefined,
): Shape<U> {
  return {
    type,
    read: (value, path, problems) => {
      const result = read(value, path, problems);
      return result === undefined ? undefined : convert(result, path, problems);
    },
  };
}

/** A value in one of several forms; `choose` picks the shape that reads it. */
export function oneForm<T>(type: Type, choose: (value: unknown) => Shape<T>): Shape<T> {
  return {
    type,
    read: (value, path, problems) =>
      isUnknown(value) ? undefined : choose(value).read(value, path, problems),
  };
}

/** A list of at least `least` items. */
export function listOf<T>(item: Shape<T>, must: string, least = 0): Shape<readonly T[]> {
  return {
    type: { kind: "list", item: item.type },
    read: (value, path, problems) => {
      if (isUnknown(value)) return undefined;
      if (!Array.isArray(value) || value.length < least) {
        const more = Array.isArray(value) ? "must not be empty: leave the field out, or give" : "must be";
        problems.push(problem(path, `${more} ${must}`));
        return undefined;
      }
      const problemsBefore = problems.length;
      const items = value.map((one: unknown, index) => item.read(one, [...path, index], problems));
      return problems.length > problemsBefore || holdsUnknown(value) ? undefined : (items as T[]);
    },
  };
}

/** Values of one shape by name. */
export function recordOf<T>(item: Shape<T>, must: string): Shape<Readonly<Record<string, T>>> {
  return {
    type: { kind: "record", item: item.type },
    read: (value, path, problems) => {
      if (isUnknown(value)) return undefined;
      if (!isRecord(value)) {
        problems.push(problem(path, `must be ${must}`));
        return undefined;
      }
      const items = Object.entries(value).map(
        ([name, one]) => [name, item.read(one, [...path, name], problems)] as const,
      );
      const isWhole = items.every(([, one]) => one !== undefined);
      return isWhole ? (Object.fromEntries(items) as Record<string, T>) : undefined;
    },
  };
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  return leaf(
    alternatives(words.map((word) => `"${word}"`)),
    (value) => words.find((word) => word === value),
    { kind: "enum", words },
  );
}

/** true or false. */
export const flag: Shape<boolean> = leaf(
  "true or false",
  (value) => (typeof value === "boolean" ? value : undefined),
  { kind: "boolean" },
);

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): Shape<number> {
  return leaf(
    `a whole number from ${least} to ${most}`,
    (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
        ? value
        : undefined,
    { kind: "integer" },
  );
}

const durationType: Type = {
  kind: "alias",
  name: "Duration",
  doc: 'A length of time: `"90s"`, `"15m"`, `"1h30m"`, or a number of seconds.',
  of: { kind: "union", of: [{ kind: "number" }, { kind: "string" }] },
};

/** The milliseconds of a duration from `leastMs` to `mostMs`. */
export function duration(leastMs: number, mostMs: number): Shape<number> {
  const must = `a duration such as "90s", "15m", "1h30m" or a number of seconds, from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  return leaf(
    must,
    (value) => {
      const ms = parseDuration(value);
      return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined;
    },
    durationType,
  );
}

// eslint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/u;

/** Whether a value is a line of text that is not blank and contains no control characters. */
export function isLine(value: unknown, maxLength = 1024): value is string {
  return (
    typeof value === "string" &&
    value.trim() !== "" &&
    value.length <= maxLength &&
    !controlCharacters.test(value)
  );
}

/** A line of text that is not blank and contains no control characters. */
export function line(must: string, maxLength = 1024): Shape<string> {
  return leaf(must, (value) => (isLine(value, maxLength) ? value : undefined));
}

/** Text that is not blank and may contain line breaks. */
export function text(must: string): Shape<string> {
  return leaf(must, (value) => (typeof value === "string" && value.trim() !== "" ? value : undefined));
}

/** Text that matches a pattern. */
export function matching(pattern: RegExp, must: string): Shape<string> {
  return leaf(must, (value) => (typeof value === "string" && pattern.test(value) ? value : undefined));
}

/** Any value, which is only compared. */
export const anyValue: Shape<unknown> = {
  type: { kind: "any" },
  read: (value) => value ?? null,
};
