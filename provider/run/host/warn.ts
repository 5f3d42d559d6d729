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
 * Sends everybody the first warning who has not had it in an earlier run and is still within their grace period.
 * @returns when the host's grace period ends, on the monotonic clock
 * @throws LogoffError when the run was stopped, or with `ifUndelivered: "fail"`
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
  // Of several warnings the latest counts, so that nobody gets less than they were told: people are warned a few at a time, and
  // a host may be slow to show them.
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
  // Marked again when its turn on the connection has come, which servers behind one host may have to wait long for.
  await sendAll(unwarned, warn, { remainingMs: warn.gracePeriodMs, onTurn: mark }, host, mark);
  return latestAtMs + warn.gracePeriodMs;
}

/** Whoever was warned in an earlier run and is still within their grace period is not warned again. */
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

/** Warned, and not yet reminded in this step. */
export function lacks({ warned }: SessionWork, reminderMs: number): boolean {
  return warned !== undefined && !warned.remindersMs.includes(reminderMs);
}

/** Made once: a host may have many people. */
const tooLate = new LogoffError("aborted", "the time of the reminder had passed when its turn came");

/** Reminds everybody who has not had this reminder, unless its time has passed. @throws LogoffError as {@link warnFirst} */
export async function remind(
  people: readonly SessionWork[],
  reminderMs: number,
  remainingMs: number,
  warn: WarnPlan,
  host: DetectedHost,
): Promise<void> {
  // Servers behind one host may have to wait long for their turn on its connection.
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

/** Warned, still there, and never asked to go (a withheld logoff counts as never asked). A new logon of a warned person counts as warned. */
export function awaitsCancel({ warned, warnedBefore, sentAtMs, outcome, returned }: SessionWork): boolean {
  const isThere = outcome === undefined || outcome.outcome === "failed" || returned !== undefined;
  return (warned !== undefined || warnedBefore === true) && sentAtMs === undefined && isThere;
}

/** Tells everybody who was warned that nothing happens after all. Best effort, never throws. */
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
    // Somebody else may have the ID by now.
    if (where !== "present" && where !== "returned") return;
    // Who was told that nothing happens has to be warned anew.
    delete one.warned;
    delete one.warnedBefore;
    host.onProgress({ type: "warning-withdrawn", host: host.label, session });
    const { action } = host.backend.warn(session, fill(text, session, 0, host), cancelSeconds);
    if (action !== undefined)
      await host.connection.perform(action, host.plan.timeouts.commandMs).catch(() => undefined);
  });
}

/** A cancellation stays on the screen for an hour: nothing follows that would replace it. */
const cancelSeconds = 3600;

/** A message that was not sent is tried so often: the connections of a host may go on dying. */
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
  // A reminder that fails is one of several, and its receiver has been warned: only the first warning decides.
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
    // Marked before it is sent: when the answer is lost, nobody is warned twice.
    mark(one);
    onProgress({
      type: "session-warning",
      host: label,
      session,
      ...(reminderMs === undefined ? {} : { reminderMs }),
    });
    const { problem, isUnknown } = await deliver(warning, one);
    // A reminder's receiver was warned before. Where an answer was lost, who insists on warnings cannot count on it.
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

  /** What was in the way, and whether the text may have been shown all the same. */
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
        // Who is gone needs no warning; the next listing tells.
        return { isUnknown: false, ...(answer.kind === "undelivered" ? { problem: answer.detail } : {}) };
      } catch (thrown) {
        const error = asLogoffError(thrown, "command-failed", "the message could not be sent");
        // Its connection died before its turn: nobody can have seen it.
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

/** {minutes} is rounded up: nobody is promised less time than they have left. */
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
