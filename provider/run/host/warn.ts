import type { Warning } from "../../backend/backend";
import { mapConcurrent } from "../../base/concurrency";
import { asLogoffError, LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { WarnPlan } from "../../plan/plan";
import { describeSession, whereabouts, type Session } from "../../session/session";
import { reasonToStop, type DetectedHost } from "./context";
import { isAnswerLost } from "./host-connection";
import type { SessionWork } from "./record";

/** Concurrent warnings per host. */
const warningsAtOnce = 4;

/**
 * Sends the first warning to every user whom a previous run has not warned within the grace period.
 * @returns when the host's grace period ends, on the monotonic clock
 * @throws LogoffError if the run is stopped, or with `ifUndelivered: "fail"`
 */
export async function warnFirst(
  people: readonly SessionWork[],
  warn: WarnPlan,
  host: DetectedHost,
): Promise<number> {
  const { clock } = host;
  adoptWarnings(people, warn, host);
  if (!people.some(isReachable)) return clock.now();
  const nowMs = clock.date().getTime();
  const unwarned = people.filter((one) => one.warned === undefined && isReachable(one));
  // The latest of the warnings counts, so that nobody gets less time than promised: users are warned a few at a time, and a host may be
  // slow to show the messages.
  const latest = Math.max(...people.map(({ warned }) => (warned ? Date.parse(warned.warnedAt) : nowMs)));
  let latestAtMs = clock.now() - (nowMs - latest);
  const mark = (one: SessionWork): void => {
    one.warned = {
      id: one.session.id,
      user: one.session.user ?? "",
      ...(one.session.logonTime === undefined ? {} : { logonTime: one.session.logonTime }),
      warnedAt: clock.date().toISOString(),
      remindersMs: [],
    };
    latestAtMs = clock.now();
  };
  // Marked again when its turn on the connection has come, for which servers behind one host may wait long.
  await sendAll(unwarned, warn, { remainingMs: warn.gracePeriodMs, onTurn: mark }, host, mark);
  return latestAtMs + warn.gracePeriodMs;
}

/** Users whom a previous run warned and who are still within their grace period are not warned again. */
export function adoptWarnings(people: readonly SessionWork[], warn: WarnPlan, host: DetectedHost): void {
  const { clock, previous } = host;
  const nowMs = clock.date().getTime();
  for (const one of people.filter(isReachable)) {
    const before = previous?.warned.find(
      ({ id, user, logonTime }) =>
        id === one.session.id &&
        user.toLowerCase() === one.session.user?.toLowerCase() &&
        (logonTime === undefined ||
          one.session.logonTime === undefined ||
          logonTime === one.session.logonTime),
    );
    const age = before === undefined ? Infinity : nowMs - Date.parse(before.warnedAt);
    if (before !== undefined && age >= 0 && age < warn.gracePeriodMs) one.warned = before;
  }
}

/** A session that is already closing no longer shows messages. */
function isReachable({ where }: SessionWork): boolean {
  return where === "present";
}

/** Whether a user is warned but lacks this reminder. */
export function lacks({ warned }: SessionWork, reminderMs: number): boolean {
  return warned !== undefined && !warned.remindersMs.includes(reminderMs);
}

/** Created once, because a host may have many users. */
const tooLate = new LogoffError("aborted", "the time of the reminder had passed when its turn came");

/** Sends a reminder to every user who has not received it, unless its time has passed. @throws LogoffError as {@link warnFirst} */
export async function remind(
  people: readonly SessionWork[],
  reminderMs: number,
  remainingMs: number,
  warn: WarnPlan,
  host: DetectedHost,
): Promise<void> {
  // Servers behind one host may wait long for their turn on its connection.
  const lateAtMs = host.clock.now() + remainingMs - reminderMs / 2;
  const onTurn = (): void => {
    if (host.clock.now() > lateAtMs) throw tooLate;
  };
  await sendAll(
    people.filter((one) => lacks(one, reminderMs)),
    warn,
    { remainingMs, reminderMs, onTurn },
    host,
    (one) => {
      if (one.warned) one.warned = { ...one.warned, remindersMs: [...one.warned.remindersMs, reminderMs] };
    },
    "continue",
  );
}

/** Whether a user is warned, still there, and has no logoff sent (a withheld one counts as not sent). A new logon of a warned user counts as warned. */
export function awaitsCancel({ warned, warnedBefore, sentAtMs, outcome, returned }: SessionWork): boolean {
  const isThere = outcome === undefined || outcome.outcome === "failed" || returned !== undefined;
  return (warned !== undefined || warnedBefore === true) && sentAtMs === undefined && isThere;
}

/** Sends the cancel message to every user who was warned. Best effort; never throws. */
export async function sendCancelMessage(
  people: readonly SessionWork[],
  warn: WarnPlan,
  host: DetectedHost,
): Promise<void> {
  const text = warn.cancelMessage;
  if (text === undefined) return;
  const list = await host.connection.ask(host.backend.list()).catch(() => undefined);
  const told = people.filter(awaitsCancel);
  await mapConcurrent(told, warningsAtOnce, async (one) => {
    const { session } = one;
    const where = list === undefined ? "present" : whereabouts(session, list).is;
    // Another user may have the ID now.
    if (where !== "present" && where !== "returned") return;
    // A user who received the cancel message has to be warned again.
    delete one.warned;
    delete one.warnedBefore;
    host.onProgress({ type: "warning-withdrawn", host: host.label, session });
    const { action } = host.backend.warn(session, fill(text, session, 0, host), cancelSeconds);
    if (action !== undefined)
      await host.connection.perform(action, host.plan.timeouts.commandMs).catch(() => undefined);
  });
}

/** A cancel message stays on the screen for an hour, because no other message replaces it. */
const cancelSeconds = 3600;

/** Attempts per message that was not sent, because a host may keep losing its connections. */
const mostTries = 3;

async function sendAll(
  people: readonly SessionWork[],
  warn: WarnPlan,
  step: {
    readonly remainingMs: number;
    readonly reminderMs?: number;
    readonly onTurn?: (one: SessionWork) => void;
  },
  host: DetectedHost,
  mark: (one: SessionWork) => void,
  // Only the first warning decides: the receiver of a failed reminder has been warned.
  ifUndelivered: WarnPlan["ifUndelivered"] = warn.ifUndelivered,
): Promise<void> {
  const { connection, label, plan, backend, onProgress } = host;
  const { remainingMs, reminderMs } = step;
  const failures: string[] = [];
  await mapConcurrent(people, warningsAtOnce, async (one) => {
    const { session } = one;
    if (reasonToStop(host) !== undefined) return;
    const text = fill(warn.message, session, remainingMs, host);
    const warning = backend.warn(session, text, remainingMs / 1000);
    report(warning, session, host);
    // Marked before it is sent, so that nobody is warned twice if the answer is lost.
    mark(one);
    onProgress({
      type: "session-warning",
      host: label,
      session,
      ...(reminderMs === undefined ? {} : { reminderMs }),
    });
    const { problem, isUnknown } = await deliver(warning, one);
    // The receiver of a reminder was warned before. After a lost answer the warning does not count as delivered.
    const counts =
      problem === undefined || reminderMs !== undefined || (isUnknown && ifUndelivered === "continue");
    if (!counts) one.untold = true;
    onProgress({
      type: "session-warned",
      host: label,
      session,
      delivered: problem === undefined,
      counts,
      remainingMs,
    });
    if (problem === undefined) return;
    failures.push(`${describeSession(session)}: ${problem}`);
    host.warn(`Could not warn session ${describeSession(session)} on "${label}": ${problem}`);
    if (ifUndelivered === "keep") one.outcome = { session, outcome: "kept", reason: "not-warned" };
  });
  const reason = reasonToStop(host);
  if (reason !== undefined) throw reason;
  if (ifUndelivered === "fail" && failures.length > 0) {
    throw new LogoffError(
      "command-failed",
      `Cannot warn everybody on "${label}": ${failures.slice(0, 5).join("; ")}`,
    );
  }

  /** The error, and whether the message may have been shown nevertheless. */
  async function deliver(
    { action, cannot }: Warning,
    one: SessionWork,
  ): Promise<{ readonly problem?: string; readonly isUnknown: boolean }> {
    if (action === undefined)
      return { problem: cannot ?? "this session cannot be reached by a message", isUnknown: false };
    let sent = 0;
    const onTurn = (): void => {
      const reason = reasonToStop(host);
      if (reason !== undefined) {
        if (reminderMs === undefined) delete one.warned;
        throw reason;
      }
      step.onTurn?.(one);
      sent += 1;
    };
    const onNoRoom = (): void => void (sent -= 1);
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await connection.perform(action, plan.timeouts.commandMs, { onTurn, onNoRoom });
        // A session that is gone needs no warning; the next listing shows it.
        return { isUnknown: false, ...(answer.kind === "undelivered" ? { problem: answer.detail } : {}) };
      } catch (thrown) {
        const error = asLogoffError(thrown, "command-failed", "the message could not be sent");
        // The connection was lost before its turn, so nobody can have seen the message.
        if (sent === 0 && error.code === "connection-lost" && tries < mostTries) continue;
        return { problem: error.message, isUnknown: sent > 0 && isAnswerLost(error) };
      }
    }
  }
}

function report({ cut, replaced }: Warning, session: Session, { label, warn }: DetectedHost): void {
  const who = `The warning for session ${describeSession(session)} on "${label}"`;
  if (cut) warn(`${who} was cut: with everything filled in it is longer than the host takes`);
  if (replaced) warn(`${who} shows "?" for characters that the host's code page lacks`);
}

/** `{minutes}` is rounded up, so that nobody is promised less time than is left. */
function fill(
  template: string,
  { user }: Session,
  remainingMs: number,
  { hostPlan: { host } }: DetectedHost,
): string {
  const values: Readonly<Record<string, string>> = {
    minutes: String(Math.ceil(remainingMs / 60_000)),
    user: printable(user ?? "", 64),
    host: host.server ?? host.address,
  };
  return template.replace(/\{(minutes|user|host)\}/gu, (_, name: string) => values[name] ?? "");
}
