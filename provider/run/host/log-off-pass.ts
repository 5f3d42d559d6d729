import { LogoffError } from "../../base/errors";
import { isOneByOne, recheck } from "../../session/recheck";
import type { Selector } from "../../session/selector";
import { describeSession, isSamePerson, type Session, type SessionList } from "../../session/session";
import { reasonToStop, type DetectedHost } from "./context";
import { refuseWhoStayed } from "./grace-period";
import { logOffAndVerify } from "./log-off";
import { goneByItself, namelessIn, sessionWork, type HostRecord, type SessionWork } from "./record";

/**
 * Second phase: lists and selects again, logs off, verifies.
 * @returns sessions that arrived since and match; they are in the record, for one more pass
 * @throws LogoffError of the session with the gravest failure, `sessions-remain`, and all errors of a query
 */
export async function logOffPass(
  host: DetectedHost,
  record: HostRecord,
  isLastPass: boolean,
): Promise<readonly SessionWork[]> {
  const { connection, backend, hostPlan, plan, label } = host;
  const { work } = record;
  const before = await connection.ask(backend.list());
  lookAt(work, before, hostPlan.selector);
  const open = work.filter(({ outcome }) => outcome === undefined);
  if (plan.atDeadline === "fail") {
    refuseWhoStayed(open, label);
    // Sessions whose logoff a previous run sent are waited for nevertheless.
    open.splice(0, open.length, ...open.filter(({ outcome }) => outcome === undefined));
    for (const one of open) one.waitOnly = true;
  }
  const reason = reasonToStop(host);
  if (open.length > 0 && reason !== undefined) throw reason;
  const isIncluded = plan.ifArrived === "include" || isOneByOne(hostPlan.selector);
  // Without a warning, new sessions are treated like the others.
  if (plan.warn === null && isIncluded)
    open.push(...addTracks(host, record, newcomers(work, before, hostPlan.selector)));
  const after = open.length === 0 ? before : await logOffAndVerify(open, host);
  record.nameless = namelessIn(after, work);
  const failure = firstFailure(work);
  if (failure !== undefined) throw failure;
  const arrived = newcomers(work, after, hostPlan.selector);
  // A user who returned and has left again, or is no longer selected, has the outcome of the previous logon.
  for (const one of work) if (!arrived.some((session) => isReturnOf(session, one))) delete one.returned;
  if (!isIncluded) {
    for (const one of addTracks(host, record, arrived))
      one.outcome = { session: one.session, outcome: "kept", reason: "arrived-later" };
    return [];
  }
  if (isLastPass && arrived.length > 0) {
    const who = arrived.map(describeSession).join(", ");
    throw new LogoffError(
      "sessions-remain",
      `Cannot finish "${label}": ${who} logged on meanwhile and would have to be logged off too; run again, or drain the host`,
    );
  }
  return addTracks(host, record, arrived);
}

/** A new logon replaces the previous one of the same user, so that each user has one row in the report. */
function addTracks(
  host: DetectedHost,
  { work }: HostRecord,
  sessions: readonly Session[],
): readonly SessionWork[] {
  const added = sessions.map((session): SessionWork => {
    const index = work.findIndex((one) => isReturnOf(session, one));
    if (index < 0) return sessionWork(session);
    const [before] = work.splice(index, 1);
    host.warn(
      `Session ${describeSession(session)} on "${host.label}" has a different logon time than before: treated as a new logon`,
    );
    return { ...sessionWork(session), ...(before?.warned === undefined ? {} : { warnedBefore: true }) };
  });
  work.push(...added);
  return added;
}

function isReturnOf(session: Session, { returned }: SessionWork): boolean {
  return returned !== undefined && isSamePerson(returned, session);
}

/** Settles sessions that need no logoff: they are gone, or no longer selected. */
function lookAt(work: readonly SessionWork[], list: SessionList, selector: Selector): void {
  const open = work.filter(({ outcome }) => outcome === undefined);
  const sessions = open.map(({ session }) => session);
  recheck(sessions, list, selector).before.forEach((second, index) => {
    const one = open[index];
    if (one === undefined) return;
    if (second.now === "closing") one.where = "closing";
    // A logon time that was unknown before makes the identity more precise.
    if (second.now === "selected") one.session = second.session;
    if (second.now === "returned") one.returned = second.session;
    if (second.now === "gone" || second.now === "returned") one.outcome = goneByItself(one);
    if (second.now === "kept")
      one.outcome = { session: second.session, outcome: "kept", reason: second.reason };
  });
}

/**
 * Sessions that match now and are not being logged off already. A session that was gone and is back is new, and so is one that was kept because
 * it no longer matched and matches again. A session that could not be warned stays kept.
 */
function newcomers(work: readonly SessionWork[], list: SessionList, selector: Selector): readonly Session[] {
  const handled = work.filter(
    ({ where, outcome, returned }) =>
      returned !== undefined ||
      (where !== "gone" &&
        outcome?.outcome !== "already-gone" &&
        outcome?.outcome !== "left" &&
        !(outcome?.outcome === "kept" && outcome.reason === "no-longer-matches")),
  );
  return recheck(
    handled.map(({ session }) => session),
    list,
    selector,
  ).arrived;
}

/** The gravest failure of a session is the host's; a missing right comes first. */
function firstFailure(work: readonly SessionWork[]): LogoffError | undefined {
  const failures = work.flatMap(({ outcome }) =>
    outcome?.outcome === "failed" || (outcome?.outcome === "still-present" && outcome.tolerated !== true)
      ? [outcome]
      : [],
  );
  const worst = failures.find(({ code }) => code === "permission-denied") ?? failures[0];
  if (worst === undefined) return undefined;
  const others = failures.length - 1;
  const message = others === 0 ? worst.message : `${worst.message}; and ${others} more of its sessions`;
  return new LogoffError(worst.code, message);
}
