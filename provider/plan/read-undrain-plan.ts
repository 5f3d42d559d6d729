import type { PlanProblem } from "../base/errors";
import type { Host } from "../connection";
import type { ConnectionDefaults } from "./connection-defaults";
import { mergeHost } from "./merge-host";
import { problem } from "./problem";
import { readDefaults, uncheckedHosts, type PlanContext } from "./read-plan";
import { undrainInputs, undrainRollout, undrainTimeouts, type ClosedBy } from "./schema/host-undrain";
import { readUndrainFields, type UndrainFields } from "./schema/read-undrain-fields";
import { holdsUnknown } from "./unknown";

/** A host that is awaited, and what the inputs say of it. */
export interface UndrainHost {
  readonly host: Host;
  /** Who has drained the host; undefined: the inputs do not say it. */
  readonly closedBy: ClosedBy | undefined;
  /** The boot ID that must have changed; null: a restart is required, but this host's boot ID is not known; absent: none is required. */
  readonly restartedSince?: string | null;
}

/** The complete, checked input of a `HostUndrain`, with all defaults filled in. */
export interface UndrainPlan {
  /** The hosts to process, in the order of the input. */
  readonly hosts: readonly UndrainHost[];
  /** Whether the input says who has drained the hosts; if not, only a drain until the restart may be lifted. */
  readonly hasClosedBy: boolean;
  readonly parallel: number;
  readonly timeouts: { readonly commandMs: number; readonly totalMs: number };
  /** Whether everything that refuses logons is lifted, no matter who set it. */
  readonly force: boolean;
  readonly reports: readonly string[];
  /** Warnings to print before the hosts are awaited. */
  readonly warnings: readonly string[];
}

export type UndrainPlanResult =
  | { readonly plan: UndrainPlan; readonly problems?: never }
  | { readonly problems: readonly PlanProblem[]; readonly plan?: never };

/** All problems of an input of `HostUndrain`. Unknown values of Pulumi are allowed at any depth. */
export function findUndrainProblems(input: unknown, context: PlanContext = {}): readonly PlanProblem[] {
  const problems = [...readUndrainFields(input).problems];
  readDefaults(context.defaults, problems);
  return problems;
}

/** The complete plan for an untrusted input of `HostUndrain`, or all of its problems. An unknown value is a problem here. */
export function readUndrainPlan(input: unknown, context: PlanContext = {}): UndrainPlanResult {
  const { read: fields, problems: found } = readUndrainFields(input);
  const problems = [...found];
  const defaults = readDefaults(context.defaults, problems);
  if (holdsUnknown(input)) problems.push(problem(["input"], "must not contain unknown values when it runs"));
  if (problems.length > 0) return { problems };
  return { plan: toPlan(fields, defaults) };
}

function toPlan(fields: UndrainFields, defaults: ConnectionDefaults): UndrainPlan {
  const { connection = {}, closedBy, restartedSince, rollout, timeouts } = fields;
  const only = fields.only === undefined ? undefined : new Set(fields.only);
  const { fields: rolloutFields } = undrainRollout;
  const { fields: timeoutFields } = undrainTimeouts;
  return {
    hosts: fields.hosts.flatMap(({ at, label, ...entry }): readonly UndrainHost[] => {
      if (at === undefined || label === undefined || only?.has(label) === false) return [];
      return [
        {
          host: mergeHost({ at, ...entry }, connection, defaults, timeouts?.connect),
          closedBy: closedBy?.[label],
          ...(restartedSince === undefined ? {} : { restartedSince: restartedSince[label] ?? null }),
        },
      ];
    }),
    hasClosedBy: closedBy !== undefined,
    parallel: rollout?.parallel ?? rolloutFields.parallel.default,
    timeouts: {
      commandMs: timeouts?.command ?? timeoutFields.command.default,
      totalMs: timeouts?.total ?? timeoutFields.total.default,
    },
    force: fields.force ?? undrainInputs.force.default,
    reports: fields.report ?? [],
    warnings: uncheckedHosts(fields),
  };
}
