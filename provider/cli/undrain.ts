import { mapPool, type Clock, type Slots } from "../async";
import { backendFor, detection, type Detected } from "../backend/detect";
import type { Connect } from "../connection";
import { asLogoffError, LogoffError } from "../errors";
import { linkTo, type HostLink } from "../host-run/link";
import type { HostPlan, Plan } from "../plan";
import type { OnProgress } from "../report/progress";
import { totalsOf, type DrainOutcome, type HostReport, type Report } from "../report/report";

export interface UndrainDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly slots: Slots;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Allows new logons again on every host of a plan, on Windows whoever refused them: the operator asks for it by name. On
 * Linux a nologin file that is not ours stays, and fails its host. `drained` is `undrained` where something was lifted, `no`
 * where nothing was to do. Never rejects.
 */
export async function undrainHosts(plan: Plan, deps: UndrainDeps): Promise<Report> {
  const { clock, onProgress, slots, stop } = deps;
  const startedAt = clock.date().toISOString();
  onProgress({ type: "run-started", hosts: plan.hosts.length });
  const hosts = await mapPool(plan.hosts, plan.rollout.parallel, async (hostPlan) => {
    const report = await slots
      .run(() => undrainHost(hostPlan, plan, deps), stop)
      .catch((thrown: unknown) =>
        reportOf(hostPlan, { error: asLogoffError(thrown, "aborted", "Cannot begin") }),
      );
    onProgress({ type: "host-finished", host: report.host, report });
    return report;
  });
  onProgress({ type: "run-finished" });
  return {
    startedAt,
    finishedAt: clock.date().toISOString(),
    totals: totalsOf(hosts),
    hosts,
    warnings: plan.warnings,
  };
}

/** A host that was begun is finished, whoever stops the run. */
const never = new AbortController().signal;

async function undrainHost(hostPlan: HostPlan, plan: Plan, deps: UndrainDeps): Promise<HostReport> {
  const { host } = hostPlan;
  const { connect, clock, onProgress } = deps;
  const startedAtMs = clock.now();
  const link = linkTo(host, { connect, clock, commandTimeoutMs: plan.timeouts.commandMs, signal: never });
  let detected: Detected | undefined;
  onProgress({ type: "host-started", host: host.label });
  try {
    detected = await link.ask(detection(host.label, host.platform));
    onProgress({ type: "host-connected", host: host.label, platform: detected.platform });
    const drained = await lift(hostPlan, detected, link, plan.timeouts.commandMs);
    return reportOf(hostPlan, { detected, drained, link, durationMs: clock.now() - startedAtMs });
  } catch (thrown) {
    const error = asLogoffError(thrown, "drain-failed", `Cannot undrain "${host.label}"`);
    return reportOf(hostPlan, {
      error,
      link,
      durationMs: clock.now() - startedAtMs,
      ...(detected === undefined ? {} : { detected }),
    });
  } finally {
    await link.release();
  }
}

async function lift(
  { host }: HostPlan,
  detected: Detected,
  link: HostLink,
  timeoutMs: number,
): Promise<DrainOutcome> {
  const backend = backendFor(detected, host);
  if ((await link.ask(backend.drainMode())) === "open") return "no";
  await link.perform(backend.undrain(), timeoutMs);
  const after = await link.ask(backend.drainMode());
  if (after === "open") return "undrained";
  throw new LogoffError("drain-failed", `Cannot undrain "${host.label}": its mode is still "${after}"`);
}

interface Undrained {
  readonly detected?: Detected;
  readonly drained?: DrainOutcome;
  readonly error?: LogoffError;
  readonly link?: HostLink;
  readonly durationMs?: number;
}

function reportOf({ host }: HostPlan, { detected, drained, error, link, durationMs }: Undrained): HostReport {
  const contacted = link?.contacted() ?? false;
  return {
    host: host.label,
    platform: detected?.platform ?? null,
    status: error === undefined ? "ok" : contacted ? "failed" : "skipped",
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    drained: drained ?? "no",
    durationMs: Math.round(durationMs ?? 0),
    warnings: link?.warnings() ?? [],
    sessions: [],
    notFound: [],
    contacted,
    warned: [],
  };
}
