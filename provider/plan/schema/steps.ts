/** The schemas of the inputs that control a run: warning, limits, rollout, window, timeouts, reports, triggers. */
import { z } from "zod";
import { isRecord } from "../../base/records";
import type { WarnPlan, WaveSize, Window } from "../plan";
import { delegate, duration, fields, leaf, line, listOf, matching, oneOf, wholeNumber } from "./readers";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const message = leaf(
  "one line of at most 255 characters and 255 bytes; {minutes}, {user} and {host} are filled in, no other braces",
  (value) => {
    const read = line("", 255).safeParse(value);
    if (!read.success || new TextEncoder().encode(read.data).length > 255) return undefined;
    return /[{}]/u.test(read.data.replaceAll(/\{(?:minutes|user|host)\}/gu, "")) ? undefined : read.data;
  },
);

/** Reads `warn`. */
export const warn: z.ZodType<WarnPlan> = fields({
  message,
  gracePeriod: duration(second, day),
  reminders: listOf(duration(second, day), "a list of durations").optional(),
  ifUndelivered: oneOf("continue", "keep", "fail").optional(),
  cancelMessage: message.optional(),
}).transform(({ message, gracePeriod, reminders = [], ifUndelivered, cancelMessage }, context) => {
  for (const [index, reminder] of reminders.entries()) {
    if (reminder >= gracePeriod) {
      context.addIssue({
        code: "custom",
        message: "must be shorter than gracePeriod",
        path: ["reminders", index],
      });
    }
  }
  return {
    message,
    gracePeriodMs: gracePeriod,
    remindersMs: [...new Set(reminders)].sort((a, b) => b - a),
    ifUndelivered: ifUndelivered ?? "continue",
    ...(cancelMessage === undefined ? {} : { cancelMessage }),
  };
});

/** Reads `limits`. */
export const limits = fields({
  sessionsPerHost: wholeNumber(1, 1_000_000).optional(),
  sessions: wholeNumber(1, 1_000_000).optional(),
});

function share(least: number, must: string): z.ZodType<WaveSize> {
  return leaf(must, (value) => {
    if (typeof value === "number")
      return Number.isInteger(value) && value >= least ? { hosts: value } : undefined;
    const percent = typeof value === "string" ? /^([0-9]{1,3})%$/u.exec(value)?.[1] : undefined;
    if (percent === undefined || Number(percent) < least || Number(percent) > 100) return undefined;
    return { percent: Number(percent) };
  });
}

/** Reads `rollout`. */
export const rollout = fields({
  parallel: wholeNumber(1, 10_000).optional(),
  waves: listOf(share(1, 'a number of hosts from 1, or a share such as "10%"'), "a list of sizes").optional(),
  pause: duration(0, day).optional(),
  maxFailures: share(0, 'a number of hosts from 0, or a share such as "5%"').optional(),
});

/** A time on a day that exists: `Date` alone reads February 30 as March 2, and 24:00 as the next day. */
const moment = leaf("a time in RFC 3339, such as 2026-03-01T22:00:00+01:00", (value) => {
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/u;
  if (typeof value !== "string" || !form.test(value)) return undefined;
  const written = value.slice(0, "2026-03-01T22:00".length);
  const date = new Date(value);
  const local = new Date(`${written}Z`);
  if (Number.isNaN(date.getTime()) || Number.isNaN(local.getTime())) return undefined;
  return local.toISOString().startsWith(written) ? date : undefined;
});
const daily = leaf('two different times of day, such as "22:00-05:00"', (value) => {
  const match =
    typeof value === "string"
      ? /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/u.exec(value)
      : null;
  const [, from, to] = match ?? [];
  return from === undefined || to === undefined || from === to ? undefined : { from, to };
});
const timeZone = leaf('the name of a time zone, such as "Europe/Berlin"', (value) => {
  if (typeof value !== "string") return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone === ""
      ? undefined
      : value;
  } catch {
    return undefined;
  }
});
const dailyWindow = fields({ daily, timeZone }).transform((read): Window => ({
  dailyFrom: read.daily.from,
  dailyTo: read.daily.to,
  timeZone: read.timeZone,
}));
const spanWindow = fields({ notBefore: moment.optional(), notAfter: moment.optional() }).transform(
  ({ notBefore, notAfter }, context): Window => {
    if (notBefore === undefined && notAfter === undefined) {
      context.addIssue({
        code: "custom",
        message: "must contain notBefore, notAfter or both, or daily and timeZone",
      });
    }
    if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
      context.addIssue({ code: "custom", message: "must be later than notBefore", path: ["notAfter"] });
    }
    return {
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(notAfter === undefined ? {} : { notAfter }),
    };
  },
);

/** Reads `window`: a span of time, or hours of every day. */
export const window: z.ZodType<Window> = z.unknown().transform((value, context): Window => {
  const isDaily = isRecord(value) && ("daily" in value || "timeZone" in value);
  return delegate(isDaily ? dailyWindow : spanWindow, value, context);
});

/** Reads `timeouts`. */
export const timeouts = fields({
  connect: duration(second, 10 * minute).optional(),
  command: duration(second, hour).optional(),
  logoff: duration(second, day).optional(),
  total: duration(second, 30 * day).optional(),
});

const reportPath = matching(/\.(?:json|xml|html)$/iu, "a path that ends in .json, .xml or .html");

/** Reads `report`: a path or a list of paths. */
export const report: z.ZodType<readonly string[]> = z
  .unknown()
  .transform((value, context): readonly string[] =>
    Array.isArray(value)
      ? delegate(listOf(reportPath, "a list of paths"), value, context)
      : [delegate(reportPath, value, context)],
  );

/** Reads `triggers`, whose values are only compared. */
export const triggers = listOf(z.unknown(), "a list of any values");
