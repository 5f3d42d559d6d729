import type { PlanProblem } from "../base/errors";
import { withoutEmptyFields } from "../base/records";
import type { ConnectionDefaults } from "./connection-defaults";
import { mergeHost } from "./merge-host";
import type { Plan } from "./plan";
import { problem } from "./problem";
import { stackDefaults } from "./schema/connection";
import { readFields } from "./schema/read-fields";
import type { PlanFields } from "./schema/plan-fields";
import { inputs } from "./schema/inputs";
import { readWhole } from "./schema/shape";
import { rollout as rolloutInput, timeouts as timeoutsInput } from "./schema/steps";
import { holdsUnknown } from "./unknown";

/** Values that a plan depends on besides the input. */
export interface PlanContext {
  /** The stack configuration, used for values that neither the host nor the resource sets. */
  readonly defaults?: ConnectionDefaults;
}

export type PlanResult =
  | { readonly plan: Plan; readonly problems?: never }
  | { readonly problems: readonly PlanProblem[]; readonly plan?: never };

/**
 * All problems of an input. Unknown values of Pulumi are allowed at any depth. Messages do not quote values within `connection`,
 * which may be credentials.
 */
export function findProblems(input: unknown, context: PlanContext = {}): readonly PlanProblem[] {
  const { problems: found } = readFields(input);
  const problems = [...found];
  readDefaults(context.defaults, problems);
  return problems;
}

/**
 * The complete plan for an untrusted input, or all of its problems. An unknown value is a problem here. Environment variables, files
 * and OpenSSH's configuration are not read; that happens when a connection is opened.
 */
export function readPlan(input: unknown, context: PlanContext = {}): PlanResult {
  const { read: fields, problems: found, warnings } = readFields(input);
  const problems = [...found];
  const defaults = readDefaults(context.defaults, problems);
  if (holdsUnknown(input)) problems.push(problem(["input"], "must not contain unknown values when it runs"));
  if (problems.length > 0) return { problems };
  return { plan: toPlan(fields, defaults, warnings) };
}

/** The values of the stack configuration. Its problems have the key of `pulumi config set` as their path. */
export function readDefaults(
  given: ConnectionDefaults | undefined,
  problems: PlanProblem[],
): ConnectionDefaults {
  const wrong: PlanProblem[] = [];
  const values = readWhole(stackDefaults, withoutEmptyFields(given ?? {}), [], wrong);
  problems.push(...wrong.map(({ path, message }) => ({ path: `session-logoff:${path}`, message })));
  return values ?? {};
}

function toPlan(fields: PlanFields, defaults: ConnectionDefaults, warnings: readonly string[]): Plan {
  const { connection = {}, limits, rollout, timeouts } = fields;
  const waves = rollout?.waves ?? [];
  const { fields: rolloutFields } = rolloutInput;
  const { fields: timeoutFields } = timeoutsInput;
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
    drain: fields.drain ?? inputs.drain.default,
    warn: fields.warn ?? null,
    atDeadline: fields.atDeadline ?? inputs.atDeadline.default,
    ifStuck: fields.ifStuck ?? inputs.ifStuck.default,
    settleMs: fields.settle ?? 0,
    ifMissing: fields.ifMissing ?? inputs.ifMissing.default,
    ifArrived: fields.ifArrived ?? inputs.ifArrived.default,
    limits: { sessionsPerHost: limits?.sessionsPerHost ?? null, sessions: limits?.sessions ?? null },
    rollout: {
      parallel: rollout?.parallel ?? rolloutFields.parallel.default,
      waves,
      pauseMs: rollout?.pause ?? rolloutFields.pause.default,
      // Waves are for testing the run on a few hosts first, so a failure in a wave stops those after it.
      maxFailures: rollout?.maxFailures ?? (waves.length > 0 ? { hosts: 0 } : null),
    },
    failOn: fields.failOn ?? inputs.failOn.default,
    window: fields.window ?? null,
    timeouts: {
      commandMs: timeouts?.command ?? timeoutFields.command.default,
      logoffMs: timeouts?.logoff ?? timeoutFields.logoff.default,
      totalMs: timeouts?.total ?? null,
    },
    mode: fields.mode ?? inputs.mode.default,
    reports: fields.report ?? [],
    previewSessions: fields.previewSessions ?? inputs.previewSessions.default,
    warnings: [...warnings, ...uncheckedHosts(fields)],
  };
}

/** A warning if any host's key is not checked; one per run, however many hosts it concerns. */
export function uncheckedHosts({ connections }: Pick<PlanFields, "connections">): readonly string[] {
  return connections.some(({ read: { strictHostKeyChecking } }) => strictHostKeyChecking === "no")
    ? ["host keys are not checked, and no password is offered (`connection.strictHostKeyChecking: no`)"]
    : [];
}
