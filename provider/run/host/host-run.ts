import { aborted } from "../../base/abort";
import { asLogoffError, type LogoffError } from "../../base/errors";
import type { HostPlan } from "../../plan/plan";
import type { HostReport } from "../../report/report";
import { reasonToStop, type DetectedHost, type HostAtWork, type HostRunContext } from "./context";
import { undrain } from "./drain";
import { isAwaited, waitForGracePeriod } from "./grace-period";
import { hostConnection } from "./host-connection";
import { logOffPass } from "./log-off-pass";
import { prepare } from "./prepare";
import { blankRecord, isDrainedByUs, toReport, type HostRecord, type SessionWork } from "./record";
import { awaitsCancel, sendCancelMessage, warnFirst } from "./warn";

/** The report of a host, and facts that only the whole run can judge. */
export interface HostRun {
  readonly report: HostReport;
  /** The exceptions that matched a session on this host. */
  readonly usedExceptions: readonly string[];
}

/** Runs one host, and calls `begins` when its first turn comes. */
export type RunOne = (host: HostPlan, begins: () => void, how?: Partial<HostRunContext>) => Promise<HostRun>;

/** Passes per host: the sessions found first, then those that arrived since. */
const passes = 2;

/** Runs one host from connecting to verifying. Never rejects: every error is in the report. */
export async function runHost(hostPlan: HostPlan, context: HostRunContext): Promise<HostRun> {
  const { clock, plan, connect, signal, onProgress } = context;
  const { label } = hostPlan.host;
  const record = blankRecord(context.previous);
  const connection = hostConnection(hostPlan.host, {
    connect,
    clock,
    commandTimeoutMs: plan.timeouts.commandMs,
    signal,
  });
  const spent: HostAtWork["spent"] = (phase, fromMs) => {
    const origin = context.runStartedAtMs;
    record.phases.push({
      phase,
      fromMs: Math.round(fromMs - origin),
      toMs: Math.round(clock.now() - origin),
    });
  };
  const host: HostAtWork = {
    ...context,
    hostPlan,
    label,
    connection,
    spent,
    warn: (text) => record.warnings.push(text),
  };
  if (context.previous?.drained !== undefined) record.drained = context.previous.drained;
  let startedAtMs: number | undefined;
  const begin = (): void => {
    startedAtMs ??= clock.now();
    spent("waited", context.runStartedAtMs);
    onProgress({ type: "host-started", host: label });
  };
  const error = await failureOf(async () => {
    await goThrough(host, record, begin);
    if (record.notFound !== undefined) throw record.notFound;
  }, label);
  if (error !== undefined && context.readOnly === undefined) await cleanUp(host, record);
  const durationMs = startedAtMs === undefined ? 0 : Math.round(clock.now() - startedAtMs);
  const report = toReport(host, record, error, durationMs);
  onProgress({ type: "host-finished", host: label, report });
  return { report, usedExceptions: record.usedExceptions };
}

/** The steps in their order. Between two turns the host holds neither a host slot nor a connection. */
async function goThrough(host: HostAtWork, record: HostRecord, begin: () => void): Promise<void> {
  const { plan, stop, readOnly } = host;
  let known: DetectedHost | undefined;
  let people: readonly SessionWork[] = [];
  let graceEndsAtMs = 0;
  const open = async (): Promise<DetectedHost> => {
    if (stop.aborted) throw aborted(stop);
    const reason = readOnly === undefined ? reasonToStop(host) : undefined;
    // Outside the window the host is not even connected to, since it has not started.
    if (reason !== undefined) throw reason;
    begin();
    const openedAtMs = host.clock.now();
    const detected = await prepare(host, record).finally(() => host.spent("connected", openedAtMs));
    people = record.work;
    return detected;
  };
  if (plan.warn === null || readOnly !== undefined) {
    await turn(host, async () => {
      known = await open();
      for (let pass = 1; readOnly === undefined && people.length > 0; pass += 1) {
        people = await logOffPass(known, record, pass >= passes);
      }
    });
    return;
  }
  const { warn } = plan;
  await turn(host, async () => {
    known = await open();
    if (people.length > 0) graceEndsAtMs = await warnFirst(people, warn, known);
  });
  for (let pass = 1; known !== undefined && people.length > 0; pass += 1) {
    const detected: DetectedHost = known;
    const warnedAtMs = host.clock.now();
    if (people.some(isAwaited))
      await waitForGracePeriod(people, graceEndsAtMs, warn, detected).finally(() =>
        host.spent("warned", warnedAtMs),
      );
    await turn(host, async () => {
      people = await logOffPass(detected, record, pass >= passes);
      if (people.length > 0) graceEndsAtMs = await warnFirst(people, warn, detected);
    });
  }
}

function turn(host: HostAtWork, work: () => Promise<void>): Promise<void> {
  return host.turn(() => work().finally(() => host.connection.release()), host.stop);
}

/** Leaves a failed host as it was found: undrained if we drained it, and with a cancel message for the users that were warned. */
async function cleanUp(host: HostAtWork, record: HostRecord): Promise<void> {
  const { plan, signal } = host;
  const { backend } = record;
  const warnedInVain =
    isCancelled(host) && plan.warn?.cancelMessage !== undefined && record.work.some(awaitsCancel);
  if (!isDrainedByUs(record.drained) && !warnedInVain) return;
  if (backend === undefined) {
    // The drain is a previous run's, and this run did not get far enough to lift it. The run counts the hosts that were not tried.
    if (host.connection.contacted())
      host.warn(
        `"${host.label}" may still refuse new logons because of a previous run: run again when it can be reached`,
      );
    return;
  }
  const known: DetectedHost = { ...host, backend };
  const error = await failureOf(
    () =>
      host.turn(async () => {
        try {
          if (warnedInVain) await sendCancelMessage(record.work, plan.warn, known);
          await undrain(known, record);
        } finally {
          await host.connection.release();
        }
      }, signal),
    host.label,
  );
  if (error !== undefined) {
    const closed = isDrainedByUs(record.drained) ? `, which still refuses new logons` : "";
    host.warn(
      `Could not clean up on "${host.label}"${closed}: ${error.message}; run again, or lift it there`,
    );
  }
}

/** The run stopped before the host was finished, and not because of the host. */
function isCancelled(host: HostAtWork): boolean {
  return reasonToStop(host) !== undefined;
}

async function failureOf(work: () => Promise<void>, label: string): Promise<LogoffError | undefined> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return asLogoffError(thrown, "command-failed", `Cannot finish "${label}"`);
  }
}
