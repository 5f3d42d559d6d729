import type { CommandLine } from "./argv";
import { inputOptions } from "./input-options";
import type { ArgumentsContext, Task } from "./run-request";

interface InputContext extends ArgumentsContext {
  readonly task: Task;
  readonly isHere: boolean;
}

/** The values of `--drain`, with those of the input. The command has no resource whose end would end a drain. */
export const drainInputs: Readonly<Record<string, string>> = {
  "until-restart": "until-restart",
  "until-undrain": "until-destroy",
};

type Values = Readonly<Record<string, unknown>>;

/**
 * The input of `readPlan`, without its hosts, from arguments without conflicts. Values are passed as they were typed, so that `readPlan` alone
 * decides what is wrong.
 */
export function planInput(line: CommandLine, context: InputContext): Values {
  const given = new Map<readonly string[], unknown>(
    inputOptions.flatMap((row) => {
      const value = valueOf(line, row);
      return value === undefined ? [] : [[row.path, value] as const];
    }),
  );
  const { sessions, warn, drain, window: when, ...others } = objectOf(given);
  return {
    // `logoff` fails for a session that does not exist.
    ifMissing: "fail",
    ...others,
    sessions: sessionsOf(line, sessions as Values | undefined, context),
    ...(isWhole(warn) ? { warn } : {}),
    ...(typeof drain !== "string" ? {} : { drain: drainInputs[drain] }),
    ...(typeof when !== "string" ? {} : { window: window(when, context.timeZone) }),
  };
}

/** The value of an option, as the input takes it; undefined: the option is not given. */
function valueOf(line: CommandLine, row: (typeof inputOptions)[number]): unknown {
  if (row.kind === "flag") {
    if (!line.flags.has(row.name)) return undefined;
    return "sets" in row ? row.sets : true;
  }
  const values = line.values.get(row.name)?.map((text) => (row.isNumber ? numberOrText(text) : text));
  return row.kind === "value" ? values?.[0] : values;
}

/** The object with a value at each path. */
function objectOf(values: ReadonlyMap<readonly string[], unknown>): Values {
  const names = [...new Set([...values.keys()].map(([name = ""]) => name))];
  return Object.fromEntries(
    names.map((name) => {
      const here = [...values].filter(([path]) => path[0] === name);
      const [only] = here;
      if (only?.[0].length === 1) return [name, only[1]];
      return [name, objectOf(new Map(here.map(([path, value]) => [path.slice(1), value])))];
    }),
  );
}

function sessionsOf(
  { flags, operand }: CommandLine,
  given: Values | undefined,
  { task, isHere }: InputContext,
): unknown {
  if (operand !== undefined) return operand;
  const listsAll = task !== "log-off" && task !== "dry-run";
  const { all, except } = given ?? {};
  const isChosen = Object.keys(given ?? {}).some((name) => !["all", "console", "except"].includes(name));
  if (isHere && !isChosen && except === undefined && all === undefined && !listsAll) return "current";
  return { ...given, ...(listsAll && !isChosen && !flags.has("all") ? { all: true } : {}) };
}

/** Whether a warning has all that it needs; a conflict of arguments says what is missing. */
function isWhole(warn: unknown): boolean {
  return typeof warn === "object" && warn !== null && "message" in warn && "gracePeriod" in warn;
}

/** `22:00-05:00 [Europe/Berlin]`, or two times in RFC 3339 separated by a slash, either of which may be missing. */
function window(text: string | undefined, timeZone: () => string): unknown {
  if (text === undefined) return undefined;
  const span = /^([^/\sT]*T[^/\s]*)?\/([^/\sT]*T[^/\s]*)?$/u.exec(text);
  if (span !== null)
    return {
      ...(span[1] === undefined ? {} : { notBefore: span[1] }),
      ...(span[2] === undefined ? {} : { notAfter: span[2] }),
    };
  const [daily = "", zone = timeZone(), ...rest] = text.trim().split(/\s+/u);
  return { daily, timeZone: [zone, ...rest].join(" ") };
}

/** Digits are a number, which means seconds in a duration, as in a program. Everything else is left to `readPlan`. */
export function numberOrText(text: string): number | string {
  return /^[0-9]{1,15}$/u.test(text) ? Number(text) : text;
}
