import { firstContact } from "../../backend/first-contact";
import type { LogoffError } from "../../base/errors";
import { isSamePerson, whereabouts } from "../../session/session";
import type { RunContext } from "../context";
import { detectedHost, readListing, type DetectedHost } from "./detected-host";
import { undrain } from "./drain";
import type { HostRecord } from "./record";
import { finishedBefore, goneByItself, isDrainedByUs, sessionWork, settle } from "./state";
import { adoptWarnings, awaitsCancel, sendCancelMessage } from "./warn";

/** Whether anything is left to do on a failed host: to lift our drain, or to tell users that they were warned in vain. */
export function needsCleanUp(run: RunContext, record: HostRecord): boolean {
  const { state } = record;
  if (run.readOnly !== undefined) return false;
  if (isLeftBehind(record)) return true;
  if (!isDrainedByUs(state.drained) && !wasWarnedInVain(run, record)) return false;
  if (state.detected !== null) return true;
  // A previous run drained the host, and this run did not get far enough to undrain it. Hosts that were not tried have a common warning.
  if (record.contacted)
    record.warn(
      "The host may still refuse new logons because of a previous run; run again when it can be reached",
    );
  return false;
}

/**
 * Whether a process that was killed has changed something on the host, and this run was stopped before it came to it. Nobody else would undo
 * it: a run that is resumed may be stopped at once, by a failure that the journal knows of.
 */
function isLeftBehind({ contacted, state: { detected, previous } }: HostRecord): boolean {
  const { finished, drained, asked = [] } = previous;
  return (
    detected === null && !contacted && finished !== undefined && (drained !== undefined || asked.length > 0)
  );
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

/**
 * The host that is to be cleaned up. One that only a killed process has seen is detected first, and listed, so that the report says what
 * has become of the people whom that process selected.
 * @throws LogoffError all errors of a query
 */
export async function findAgain(run: RunContext, record: HostRecord): Promise<DetectedHost> {
  const { state, connection, plan } = record;
  if (state.detected !== null) return detectedHost(run, record);
  const { detected, sessions } = await connection.ask(firstContact(plan.host, plan.host.platform));
  state.detected = detected;
  const host = detectedHost(run, record);
  const list =
    sessions === undefined ? await connection.ask(host.backend.list()) : readListing(run, record, sessions);
  const { selected = [], asked = [] } = state.previous;
  state.work = selected.map((session) => ({
    ...sessionWork(session),
    place: whereabouts(session, list),
    askedBefore: asked.some((one) => isSamePerson(one, session)),
  }));
  if (run.plan.warn !== null) adoptWarnings(run, record, run.plan.warn, state.work);
  for (const one of state.work)
    if (one.place.is === "gone" || one.place.is === "returned")
      settle(one, finishedBefore(state.previous, one.session) ?? goneByItself(one));
  state.isSelected = true;
  return host;
}
