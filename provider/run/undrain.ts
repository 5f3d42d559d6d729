import type { Drain } from "../backend/backend";
import { backendFor, detection, type Detected } from "../backend/detect";
import type { Clock } from "../base/clock";
import { Semaphore, type KeyedMutex } from "../base/concurrency";
import { asLogoffError, type LogoffError } from "../base/errors";
import type { Connect, Platform } from "../connection";
import type { HostPlan, Plan } from "../plan/plan";
import type { OnProgress } from "../report/events";
import { blankReport, totalsOf, type HostReport, type Report } from "../report/report";
import { lift } from "./host/drain";
import { hostConnection, type HostConnection } from "./host/host-connection";

/** What a front passes for undraining. */
export interface UndrainDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly slots: Semaphore;
  readonly turns: KeyedMutex;
  readonly onProgress: OnProgress;
  /** Starts no further host. `signal`, in contrast, drops everything. Absent: never. */
  readonly stop?: AbortSignal;
}

/**
 * The result of undraining one host. Without an error `drained` is `undrained`, `already` (closed, but not by our drain) or
 * `no` (it was open); with one it is our drain that may still be in force, or `no` where none of ours is known.
 */
export interface UndrainOutcome {
  readonly host: string;
  readonly drained: "undrained" | "already" | "no" | Drain;
  readonly error?: LogoffError;
  /** Absent: not detected. */
  readonly platform?: Platform;
  readonly contacted: boolean;
  readonly warnings: readonly string[];
  readonly durationMs: number;
}

/**
 * Opens hosts of a plan for new logons, as many at once as the plan says. Never rejects: every host has its own outcome, in the
 * order of the plan.
 * @param ours our drains by host, each lifted only while the host is still in that mode; hosts without one are left out. Or
 * `everybody's`: every host of the plan is opened, no matter what closed it. On Linux a nologin file that is not ours stays, and fails
 * its host.
 */
export async function undrainHosts(
  { hosts, rollout, timeouts }: Pick<Plan, "hosts" | "rollout" | "timeouts">,
  ours: ReadonlyMap<string, Drain> | "everybody's",
  deps: UndrainDeps,
  signal: AbortSignal,
): Promise<readonly UndrainOutcome[]> {
  const { turns, slots, stop = signal, onProgress } = deps;
  const hostSlots = new Semaphore(rollout.parallel);
  const undrain = async (hostPlan: HostPlan, drain: Drain | undefined): Promise<UndrainOutcome> => {
    const { label } = hostPlan.host;
    const work = (): Promise<UndrainOutcome> =>
      undrainHost(hostPlan, drain, timeouts.commandMs, deps, signal);
    const outcome = await hostSlots
      .run(() => turns.run(label, () => slots.run(work, stop), stop), stop)
      .catch((thrown: unknown): UndrainOutcome => {
        const error = asLogoffError(thrown, "drain-failed", "Cannot undrain it");
        return { host: label, drained: drain ?? "no", error, contacted: false, warnings: [], durationMs: 0 };
      });
    onProgress({ type: "host-finished", host: label, report: toReport(outcome) });
    return outcome;
  };
  if (ours === "everybody's") return Promise.all(hosts.map((hostPlan) => undrain(hostPlan, undefined)));
  return Promise.all(
    hosts.flatMap((hostPlan) => {
      const drain = ours.get(hostPlan.host.label);
      return drain === undefined ? [] : [undrain(hostPlan, drain)];
    }),
  );
}

/** A host that has started is finished even if the run is stopped. */
const never = new AbortController().signal;

/** Opens every host of a plan for new logons, no matter what closed it, because the operator asks for it by name. Never rejects. */
export async function undrainEveryHost(plan: Plan, deps: UndrainDeps): Promise<Report> {
  const { clock, onProgress } = deps;
  const startedAt = clock.date().toISOString();
  onProgress({ type: "run-started", hosts: plan.hosts.length });
  const hosts = (await undrainHosts(plan, "everybody's", deps, never)).map(toReport);
  onProgress({ type: "run-finished" });
  const finishedAt = clock.date().toISOString();
  return { startedAt, finishedAt, totals: totalsOf(hosts), hosts, warnings: plan.warnings };
}

async function undrainHost(
  { host }: HostPlan,
  ours: Drain | undefined,
  commandTimeoutMs: number,
  { connect, clock, onProgress }: UndrainDeps,
  signal: AbortSignal,
): Promise<UndrainOutcome> {
  const { label } = host;
  const startedAtMs = clock.now();
  const connection = hostConnection(host, { connect, clock, commandTimeoutMs, signal });
  const end = (
    detected: Detected | undefined,
    result: Pick<UndrainOutcome, "drained" | "error">,
  ): UndrainOutcome => ({
    host: label,
    ...result,
    ...(detected === undefined ? {} : { platform: detected.platform }),
    contacted: connection.contacted(),
    warnings: connection.warnings(),
    durationMs: Math.round(clock.now() - startedAtMs),
  });
  const failed = (thrown: unknown, detected?: Detected): UndrainOutcome =>
    end(detected, {
      drained: ours ?? "no",
      error: asLogoffError(thrown, "drain-failed", `Cannot undrain "${label}"`),
    });
  onProgress({ type: "host-started", host: label });
  try {
    const detected = await connection.ask(detection(label, host.platform));
    onProgress({ type: "host-connected", host: label, platform: detected.platform });
    return await liftOn(connection, detected).then(
      (drained) => end(detected, { drained }),
      (thrown: unknown) => failed(thrown, detected),
    );
  } catch (thrown) {
    return failed(thrown);
  } finally {
    await connection.release();
  }

  async function liftOn(to: HostConnection, detected: Detected): Promise<UndrainOutcome["drained"]> {
    const drained = await lift(
      { backend: backendFor(detected, host), connection: to, label },
      ours,
      commandTimeoutMs,
    );
    if (drained !== "no") onProgress({ type: "host-drained", host: label, drained });
    return drained;
  }
}

function toReport({ host, error, ...result }: UndrainOutcome): HostReport {
  const { drained, contacted, warnings, durationMs, platform = null } = result;
  const status = contacted ? "failed" : "skipped";
  return {
    ...blankReport(host),
    platform,
    ...(error === undefined ? {} : { status, error: { code: error.code, message: error.message } }),
    drained,
    durationMs,
    warnings,
    contacted,
  };
}
