import { LogoffError } from "../../base/errors";
import { isOneByOne, lookAgain } from "../../session/recheck";
import type { Selector } from "../../session/selector";
import { describeSession, isSamePerson, type Session, type SessionList } from "../../session/session";
import { hindrance, type DetectedHost } from "./context";
import { refuseWhoStayed } from "./grace-period";
import { logOffAndVerify } from "./log-off";
import { goneByItself, namelessIn, track, type HostRecord, type Track } from "./record";

/**
 * Second phase: list and select again, log off, verify.
 * @returns who came meanwhile and matches: they are in the record and are to be taken in one more pass
 * @throws LogoffError of the session that fares worst, `sessions-remain`, and all that asking may throw
 */
export async function closeHost(
  host: DetectedHost,
  record: HostRecord,
  isLastPass: boolean,
): Promise<readonly Track[]> {
  const { link, backend, hostPlan, plan, label } = host;
  const { tracks } = record;
  const before = await link.ask(backend.list());
  lookAt(tracks, before, hostPlan.selector);
  const open = tracks.filter(({ outcome }) => outcome === undefined);
  if (plan.atDeadline === "fail") {
    refuseWhoStayed(open, label);
    // Sessions that a previous run asked to go are waited for all the same.
    open.splice(0, open.length, ...open.filter(({ outcome }) => outcome === undefined));
    for (const one of open) one.waitOnly = true;
  }
  const hindered = hindrance(host);
  if (open.length > 0 && hindered !== undefined) throw hindered;
  const isIncluded = plan.ifArrived === "include" || isOneByOne(hostPlan.selector);
  // Without a warning people who just came are no different from the others.
  if (plan.warn === null && isIncluded)
    open.push(...addTracks(host, record, newcomers(tracks, before, hostPlan.selector)));
  const after = open.length === 0 ? before : await logOffAndVerify(open, host);
  record.nameless = namelessIn(after, tracks);
  const failure = firstFailure(tracks);
  if (failure !== undefined) throw failure;
  const arrived = newcomers(tracks, after, hostPlan.selector);
  // A person who came back and is gone again, or is no longer selected, ended as the previous logon did.
  for (const one of tracks) if (!arrived.some((session) => isReturnOf(session, one))) delete one.returned;
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
  { tracks }: HostRecord,
  sessions: readonly Session[],
): readonly Track[] {
  const added = sessions.map((session): Track => {
    const index = tracks.findIndex((one) => isReturnOf(session, one));
    if (index < 0) return track(session);
    const [before] = tracks.splice(index, 1);
    host.warn(
      `Session ${describeSession(session)} on "${host.label}" has a different logon time than before: treated as a new logon`,
    );
    return { ...track(session), ...(before?.warned === undefined ? {} : { warnedBefore: true }) };
  });
  tracks.push(...added);
  return added;
}

function isReturnOf(session: Session, { returned }: Track): boolean {
  return returned !== undefined && isSamePerson(returned, session);
}

/** Settles who needs no logoff any more: gone without us, or no longer meant. */
function lookAt(tracks: readonly Track[], list: SessionList, selector: Selector): void {
  const open = tracks.filter(({ outcome }) => outcome === undefined);
  const sessions = open.map(({ session }) => session);
  lookAgain(sessions, list, selector).before.forEach((second, index) => {
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
function newcomers(tracks: readonly Track[], list: SessionList, selector: Selector): readonly Session[] {
  const handled = tracks.filter(
    ({ where, outcome, returned }) =>
      returned !== undefined ||
      (where !== "gone" &&
        outcome?.outcome !== "already-gone" &&
        outcome?.outcome !== "left" &&
        !(outcome?.outcome === "kept" && outcome.reason === "no-longer-matches")),
  );
  return lookAgain(
    handled.map(({ session }) => session),
    list,
    selector,
  ).arrived;
}

/** The worst that happened to a session names the host's failure: what a right would mend comes first. */
function firstFailure(tracks: readonly Track[]): LogoffError | undefined {
  const failures = tracks.flatMap(({ outcome }) =>
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
