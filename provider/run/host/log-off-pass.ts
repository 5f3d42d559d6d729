import { LogoffError } from "../../base/errors";
import { isOneByOne, recheck } from "../../session/recheck";
import type { Selector } from "../../session/selector";
import {
  describeSession,
  isSamePerson,
  whereabouts,
  type Session,
  type SessionList,
} from "../../session/session";
import { reasonToStop, type RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import { refuseRemaining } from "./grace-period";
import { logOffAndVerify } from "./log-off";
import { noteSelected } from "./prepare";
import { namelessIn, type HostRecord, type RecentListing } from "./record";
import {
  goneByItself,
  isDone,
  outcomeOf,
  sessionWork,
  settle,
  warningTimes,
  type SessionWork,
} from "./state";

/** Passes per host: one for the sessions that were found first, one for those that arrived since. */
const mostPasses = 2;

/**
 * Lists and selects again, unless that was done a moment ago, logs off and verifies.
 * @returns sessions that arrived since and match; they are in the record, for one more pass
 * @throws LogoffError the gravest failure of a session, `sessions-remain`, and all errors of a query
 */
export async function logOffPass(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
): Promise<readonly SessionWork[]> {
  const { plan } = run;
  const { connection, backend, label } = host;
  const { selector } = host.plan;
  const { state } = record;
  state.passes += 1;
  const recent = usable(record.recent, run);
  record.recent = undefined;
  const before = recent?.list ?? (await connection.ask(backend.list()));
  settleUnselected(state.work, before, selector);
  if (plan.atDeadline === "fail") {
    refuseRemaining(state.work, label);
    // Sessions whose logoff a previous run sent are still waited for.
    for (const one of state.work) one.waitOnly = true;
  }
  const open = state.work.filter((one) => !isDone(one));
  const reason = reasonToStop(run);
  if (open.length > 0 && reason !== undefined) throw reason;
  const isIncluded = plan.ifArrived === "include" || isOneByOne(selector);
  // Without a warning, new sessions are treated like the others.
  const unwarned = plan.warn === null && isIncluded ? newcomers(state.work, before, selector) : [];
  const leaving = [...open, ...addNewcomers(record, unwarned)];
  if (unwarned.length > 0) noteSelected(run, record);
  const after =
    leaving.length === 0 ? before : await logOffAndVerify(run, host, record, leaving, recent?.untilMs);
  state.nameless = namelessIn(after, state.work);
  const failure = gravestFailure(state.work);
  if (failure !== undefined) throw failure;
  const arrived = newcomers(state.work, after, selector);
  // A user who returned and left again, or is no longer selected, has the outcome of the previous logon.
  for (const one of state.work)
    if (one.place.is === "returned" && !arrived.some((session) => isReturnOf(session, one)))
      one.place = { is: "gone" };
  if (!isIncluded) {
    for (const one of addNewcomers(record, arrived))
      settle(one, { session: one.session, outcome: "kept", reason: "arrived-later" });
    return [];
  }
  if (state.passes >= mostPasses && arrived.length > 0) {
    const who = arrived.map(describeSession).join(", ");
    throw new LogoffError(
      "sessions-remain",
      `Cannot finish "${label}": ${who} logged on during the run and would have to be logged off too; run again, with \`drain: until-restart\` to refuse new logons`,
    );
  }
  const added = addNewcomers(record, arrived);
  if (added.length > 0) noteSelected(run, record);
  return added;
}

function usable(recent: RecentListing | undefined, { clock }: RunContext): RecentListing | undefined {
  return recent !== undefined && clock.now() < recent.untilMs ? recent : undefined;
}

/** A new logon replaces the previous one of the same user, so that each user has one row in the report. */
function addNewcomers(record: HostRecord, sessions: readonly Session[]): readonly SessionWork[] {
  const { state } = record;
  const added = sessions.map((session): SessionWork => {
    const before = state.work.find((one) => isReturnOf(session, one));
    if (before === undefined) return sessionWork(session);
    state.work = state.work.filter((one) => one !== before);
    record.warn(
      `Session ${describeSession(session)} has another logon time than before, so it counts as a new logon`,
    );
    const isWarned = warningTimes(before) !== undefined;
    return { ...sessionWork(session), warning: { is: isWarned ? "previous-logon" : "none" } };
  });
  state.work.push(...added);
  return added;
}

function isReturnOf(session: Session, { place }: SessionWork): boolean {
  return place.is === "returned" && isSamePerson(place.session, session);
}

/** Settles sessions that need no logoff: they are gone, or no longer selected. */
function settleUnselected(work: readonly SessionWork[], list: SessionList, selector: Selector): void {
  const open = work.filter((one) => !isDone(one));
  const sessions = open.map(({ session }) => session);
  recheck(sessions, list, selector).before.forEach((found, index) => {
    const one = open[index];
    if (one === undefined) return;
    one.place = whereabouts(one.session, list);
    // A logon time that was unknown before makes the identity more precise.
    if (found.now === "selected") one.session = found.session;
    if (found.now === "gone" || found.now === "returned") settle(one, goneByItself(one));
    if (found.now === "kept") settle(one, { session: found.session, outcome: "kept", reason: found.reason });
  });
}

/**
 * Sessions that match now and are not already being logged off. A session that was gone and is back is new, as is a session that was kept
 * because it no longer matched and matches again. A session that could not be warned stays kept.
 */
function newcomers(work: readonly SessionWork[], list: SessionList, selector: Selector): readonly Session[] {
  if (isOneByOne(selector)) return backAgain(work, list, selector);
  const handled = work.filter((one) => one.place.is === "returned" || isHandled(one));
  return recheck(
    handled.map(({ session }) => session),
    list,
    selector,
  ).arrived;
}

/** Of sessions that were selected individually, only these can be new: the same user is back, or matches again. */
function backAgain(work: readonly SessionWork[], list: SessionList, selector: Selector): readonly Session[] {
  const sessions = work.map(({ session }) => session);
  return recheck(sessions, list, selector).before.flatMap((found, index) => {
    const one = work[index];
    if (one === undefined) return [];
    if (found.now === "returned") one.place = { is: "returned", session: found.session };
    const isNew = found.now === "returned" || (found.now === "selected" && !isHandled(one));
    return isNew ? [found.session] : [];
  });
}

function isHandled(one: SessionWork): boolean {
  if (one.place.is === "gone") return false;
  const outcome = outcomeOf(one);
  if (outcome?.outcome === "kept") return outcome.reason !== "no-longer-matches";
  return outcome?.outcome !== "already-gone" && outcome?.outcome !== "left";
}

/** The gravest failure of a session is the host's; a missing right comes first. */
function gravestFailure(work: readonly SessionWork[]): LogoffError | undefined {
  const failures = work.flatMap((one) => {
    const outcome = outcomeOf(one);
    return outcome?.outcome === "failed" ||
      (outcome?.outcome === "still-present" && outcome.tolerated !== true)
      ? [outcome]
      : [];
  });
  const worst = failures.find(({ code }) => code === "permission-denied") ?? failures[0];
  if (worst === undefined) return undefined;
  const others = failures.length - 1;
  const message =
    others === 0 ? worst.message : `${worst.message}; ${others} more of its sessions failed too`;
  return new LogoffError(worst.code, message);
}
