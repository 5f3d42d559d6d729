/**
 * The schemas that all inputs consist of. Their messages describe a valid value; zod's own messages describe the value found, which
 * may be a password.
 */
import { z } from "zod";
import { formatDuration, parseDuration } from "../../base/duration";
import { isRecord } from "../../base/records";
import { alternatives } from "../../base/text";
import { unknownField } from "../problem";

/** A value that `accept` converts. If `accept` returns undefined, the value is invalid; `must` describes a valid one. */
export function leaf<T>(must: string, accept: (value: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const result = accept(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: `must be ${must}` });
    return z.NEVER;
  });
}

/** An object with these fields only. */
export function fields<S extends z.core.$ZodLooseShape>(shape: S): z.ZodType<z.output<z.ZodObject<S>>> {
  const known = Object.keys(shape);
  const inner = z.object(shape);
  return z.unknown().transform((value, context): z.output<z.ZodObject<S>> => {
    if (!isRecord(value)) {
      context.addIssue({ code: "custom", message: `must be an object with the fields ${known.join(", ")}` });
      return z.NEVER;
    }
    for (const name of Object.keys(value)) {
      if (!known.includes(name)) {
        context.addIssue({ code: "custom", message: unknownField(name, known), path: [name] });
      }
    }
    return delegate(inner, value, context);
  });
}

/** A list of at least `least` items. */
export function listOf<T>(item: z.ZodType<T>, must: string, least = 0): z.ZodType<readonly T[]> {
  const inner = z.array(item);
  return z.unknown().transform((value, context): readonly T[] => {
    if (Array.isArray(value) && value.length >= least) return delegate(inner, value, context);
    const more = Array.isArray(value) ? "must not be empty: leave the field out, or give" : "must be";
    context.addIssue({ code: "custom", message: `${more} ${must}` });
    return z.NEVER;
  });
}

/** Reads a value with another schema, chosen by the caller according to the value. */
export function delegate<T>(schema: z.ZodType<T>, value: unknown, context: z.core.$RefinementCtx): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const { message, path } of result.error.issues) {
    context.addIssue({ code: "custom", message, path: [...path] });
  }
  return z.NEVER;
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): z.ZodType<W> {
  return leaf(alternatives(words.map((word) => `"${word}"`)), (value) =>
    words.find((word) => word === value),
  );
}

/** true or false. */
export const flag: z.ZodType<boolean> = leaf("true or false", (value) =>
  typeof value === "boolean" ? value : undefined,
);

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): z.ZodType<number> {
  return leaf(`a whole number from ${least} to ${most}`, (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? value
      : undefined,
  );
}

/** The milliseconds of a duration from `leastMs` to `mostMs`. */
export function duration(leastMs: number, mostMs: number): z.ZodType<number> {
  const must = `a duration such as "90s", "15m", "1h30m" or a number of seconds, from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  return leaf(must, (value) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined;
  });
}

// eslint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/u;

/** A line of text that is not blank and contains no control characters. */
export function line(must: string, maxLength = 1024): z.ZodType<string> {
  return leaf(must, (value) =>
    typeof value === "string" &&
    value.trim() !== "" &&
    value.length <= maxLength &&
    !controlCharacters.test(value)
      ? value
      : undefined,
  );
}

/** Text that is not blank and may contain line breaks. */
export function text(must: string): z.ZodType<string> {
  return leaf(must, (value) => (typeof value === "string" && value.trim() !== "" ? value : undefined));
}

/** Text that matches a pattern. */
export function matching(pattern: RegExp, must: string): z.ZodType<string> {
  return leaf(must, (value) => (typeof value === "string" && pattern.test(value) ? value : undefined));
}
