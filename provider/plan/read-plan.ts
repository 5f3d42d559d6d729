import type { PlanProblem } from "../base/errors";
import { withoutEmptyFields } from "../base/records";
import type { ConnectionDefaults } from "./input";
import { mergeHost } from "./merge-host";
import type { Plan } from "./plan";
import { problem, read } from "./problem";
import { stackDefaults } from "./schema/connection";
import { readFields } from "./schema/fields";
import type { PlanFields } from "./schema/plan-fields";
import { holdsUnknown } from "./unknown";

/** Values that are not part of the input. */
export interface PlanContext {
  /** Values of the stack configuration, used where neither host nor connection says anything. */
  readonly defaults?: ConnectionDefaults;
}

export type PlanResult =
  | { readonly plan: Plan; readonly problems?: never }
  | { readonly problems: readonly PlanProblem[]; readonly plan?: never };

/**
 * All problems of an input that can be found before the update: Pulumi's unknown value is allowed at any depth. No message quotes a
 * value from `connection`.
 */
export function findProblems(input: unknown, context: PlanContext = {}): readonly PlanProblem[] {
  const { problems: found } = readFields(input);
  const problems = [...found];
  readDefaults(context.defaults, problems);
  return problems;
}

/**
 * Turns untrusted input into a complete plan, or returns all its problems. Pure: the environment, files and ssh_config are read later,
 * by the connection. A value that is not known yet is a problem here.
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
      // With waves, the first wave is a test of the rest.
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

/** One warning for the whole run, however many hosts it concerns. */
function uncheckedHosts({ connections }: PlanFields): readonly string[] {
  return connections.some(({ read: { strictHostKeyChecking } }) => strictHostKeyChecking === "no")
    ? ['strictHostKeyChecking is "no": host keys are not checked there, and no password is offered']
    : [];
}
