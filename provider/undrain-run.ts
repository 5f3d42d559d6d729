import { Slots, type Clock, type Turns } from "./async";
import { backendFor, detection } from "./backend/detect";
import type { Drain } from "./backend/backend";
import type { Connect } from "./connection";
import { asLogoffError, type LogoffError } from "./errors";
import { lift } from "./host-run/drain";
import { linkTo } from "./host-run/link";
import type { HostPlan, Plan } from "./plan";
import type { OnProgress } from "./report/progress";

/** What a front hands over for lifting drains. */
export interface UndrainDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly slots: Slots;
  readonly turns: Turns;
  readonly onProgress: OnProgress;
  /** Begin with no further host; absent: never. `signal` in contrast drops everything. */
  readonly stop?: AbortSignal;
}

/** What became of our drain on one host: lifted, found changed by somebody else, or still in force because of `error`. */
export type UndrainOutcome =
  | { readonly host: string; readonly drained: "undrained" | "already"; readonly error?: never }
  | { readonly host: string; readonly drained: Drain; readonly error: LogoffError };

/**
 * Allows new logons again on hosts of a plan that we drained and that still are in the mode we set, so many at once as
 * the plan says. Never rejects: every host has its own outcome, in the order of the plan.
 */
export async function undrainHosts(
  { hosts, rollout, timeouts }: Pick<Plan, "hosts" | "rollout" | "timeouts">,
  drained: ReadonlyMap<string, Drain>,
  deps: UndrainDeps,
  signal: AbortSignal,
): Promise<readonly UndrainOutcome[]> {
  const { turns, slots, stop = signal } = deps;
  const places = new Slots(rollout.parallel);
  const undrain = async (hostPlan: HostPlan, ours: Drain): Promise<UndrainOutcome> => {
    const { label } = hostPlan.host;
    try {
      return await places.run(
        () =>
          turns.run(
            label,
            () => slots.run(() => undrainHost(hostPlan, ours, timeouts.commandMs, deps, signal), stop),
            stop,
          ),
        stop,
      );
    } catch (thrown) {
      return {
        host: label,
        drained: ours,
        error: asLogoffError(thrown, "drain-failed", "Cannot undrain it"),
      };
    }
  };
  return Promise.all(
    hosts.flatMap((hostPlan) => {
      const ours = drained.get(hostPlan.host.label);
      return ours === undefined ? [] : [undrain(hostPlan, ours)];
    }),
  );
}

async function undrainHost(
  { host }: HostPlan,
  ours: Drain,
  commandTimeoutMs: number,
  { connect, clock, onProgress }: UndrainDeps,
  signal: AbortSignal,
): Promise<UndrainOutcome> {
  const { label } = host;
  const link = linkTo(host, { connect, clock, commandTimeoutMs, signal });
  try {
    const backend = backendFor(await link.ask(detection(label, host.platform)), host);
    const now = await lift({ backend, link, label }, ours, commandTimeoutMs);
    onProgress({ type: "host-drained", host: label, drained: now });
    return { host: label, drained: now };
  } finally {
    await link.release();
  }
}
