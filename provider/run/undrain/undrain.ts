import type { Drain } from "../../backend/backend";
import { backendFor, detection } from "../../backend/detect";
import { Semaphore } from "../../base/concurrency";
import { asLogoffError, type LogoffError } from "../../base/errors";
import type { Platform } from "../../connection";
import type { HostPlan, Plan } from "../../plan/plan";
import { blankReport, totalsOf, type HostReport, type Report } from "../../report/report";
import { lift } from "../host/drain";
import { isDrainedByUs } from "../host/state";
import { HostConnection } from "../host-connection";
import { hostAwaiter } from "./await-hosts";
import type { AwaitDeps, AwaitOutcome } from "./awaited";

/** What a front passes to undrain hosts. */
export type UndrainDeps = AwaitDeps;

/**
 * The result of undraining one host. Without an error, `drained` is `undrained`, `already` (closed, but not by our drain) or `no` (it was
 * open); with an error, it is our drain that may still be in force, or `no` if none of ours is known.
 */
export interface UndrainOutcome {
  readonly host: string;
  readonly drained: "undrained" | "already" | "no" | Drain;
  readonly error?: LogoffError;
  /** Absent: not known. */
  readonly platform?: Platform;
  readonly contacted: boolean;
  readonly warnings: readonly string[];
  readonly durationMs: number;
}

/**
 * Opens hosts of a plan for new logons, as many at once as the plan allows. Never rejects: every host has its own outcome, in the order of
 * the plan.
 * @param ours our drains by host, each lifted only if the host is still in that mode; hosts without one are left out. With `everybody's`,
 * every host of the plan is opened, whatever closed it; on Linux, a nologin file that is not ours stays and fails its host.
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

/** A host that was started is finished even if the run is stopped. */
const never = new AbortController().signal;

/**
 * Opens every host of a plan for new logons, whatever closed it, because the operator explicitly asked for this. Never rejects.
 * @param waitMs how long a host that does not answer yet, or does not accept logons yet, is awaited; null: not at all
 */
export async function undrainEveryHost(
  plan: Plan,
  waitMs: number | null,
  deps: UndrainDeps,
): Promise<Report> {
  const { clock, onProgress } = deps;
  const startedAt = clock.date().toISOString();
  onProgress({ type: "run-started", hosts: plan.hosts.length });
  const tooFewSlots = deps.slots.makeRoomFor(plan.rollout.parallel, plan.hosts);
  const hosts =
    waitMs === null
      ? (await undrainHosts(plan, "everybody's", deps, never)).map(toReport)
      : await openAwaited(plan, waitMs, deps);
  onProgress({ type: "run-finished" });
  const finishedAt = clock.date().toISOString();
  const warnings = [...plan.warnings, ...tooFewSlots];
  return { startedAt, finishedAt, totals: totalsOf(hosts), hosts, warnings };
}

async function openAwaited(
  { hosts, rollout, timeouts }: Plan,
  totalMs: number,
  deps: UndrainDeps,
): Promise<readonly HostReport[]> {
  const options = { parallel: rollout.parallel, commandMs: timeouts.commandMs, totalMs };
  const awaitHost = hostAwaiter(options, deps, never);
  return Promise.all(
    hosts.map(async ({ host }) => {
      const outcome = await awaitHost({ host, lifts: "any" });
      const report = awaitedReport(blankReport(host.label), outcome);
      deps.onProgress({ type: "host-finished", host: host.label, report });
      return report;
    }),
  );
}

/** A drain of ours that ended with the restart counts as lifted. */
function drainedAfter(report: HostReport, drained: AwaitOutcome["drained"]): HostReport["drained"] {
  if (drained === "left") return report.drained;
  return drained === "no" && isDrainedByUs(report.drained) ? "undrained" : drained;
}

/** The report of a host with what became of it while it was awaited. */
export function awaitedReport(report: HostReport, outcome: AwaitOutcome): HostReport {
  const { status, drained, error, platform, bootId, contacted, warnings, durationMs } = outcome;
  return {
    ...report,
    status,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(platform === undefined ? {} : { platform }),
    drained: drainedAfter(report, drained),
    ...(report.bootId === undefined && bootId !== undefined ? { bootId } : {}),
    durationMs: report.durationMs + durationMs,
    warnings: [...new Set([...report.warnings, ...warnings])],
    contacted: report.contacted || contacted,
  };
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
  const connection = new HostConnection(host, { connect, clock, signal }, commandTimeoutMs);
  const failed = (thrown: unknown): Pick<UndrainOutcome, "drained" | "error"> => ({
    drained: ours ?? "no",
    error: asLogoffError(thrown, "drain-failed", `Cannot undrain "${label}"`),
  });
  const undrained = async (): Promise<Pick<UndrainOutcome, "drained" | "error" | "platform">> => {
    const detected = await connection.ask(detection(label, host.platform));
    const { platform } = detected;
    onProgress({ type: "host-connected", host: label, platform });
    try {
      const drained = await lift(
        { backend: backendFor(detected, host), connection, label },
        ours,
        commandTimeoutMs,
      );
      if (drained !== "no") onProgress({ type: "host-drained", host: label, drained });
      return { drained, platform };
    } catch (thrown) {
      return { ...failed(thrown), platform };
    }
  };
  onProgress({ type: "host-started", host: label });
  try {
    const result = await undrained().catch(failed);
    return {
      host: label,
      ...result,
      contacted: connection.contacted,
      warnings: connection.warnings,
      durationMs: Math.round(clock.now() - startedAtMs),
    };
  } finally {
    await connection.release();
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
