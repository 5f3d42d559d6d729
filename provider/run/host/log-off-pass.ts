import { LogoffError } from "../../base/errors";
import { isOneByOne, recheck } from "../../session/recheck";
import type { Selector } from "../../session/selector";
import { describeSession, isSamePerson, type Session, type SessionList } from "../../session/session";
import { reasonToStop, type DetectedHost } from "./context";
import { refuseWhoStayed } from "./grace-period";
import { logOffAndVerify } from "./log-off";
import { goneByItself, namelessIn, sessionWork, type HostRecord, type SessionWork } from "./record";

/**
 * Second phase: list and select again, log off, verify.
 * @returns who came meanwhile and matches: they are in the record and are to be taken in one more pass
 * @throws LogoffError of the session that fares worst, `sessions-remain`, and all that asking may throw
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
    // Sessions that a previous run asked to go are waited for all the same.
    open.splice(0, open.length, ...open.filter(({ outcome }) => outcome === undefined));
    for (const one of open) one.waitOnly = true;
  }
  const reason = reasonToStop(host);
  if (open.length > 0 && reason !== undefined) throw reason;
  const isIncluded = plan.ifArrived === "include" || isOneByOne(hostPlan.selector);
  // Without a warning people who just came are no different from the others.
  if (plan.warn === null && isIncluded)
    open.push(...addTracks(host, record, newcomers(work, before, hostPlan.selector)));
  const after = open.length === 0 ? before : await logOffAndVerify(open, host);
  record.nameless = namelessIn(after, work);
  const failure = firstFailure(work);
  if (failure !== undefined) throw failure;
  const arrived = newcomers(work, after, hostPlan.selector);
  // A person who came back and is gone again, or is no longer selected, ended as the previous logon did.
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

/** A new logon replaces the old one of the same person, so that each person has one row in the report. */
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

/** Settles who needs no logoff any more: gone without us, or no longer meant. */
function lookAt(work: readonly SessionWork[], list: SessionList, selector: Selector): void {
  const open = work.filter(({ outcome }) => outcome === undefined);
  const sessions = open.map(({ session }) => session);
  recheck(sessions, list, selector).before.forEach((second, index) => {
    const one = open[index];
    if (one === undefined) return;
    if (second.now === "closing") one.where = "closing";
    // A logon time that was not known at first makes the identity firmer.
    if (second.now === "selected") one.session = second.session;
    if (second.now === "returned") one.returned = second.session;
    if (second.now === "gone" || second.now === "returned") one.outcome = goneByItself(one);
    if (second.now === "kept")
      one.outcome = { session: second.session, outcome: "kept", reason: second.reason };
  });
}

/**
 * Who matches now and is not on the way out already. Who was gone and came back is a newcomer, and so is who was kept
 * because they no longer matched, and matches again. Who could not be warned stays kept.
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

/** The worst that happened to a session names the host's failure: what a right would mend comes first. */
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
