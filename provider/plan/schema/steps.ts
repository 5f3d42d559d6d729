/** The declarations of the inputs that control a run: warning, limits, rollout, window, timeouts, reports. */
import { mostParallel } from "../../base/connection-slots";
import { isRecord } from "../../base/records";
import type { WarnPlan, WaveSize, Window } from "../plan";
import { problem } from "../problem";
import { defaulted, object, option, optional, required } from "./field";
import {
  converted,
  duration,
  isLine,
  leaf,
  listOf,
  matching,
  oneForm,
  oneOf,
  wholeNumber,
  type Shape,
} from "./shape";
import type { Type } from "./type";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const message = leaf(
  "one line of at most 255 characters and 255 bytes; {minutes}, {user} and {host} are filled in, no other braces",
  (value) => {
    if (!isLine(value, 255) || new TextEncoder().encode(value).length > 255) return undefined;
    return /[{}]/u.test(value.replaceAll(/\{(?:minutes|user|host)\}/gu, "")) ? undefined : value;
  },
);

const warning = object(
  "WarningArgs",
  "A message to the users whose sessions are selected, and the time they have to leave.",
  {
    message: required(
      "One line of at most 255 characters and 255 bytes; `{minutes}`, `{user}` and `{host}` are filled in.",
      message,
      {
        option: option(
          "Steps",
          "--warn TEXT",
          "send users this message first; {minutes}, {user} and {host} are filled in",
        ),
      },
    ),
    gracePeriod: required(
      "Time from the warning to the logoff, from 1s to 24h; ends early once everybody has left.",
      duration(second, day),
      {
        option: option(
          "Steps",
          "--grace DURATION",
          "time between the first warning and the logoff; required with --warn",
        ),
      },
    ),
    reminders: optional(
      "When to send the message again, as time before the logoff; each is shorter than `gracePeriod`. Default: never.",
      listOf(duration(second, day), "a list of durations"),
      {
        option: option(
          "Steps",
          "--remind DURATION,...",
          "send the message again this long before the logoff",
          { kind: "list" },
        ),
      },
    ),
    ifUndelivered: optional(
      "What happens to a session that no message reached: `continue` (default) logs it off anyway, `keep` keeps it, `fail` fails the host.",
      oneOf("continue", "keep", "fail"),
    ),
    cancelMessage: optional(
      "Message to the users who were warned, sent when the run is cancelled. Same form as `message`. Default: none.",
      message,
    ),
  },
);

/** The input `warn`. */
export const warn: Shape<WarnPlan> = converted(warning, (read, path, problems) => {
  const { message, gracePeriod, reminders = [], ifUndelivered = "continue", cancelMessage } = read;
  for (const [index, reminder] of reminders.entries()) {
    if (reminder >= gracePeriod)
      problems.push(problem([...path, "reminders", index], "must be shorter than `warn.gracePeriod`"));
  }
  return {
    message,
    gracePeriodMs: gracePeriod,
    remindersMs: [...new Set(reminders)].sort((a, b) => b - a),
    ifUndelivered,
    ...(cancelMessage === undefined ? {} : { cancelMessage }),
  };
});

/** The input `settle`. */
export const settle = duration(second, day);

/** The input `limits`. */
export const limits = object(
  "LimitsArgs",
  "Maximum numbers of selected sessions. Nothing is changed where a limit is exceeded.",
  {
    sessions: optional(
      "Sessions of all hosts together; all hosts are listed first, and if it is exceeded, no host is changed. Default: no limit.",
      wholeNumber(1, 1_000_000),
      {
        option: option(
          "Sessions",
          "--limit N",
          "change nothing on any host if more than N sessions are selected in total",
        ),
      },
    ),
    sessionsPerHost: optional(
      "Sessions per host. A host that exceeds it fails and is not changed. Default: no limit.",
      wholeNumber(1, 1_000_000),
      {
        option: option(
          "Sessions",
          "--limit-per-host N",
          "change nothing on a host where more than N sessions are selected",
        ),
      },
    ),
  },
);

const numberOrShare: Type = { kind: "union", of: [{ kind: "integer" }, { kind: "string" }] };

function share(least: number, must: string): Shape<WaveSize> {
  return leaf(
    must,
    (value): WaveSize | undefined => {
      if (typeof value === "number")
        return Number.isInteger(value) && value >= least ? { hosts: value } : undefined;
      const percent = typeof value === "string" ? /^([0-9]{1,3})%$/u.exec(value)?.[1] : undefined;
      if (percent === undefined || Number(percent) < least || Number(percent) > 100) return undefined;
      return { percent: Number(percent) };
    },
    numberOrShare,
  );
}

/** The input `rollout`. */
export const rollout = object("RolloutArgs", "The order and the pace in which hosts are processed.", {
  parallel: defaulted(
    `Number of hosts processed at the same time, at most ${mostParallel}. Default: 20.`,
    wholeNumber(1, mostParallel),
    20,
    {
      option: option(
        "Many hosts",
        "--parallel N",
        `number of hosts processed at the same time; default: 20, at most ${mostParallel}`,
      ),
    },
  ),
  waves: optional(
    'Sizes of the waves, in the order of `hosts`, such as `[1, "10%", "50%"]`. A percentage is a share of all hosts, and the last size repeats. Default: all hosts in one wave.',
    listOf(share(1, 'a number of hosts from 1, or a share such as "10%"'), "a list of sizes"),
    {
      option: option(
        "Many hosts",
        "--waves SIZE,...",
        "sizes of the waves, such as 1,10%,50%; the last size repeats",
        {
          kind: "list",
        },
      ),
    },
  ),
  pause: defaulted("Time between two waves, at most 24h. Default: 0.", duration(0, day), 0, {
    option: option("Many hosts", "--pause DURATION", "time between two waves"),
  }),
  maxFailures: optional(
    'Number of failed hosts that is tolerated; once it is exceeded, no more hosts are started. A number applies to the whole run, a percentage such as `"5%"` to each wave. Default: 0 if `waves` is set, otherwise no limit.',
    share(0, 'a number of hosts from 0, or a share such as "5%"'),
    {
      option: option(
        "Many hosts",
        "--max-failures N|N%",
        "stop once more hosts have failed: N in the whole run, or N% of a wave",
      ),
    },
  ),
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

const dailyDoc = 'Hours of every day, such as `"22:00-05:00"`. Requires `timeZone`.';
const timeZoneDoc = 'Time zone of `daily`, such as `"Europe/Berlin"`.';
const notBefore = optional("Start, as an RFC 3339 time such as `2026-03-01T22:00:00+01:00`.", moment);
const notAfter = optional("End, as an RFC 3339 time.", moment);
const windowName = "MaintenanceWindowArgs";
const windowDoc =
  "When hosts may be changed: either a span of time (`notBefore`, `notAfter` or both) or hours of every day (`daily` and `timeZone`). Hosts that are not done wait for the next `pulumi up` inside the window.";
/** Both forms, as a program sees them. */
const anyWindow = object(windowName, windowDoc, {
  notBefore,
  notAfter,
  daily: optional(dailyDoc, daily),
  timeZone: optional(timeZoneDoc, timeZone),
});
const dailyWindow = converted(
  object(windowName, windowDoc, {
    daily: required(dailyDoc, daily),
    timeZone: required(timeZoneDoc, timeZone),
  }),
  (read): Window => ({ dailyFrom: read.daily.from, dailyTo: read.daily.to, timeZone: read.timeZone }),
);
const spanWindow = converted(
  object(windowName, windowDoc, { notBefore, notAfter }),
  ({ notBefore, notAfter }, path, problems): Window => {
    if (notBefore === undefined && notAfter === undefined)
      problems.push(
        problem(
          path,
          "must contain `window.notBefore`, `window.notAfter` or both, or `window.daily` and `window.timeZone`",
        ),
      );
    if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter)
      problems.push(problem([...path, "notAfter"], "must be later than `window.notBefore`"));
    return {
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(notAfter === undefined ? {} : { notAfter }),
    };
  },
);

/** The input `window`: a span of time, or hours of every day. */
export const window: Shape<Window> = oneForm(anyWindow.type, (value) =>
  isRecord(value) && ("daily" in value || "timeZone" in value) ? dailyWindow : spanWindow,
);

/** The input `timeouts`. */
export const timeouts = object("TimeoutsArgs", "Time limits.", {
  total: optional(
    "Time for the whole run, from 1s to 30 days; must be longer than `warn.gracePeriod`. Default: none.",
    duration(second, 30 * day),
    {
      option: option("Many hosts", "--timeout DURATION", "time limit for the whole run; default: none"),
    },
  ),
  connect: defaulted(
    "Time from the first packet to the end of the login, retries included, from 1s to 10m. Each jump host has its own. Default: 15s.",
    duration(second, 10 * minute),
    15 * second,
    {
      option: option(
        "Many hosts",
        "--timeout-connect DURATION",
        "time limit for connecting and logging in; default: 15s",
      ),
    },
  ),
  command: defaulted(
    "Time for a single command, from 1s to 1h. Default: 30s.",
    duration(second, hour),
    30 * second,
  ),
  logoff: defaulted(
    "Time from the logoff request to the verified end of a session, from 1s to 24h. Default: 5m.",
    duration(second, day),
    5 * minute,
    {
      option: option(
        "Many hosts",
        "--timeout-logoff DURATION",
        "time limit for a session to end after its logoff; default: 5m",
      ),
    },
  ),
});

const reportPath = matching(/\.(?:json|xml|html)$/iu, "a path that ends in .json, .xml or .html");
const reportPaths = listOf(reportPath, "a list of paths");
const onePath = converted(reportPath, (path): readonly string[] => [path]);

/** The input `report`: a path or a list of paths. */
export const report: Shape<readonly string[]> = oneForm(
  { kind: "union", of: [{ kind: "string" }, reportPaths.type] },
  (value) => (Array.isArray(value) ? reportPaths : onePath),
);
