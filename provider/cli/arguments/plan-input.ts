import type { Inputs, SessionsArgs, WarningArgs } from "../../plan/input";
import type { CommandLine } from "./argv";
import type { OptionName } from "./options";
import type { ArgumentsContext, Task } from "./run-request";

interface InputContext extends ArgumentsContext {
  readonly task: Task;
  readonly isHere: boolean;
}

/**
 * The input of `readPlan`, without its hosts, from arguments without conflicts. Values are passed as they were typed, so that `readPlan` alone
 * decides what is wrong.
 */
export function planInput(line: CommandLine, context: InputContext): Omit<Inputs, "hosts"> {
  const { flags, values } = line;
  const one = (name: OptionName): string | undefined => values.get(name)?.[0];
  const has = (name: OptionName): boolean => flags.has(name);
  const input = {
    sessions: sessionsOf(line, context),
    connection: filled({
      user: one("user"),
      privateKeyFile: one("identity"),
      passwordEnv: one("password-env"),
      passphraseEnv: one("passphrase-env"),
      knownHostsFile: one("known-hosts"),
      hostKey: one("host-key"),
      strictHostKeyChecking: has("accept-new") ? "accept-new" : undefined,
      jumpHosts: values.get("jump"),
      sshConfig: one("ssh-config"),
      algorithms: has("legacy-algorithms") ? "legacy" : undefined,
    }),
    drain: one("drain"),
    warn: warning(line),
    atDeadline: has("wait-only") ? "fail" : undefined,
    ifStuck: one("stuck"),
    // `logoff` fails for a session that does not exist.
    ifMissing: one("if-missing") ?? "fail",
    limits: filled({ sessions: number(one("limit")), sessionsPerHost: number(one("limit-per-host")) }),
    rollout: filled({
      parallel: number(one("parallel")),
      waves: values.get("waves")?.map(number),
      pause: duration(one("pause")),
      maxFailures: number(one("max-failures")),
    }),
    failOn: one("fail-on"),
    window: window(one("window"), context.timeZone),
    timeouts: filled({
      connect: duration(one("timeout-connect")),
      logoff: duration(one("timeout-logoff")),
      total: duration(one("timeout")),
    }),
    report: values.get("report"),
  };
  return filled(input) ?? {};
}

function sessionsOf(line: CommandLine, { task, isHere }: InputContext): SessionsArgs {
  const { flags, values, operand } = line;
  if (operand !== undefined) return operand;
  const looksAtAll = task !== "log-off" && task !== "dry-run";
  const chosen = filled({
    ids: values.get("id"),
    names: values.get("name"),
    users: values.get("session-user"),
    states: values.get("state"),
    idleFor: duration(values.get("idle")?.[0]),
  });
  const except = filled({
    ids: values.get("except-id"),
    names: values.get("except-name"),
    users: values.get("except-user"),
  });
  const isBare = chosen === undefined && except === undefined && !flags.has("all");
  if (isHere && isBare && !looksAtAll) return "current";
  const all = flags.has("all") || (looksAtAll && chosen === undefined);
  return {
    ...chosen,
    ...(all ? { all } : {}),
    ...(flags.has("console") ? { console: true } : {}),
    ...(except === undefined ? {} : { except }),
  };
}

function warning({ values }: CommandLine): WarningArgs | undefined {
  const message = values.get("warn")?.[0];
  const gracePeriod = duration(values.get("grace")?.[0]);
  if (message === undefined || gracePeriod === undefined) return undefined;
  const reminders = values.get("remind")?.map((text) => duration(text));
  return { message, gracePeriod, ...(reminders === undefined ? {} : { reminders }) };
}

/** `22:00-05:00 [Europe/Berlin]`, or two times in RFC 3339 separated by a slash, either of which may be missing. */
function window(text: string | undefined, timeZone: string): unknown {
  if (text === undefined) return undefined;
  const span = /^([^/\sT]*T[^/\s]*)?\/([^/\sT]*T[^/\s]*)?$/u.exec(text);
  if (span !== null) return filled({ notBefore: span[1], notAfter: span[2] }) ?? {};
  const [daily = "", zone = timeZone, ...rest] = text.trim().split(/\s+/u);
  return { daily, timeZone: [zone, ...rest].join(" ") };
}

/** Digits are a number; everything else is left to `readPlan`. */
function number(text: string): number | string;
function number(text: string | undefined): number | string | undefined;
function number(text: string | undefined): number | string | undefined {
  return text !== undefined && /^[0-9]{1,15}$/u.test(text) ? Number(text) : text;
}

/** A number without a unit is seconds, as in a program. */
const duration = number;

/** The object without its undefined fields; undefined if it has no others. */
function filled(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
