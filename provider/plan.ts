import type { Host } from "./connection";
import type { PlanProblem } from "./errors";
import { mergeHost, stackDefaults } from "./plan/access";
import { readFields, type PlanFields } from "./plan/fields";
import type { ConnectionDefaults } from "./plan/input";
import { problem, read } from "./plan/problems";
import { holdsUnknown, withoutEmptyFields } from "./plan/unknown";
import type { Selector } from "./session/selector";

/** One host and what is wanted there. */
export interface HostPlan {
  readonly host: Host;
  readonly selector: Selector;
}

/** A text for the people on a host, and how long they have. */
export interface WarnPlan {
  readonly message: string;
  readonly gracePeriodMs: number;
  /** Milliseconds before the logoff, longest first; each shorter than the grace period. */
  readonly remindersMs: readonly number[];
  readonly ifUndelivered: "continue" | "keep" | "fail";
  readonly cancelMessage?: string;
}

/** The sizes of waves in the order of hosts: a number of hosts, or a share of all hosts of the run. */
export type WaveSize = { readonly hosts: number } | { readonly percent: number };

/** When anything may be changed. */
export type Window =
  | { readonly notBefore?: Date; readonly notAfter?: Date }
  | { readonly dailyFrom: string; readonly dailyTo: string; readonly timeZone: string };

/** What a run does: checked, complete, without a field that still has a default. */
export interface Plan {
  readonly hosts: readonly HostPlan[];
  readonly drain: "none" | "until-restart" | "until-destroy";
  readonly warn: WarnPlan | null;
  readonly atDeadline: "logoff" | "fail";
  readonly ifStuck: "fail" | "reset" | "continue";
  readonly ifMissing: "ignore" | "fail";
  readonly ifArrived: "include" | "ignore";
  readonly limits: { readonly sessionsPerHost: number | null; readonly sessions: number | null };
  readonly rollout: {
    readonly parallel: number;
    /** Empty: all hosts in one wave. */
    readonly waves: readonly WaveSize[];
    readonly pauseMs: number;
    /** null: never stops. */
    readonly maxFailures: { readonly hosts: number } | { readonly percent: number } | null;
  };
  readonly failOn: "any" | "budget";
  readonly window: Window | null;
  readonly timeouts: {
    readonly commandMs: number;
    /** From the request to the verified end of a session. */
    readonly logoffMs: number;
    /** null: none. */
    readonly totalMs: number | null;
  };
  readonly mode: "once" | "ensure";
  readonly reports: readonly string[];
  readonly previewSessions: boolean;
  /** What the operator should know before the run, such as an ignored domain. */
  readonly warnings: readonly string[];
}

/** What is not part of the input. */
export interface PlanContext {
  /** Values of the stack configuration, used where neither host nor connection says anything. */
  readonly defaults?: ConnectionDefaults;
}

export type PlanResult =
  | { readonly plan: Plan; readonly problems?: never }
  | { readonly problems: readonly PlanProblem[]; readonly plan?: never };

/**
 * Everything that is wrong with an input, at once, and nothing that only time can tell: Pulumi's unknown value may stand
 * at any depth. No message quotes a value from below `connection`.
 */
export function findProblems(input: unknown, context: PlanContext = {}): readonly PlanProblem[] {
  const { problems: found } = readFields(input);
  const problems = [...found];
  readDefaults(context.defaults, problems);
  return problems;
}

/**
 * Untrusted input to a complete plan, or every problem at once. Pure; the environment, files and OpenSSH's own
 * configuration are read later, by whoever connects. A value that is not known yet is a problem here.
 */
export function readPlan(input: unknown, context: PlanContext = {}): PlanResult {
  const { read: fields, problems: found, warnings } = readFields(input);
  const problems = [...found];
  const defaults = readDefaults(context.defaults, problems);
  if (holdsUnknown(input)) problems.push(problem(["input"], "must be known completely before it can run"));
  if (problems.length > 0) return { problems };
  return { plan: toPlan(fields, defaults, warnings) };
}

/** Stack configuration has paths of its own: the keys that `pulumi config set` takes. */
function readDefaults(given: ConnectionDefaults | undefined, problems: PlanProblem[]): ConnectionDefaults {
  const wrong: PlanProblem[] = [];
  const values = read(stackDefaults, withoutEmptyFields(given ?? {}), [], wrong);
  problems.push(...wrong.map(({ path, message }) => ({ path: `session-logoff:${path}`, message })));
  return (values ?? {}) as ConnectionDefaults;
}

function toPlan(fields: PlanFields, defaults: ConnectionDefaults, warnings: readonly string[]): Plan {
  const { connection = {}, limits, rollout, timeouts } = fields;
  const waves = rollout?.waves ?? [];
  return {
    hosts: fields.hosts.flatMap(({ at, selector = fields.selector, ...entry }) =>
      at === undefined || selector === undefined
        ? []
        : [
            {
              host: mergeHost({ at, ...entry }, connection, defaults, timeouts?.connect),
              selector,
            },
          ],
    ),
    drain: fields.drain ?? "none",
    warn: fields.warn ?? null,
    atDeadline: fields.atDeadline ?? "logoff",
    ifStuck: fields.ifStuck ?? "fail",
    ifMissing: fields.ifMissing ?? "ignore",
    ifArrived: fields.ifArrived ?? "include",
    limits: { sessionsPerHost: limits?.sessionsPerHost ?? null, sessions: limits?.sessions ?? null },
    rollout: {
      parallel: rollout?.parallel ?? 20,
      waves,
      pauseMs: rollout?.pause ?? 0,
      // Whoever goes in waves wants the first to speak for the rest.
      maxFailures: rollout?.maxFailures ?? (waves.length > 0 ? { hosts: 0 } : null),
    },
    failOn: fields.failOn ?? "any",
    window: fields.window ?? null,
    timeouts: {
      commandMs: timeouts?.command ?? 30_000,
      logoffMs: timeouts?.logoff ?? 300_000,
      totalMs: timeouts?.total ?? null,
    },
    mode: fields.mode ?? "once",
    reports: fields.report ?? [],
    previewSessions: fields.previewSessions ?? false,
    warnings: [...warnings, ...uncheckedHosts(fields)],
  };
}

/** Said once per run, however many hosts it concerns. */
function uncheckedHosts({ connections }: PlanFields): readonly string[] {
  return connections.some(({ read: { strictHostKeyChecking } }) => strictHostKeyChecking === "no")
    ? ['strictHostKeyChecking is "no": host keys are not checked there, and no password is offered']
    : [];
}
