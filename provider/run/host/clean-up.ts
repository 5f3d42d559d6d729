import type { LogoffError } from "../../base/errors";
import type { RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import { undrain } from "./drain";
import type { HostRecord } from "./record";
import { isDrainedByUs } from "./state";
import { awaitsCancel, sendCancelMessage } from "./warn";

/** Whether anything is left to do on a failed host: our drain to lift, or people to tell that they were warned in vain. */
export function needsCleanUp(run: RunContext, record: HostRecord): boolean {
  const { state, label } = record;
  if (run.readOnly !== undefined) return false;
  if (!isDrainedByUs(state.drained) && !wasWarnedInVain(run, record)) return false;
  if (state.detected !== null) return true;
  // The drain is a previous run's, and this run did not get far enough to lift it. The run counts the hosts that were not tried.
  if (record.contacted)
    record.warn(
      `"${label}" may still refuse new logons because of a previous run: run again when it can be reached`,
    );
  return false;
}

function wasWarnedInVain({ plan }: RunContext, { state }: HostRecord): boolean {
  const isCancelled = state.failure?.isCancelled === true;
  return isCancelled && plan.warn?.cancelMessage !== undefined && state.work.some(awaitsCancel);
}

/** Leaves a failed host as it was found: undrained if we drained it, and with a cancel message for the users that were warned. */
export async function cleanUp(run: RunContext, host: DetectedHost, record: HostRecord): Promise<void> {
  if (wasWarnedInVain(run, record)) await sendCancelMessage(run, host, record);
  await undrain(run, host, record);
}

/** Names what a host that could not be cleaned up is left with. */
export function warnOfCleanUp(record: HostRecord, error: LogoffError): void {
  const { state, label } = record;
  const closed = isDrainedByUs(state.drained) ? `, which still refuses new logons` : "";
  record.warn(`Could not clean up on "${label}"${closed}: ${error.message}; run again, or lift it there`);
}
