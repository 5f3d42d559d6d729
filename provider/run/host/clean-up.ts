import type { LogoffError } from "../../base/errors";
import type { RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import { undrain } from "./drain";
import type { HostRecord } from "./record";
import { isDrainedByUs } from "./state";
import { awaitsCancel, sendCancelMessage } from "./warn";

/** Whether anything is left to do on a failed host: to lift our drain, or to tell users that they were warned in vain. */
export function needsCleanUp(run: RunContext, record: HostRecord): boolean {
  const { state } = record;
  if (run.readOnly !== undefined) return false;
  if (!isDrainedByUs(state.drained) && !wasWarnedInVain(run, record)) return false;
  if (state.detected !== null) return true;
  // A previous run drained the host, and this run did not get far enough to undrain it. Hosts that were not tried have a common warning.
  if (record.contacted)
    record.warn(
      "The host may still refuse new logons because of a previous run; run again when it can be reached",
    );
  return false;
}

function wasWarnedInVain({ plan }: RunContext, { state }: HostRecord): boolean {
  const isCancelled = state.failure?.isCancelled === true;
  return isCancelled && plan.warn?.cancelMessage !== undefined && state.work.some(awaitsCancel);
}

/** Leaves a failed host as it was found: undrains it if we drained it, and sends a cancel message to the users that were warned. */
export async function cleanUp(run: RunContext, host: DetectedHost, record: HostRecord): Promise<void> {
  if (wasWarnedInVain(run, record)) await sendCancelMessage(run, host, record);
  await undrain(run, host, record);
}

/** Warns about a host that could not be cleaned up. */
export function warnOfCleanUp(record: HostRecord, error: LogoffError): void {
  const left = isDrainedByUs(record.state.drained)
    ? "the host still refuses new logons: run again, or allow them there"
    : "people who were warned may not know that the logoff is cancelled";
  record.warn(`Could not clean up: ${error.message}; ${left}`);
}
