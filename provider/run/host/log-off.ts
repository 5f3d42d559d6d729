import type { Action, LogoffAnswer, Query } from "../../backend/backend";
import { onAbort } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { mapConcurrent } from "../../base/concurrency";
import { asLogoffError, LogoffError, type ErrorCode } from "../../base/errors";
import type { SessionOutcome } from "../../report/report";
import { recheck } from "../../session/recheck";
import { describeSession, whereabouts, type Session, type SessionList } from "../../session/session";
import { reasonToStop, type DetectedHost } from "./context";
import { isAnswerLost } from "./host-connection";
import { goneByItself, type SessionWork } from "./record";

/** Concurrent logoffs per host. With the listing that watches them, at most four commands run at once. */
const logoffsAtOnce = 2;
/** `logoff` may block although the session is gone, so the sessions are listed after this time, answered or not. */
const firstLookMs = 2_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** Processes that remain after their session ended may still be saving their work. */
const leftoverMs = 10_000;
/** After an unknown error the session may still end within this time; the listing decides. */
const refusalMs = 5_000;
/** A session that was reset is gone within this time, or it stays. */
const resetTimeoutMs = 60_000;
/** The reason of a wait that ends in time. Created once, because the stack of an error costs more than a timer. */
const inTime = new LogoffError("aborted", "It ended in time");
/** The reason of a command that is not sent because its session went, or seems to go, while it waited. */
const unwanted = new LogoffError("aborted", "It is not wanted any more");

/**
 * Sends the logoff of every session at most once, and lists until no session is left or the time is up. Then resets stuck sessions if the plan
 * allows it. Listings decide: `logoff` may return 0 without effect, and may hang after it took effect. Sets the outcome of every session.
 * @returns the last listing
 * @throws LogoffError if the host can no longer be listed; sessions without an outcome are not verified then
 */
export async function logOffAndVerify(
  work: readonly SessionWork[],
  host: DetectedHost,
): Promise<SessionList> {
  const list = await sendAndWatch(work, host, send, host.plan.timeouts.logoffMs);
  const stuck = work.filter(isStuck);
  if (host.plan.ifStuck === "continue") for (const one of work) tolerate(one, host);
  const left = work.filter(({ leftover }) => leftover !== undefined);
  if (host.plan.ifStuck !== "reset" || stuck.length + left.length === 0 || reasonToStop(host) !== undefined) {
    for (const one of left) reportLeftover(one, host);
    return list;
  }
  for (const one of [...stuck, ...left]) {
    delete one.outcome;
    delete one.askedAtMs;
    delete one.answer;
    one.where = "present";
  }
  const after = await sendAndWatch([...stuck, ...left], host, reset, resetTimeoutMs);
  for (const one of [...stuck, ...left]) reportLeftover(one, host);
  return after;
}

/** The user is logged out, as intended, so remaining processes are a warning and no failure. */
function reportLeftover({ session, leftover, isReset }: SessionWork, host: DetectedHost): void {
  if (leftover === undefined) return;
  const what = `session ${describeSession(session)} on "${host.label}"`;
  const advice = isReset ? "which the reset did not end either" : "ifStuck: reset would end them";
  host.warn(`Logged off ${what}, which left processes behind (${leftover.stateText}); ${advice}`);
}

/** Whether a session is still there although its logoff was sent and the host is no longer busy with it. */
function isStuck({ where, answer, outcome, sentAtMs }: SessionWork): boolean {
  const wasAsked = sentAtMs !== undefined;
  return wasAsked && outcome?.outcome === "still-present" && where === "present" && answer?.kind !== "busy";
}

type Send = (
  one: SessionWork,
  all: readonly SessionWork[],
  host: DetectedHost,
  ended: AbortSignal,
) => Promise<void>;

async function sendAndWatch(
  work: readonly SessionWork[],
  host: DetectedHost,
  how: Send,
  timeoutMs: number,
): Promise<SessionList> {
  const { clock, signal, connection, backend } = host;
  const watchEnds = new AbortController();
  const startedAtMs = clock.now();
  let sentAtMs: number | undefined;
  let sendings = 0;
  const begin = async (some: readonly SessionWork[]): Promise<void> => {
    sendings += 1;
    await mapConcurrent(some, logoffsAtOnce, (one) => how(one, work, host, watchEnds.signal));
    sendings -= 1;
    if (watchEnds.signal.aborted || sentAtMs !== undefined) return;
    host.spent("logged-off", startedAtMs);
    sentAtMs = clock.now();
  };
  const sending = begin(work);
  try {
    await atMost(sending, firstLookMs, clock, signal);
    let waitingFor = 0;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const isInTime = clock.now() - startedAtMs < timeoutMs;
      const list = await connection.ask(isInTime ? unlessContradictory(backend.list()) : backend.list());
      if (list === undefined) {
        await clock.sleep(pauseMs, signal);
        continue;
      }
      const turnMayCome = sendings > 0 || clock.now() - startedAtMs < timeoutMs;
      for (const one of work) settle(one, list, { startedAtMs, timeoutMs, turnMayCome }, host);
      const open = work.filter(({ outcome }) => outcome === undefined);
      if (open.length === 0) return list;
      // Skipped while it seemed to be closing, or because its connection was lost before its turn, which comes now.
      const passedOver = open.filter(
        (one) => one.askedAtMs === undefined && one.answer === undefined && isThere(one),
      );
      if (sendings === 0 && passedOver.length > 0) void begin(passedOver);
      if (open.length !== waitingFor) {
        const sessions = open.map(({ session }) => session);
        host.onProgress({ type: "host-waiting", host: host.label, sessions });
      }
      waitingFor = open.length;
      await clock.sleep(pauseMs, signal);
    }
  } finally {
    watchEnds.abort(inTime);
    host.spent(sentAtMs === undefined ? "logged-off" : "verified", sentAtMs ?? startedAtMs);
  }
}

/** The same query, but a contradictory list is undefined: closing sessions look like that. */
function unlessContradictory(query: Query<SessionList>): Query<SessionList | undefined> {
  return {
    ...query,
    parse: (results) => {
      try {
        return query.parse(results);
      } catch (thrown) {
        if (thrown instanceof LogoffError && thrown.isContradiction) return undefined;
        throw thrown;
      }
    },
  };
}

/** Waits for `work`, which must not reject, for at most `ms`. */
function atMost(work: Promise<unknown>, ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      stopTimer();
      stopListening();
      resolve();
    };
    const stopTimer = clock.after(ms, end);
    const stopListening = onAbort(signal, end);
    void work.then(end);
  });
}

/** Never rejects: an error is the answer. */
async function send(
  one: SessionWork,
  all: readonly SessionWork[],
  host: DetectedHost,
  ended: AbortSignal,
): Promise<void> {
  const denied = all.map(({ answer }) => answer).find((answer) => answer?.kind === "denied");
  // Without the right, no other logoff is sent to this host.
  if (denied !== undefined && one.outcome === undefined) {
    one.answer ??= denied;
    return;
  }
  const { plan, backend, label } = host;
  const timeoutMs = Math.min(plan.timeouts.commandMs, plan.timeouts.logoffMs);
  await dispatch(
    one,
    host,
    ended,
    (session) => backend.logOff(session),
    timeoutMs,
    () => {
      host.onProgress({ type: "session-logoff-sent", host: label, session: one.session });
    },
  );
}

/** Never rejects. A stopped run resets nobody. */
async function reset(
  one: SessionWork,
  _all: readonly SessionWork[],
  host: DetectedHost,
  ended: AbortSignal,
): Promise<void> {
  const { plan, backend, label } = host;
  await dispatch(
    one,
    host,
    ended,
    (session) => backend.reset(session),
    plan.timeouts.commandMs,
    () => {
      one.isReset = true;
      host.onProgress({ type: "session-reset", host: label, session: one.session });
      host.warn(
        `Reset session ${describeSession(one.session)} on "${label}": it did not end after the logoff`,
      );
    },
  );
}

/**
 * Sends a command for a session, unless the session is gone or there is a reason to stop. This is checked when the command's turn on the
 * connection has come, because servers behind one host may wait long for it.
 */
async function dispatch(
  one: SessionWork,
  host: DetectedHost,
  ended: AbortSignal,
  command: (session: Session) => Action<LogoffAnswer>,
  timeoutMs: number,
  tell: () => void,
): Promise<void> {
  const isWanted = (): boolean =>
    one.outcome === undefined && !ended.aborted && isThere(one) && one.waitOnly !== true;
  if (!isWanted()) return;
  const isFirstEver = one.sentAtMs === undefined;
  let isTold = false;
  const onTurn = (): void => {
    const reason = reasonToStop(host);
    if (reason !== undefined || !isWanted()) throw reason ?? unwanted;
    one.sentAtMs ??= host.clock.now();
    one.askedAtMs = host.clock.now();
    if (!isTold) tell();
    isTold = true;
  };
  // Nothing was sent, and the connection may end before the next attempt.
  const onNoRoom = (): void => {
    delete one.askedAtMs;
    if (isFirstEver) delete one.sentAtMs;
  };
  try {
    one.answer = await host.connection.perform(command(one.session), timeoutMs, {
      onTurn,
      onNoRoom,
      mayBlock: true,
    });
  } catch (thrown) {
    const error = asLogoffError(thrown, "command-failed", "Cannot send the command");
    const isSent = one.askedAtMs !== undefined;
    const reason = isSent ? undefined : reasonToStop(host);
    if (reason !== undefined) one.answer = { kind: "withheld", error: reason };
    // Never sent: its turn comes again if it is still wanted.
    else if (!isSent && (error === unwanted || isAnswerLost(error))) return;
    else one.answer = isAnswerLost(error) ? { kind: "lost" } : { kind: "refused", detail: error.message };
  }
}

/** Whether a command could end something: the session, or the processes that it left behind. */
function isThere({ where, leftover }: SessionWork): boolean {
  return where === "present" || leftover !== undefined;
}

interface Watch {
  readonly startedAtMs: number;
  readonly timeoutMs: number;
  /** Whether a logoff that was not sent yet may still be sent. */
  readonly turnMayCome: boolean;
}

/** Sets the outcome of a session if the listing, the answer and the time allow one. */
function settle(
  one: SessionWork,
  list: SessionList,
  { startedAtMs, timeoutMs, turnMayCome }: Watch,
  host: DetectedHost,
): void {
  if (one.outcome !== undefined) return;
  const { answer } = one;
  const place = whereabouts(one.session, list);
  const reappears = one.where === "closing" && place.is === "present";
  one.where = place.is;
  // A row without a user cannot be selected, so no logoff is sent before it is selected again.
  if (reappears && one.sentAtMs === undefined && one.waitOnly !== true) {
    const [second] = recheck([one.session], list, host.hostPlan.selector).before;
    if (second?.now === "kept") {
      one.outcome = { session: second.session, outcome: "kept", reason: second.reason };
      return;
    }
    if (second?.now === "selected") one.session = second.session;
  }
  const { session } = one;
  const late = host.clock.now() - (one.askedAtMs ?? startedAtMs) >= timeoutMs;
  if (place.is === "gone" || place.is === "returned") {
    delete one.leftover;
    if (place.is === "returned") one.returned = place.session;
    else if (place.leftover !== undefined && one.sentAtMs !== undefined) {
      one.leftover = place.leftover;
      // The processes get as much time as a logoff if a reset follows, and a short time otherwise.
      const wait = host.plan.ifStuck === "reset" ? timeoutMs : Math.min(timeoutMs, leftoverMs);
      const mayBeAsked = answer === undefined && turnMayCome;
      const askedAtMs = one.askedAtMs ?? (mayBeAsked ? Infinity : one.sentAtMs);
      if (host.clock.now() - askedAtMs < wait) return;
    }
    // A session that ends between its logoff and the reset has followed the logoff.
    const isAnswerOurs = one.isReset === true || (answer?.kind !== "absent" && answer?.kind !== "denied");
    const ours = one.sentAtMs !== undefined && isAnswerOurs;
    one.outcome = ours ? { session, outcome: "logged-off" } : goneByItself(one);
    host.onProgress({ type: "session-gone", host: host.label, session });
    return;
  }
  if (one.where === "present" && one.waitOnly === true) {
    one.outcome = { session, outcome: "kept", reason: "no-longer-matches" };
    return;
  }
  if (one.where === "present") {
    if (answer?.kind === "denied") one.outcome = failed(one, "permission-denied", answer.detail, host);
    const patient = host.clock.now() - (one.askedAtMs ?? startedAtMs) < refusalMs;
    if (answer?.kind === "refused" && !patient)
      one.outcome = failed(one, "command-failed", answer.detail, host);
    if (answer?.kind === "withheld") one.outcome = failed(one, answer.error.code, answer.error.message, host);
  }
  // A session whose turn has not come waits for it; the commands before it have their own deadlines.
  const untried = one.askedAtMs === undefined && one.where === "present";
  if (!late || (untried && turnMayCome)) return;
  one.outcome ??=
    untried && one.sentAtMs === undefined
      ? failed(
          one,
          "command-failed",
          `it could not be asked to go for ${seconds(timeoutMs)}; run again`,
          host,
        )
      : stillPresent(one, timeoutMs, host);
}

function failed(
  { session }: SessionWork,
  code: ErrorCode,
  detail: string,
  { label }: DetectedHost,
): SessionOutcome {
  const message = `Cannot log off session ${describeSession(session)} on "${label}": ${detail}`;
  return { session, outcome: "failed", code, message };
}

function stillPresent(one: SessionWork, timeoutMs: number, { label, plan }: DetectedHost): SessionOutcome {
  const { session } = one;
  const waited = `still there ${seconds(timeoutMs)} after the request; ${whyStill(one, plan)}`;
  const message = `Cannot log off session ${describeSession(session)} on "${label}": ${waited}`;
  return { session, outcome: "still-present", code: "session-stuck", message };
}

function whyStill({ where, answer, isReset }: SessionWork, { ifStuck }: DetectedHost["plan"]): string {
  if (where === "closing") return "the host is still closing it";
  if (answer?.kind === "busy") return "the host says that it is busy with it";
  if (isReset) return "the reset did not end it either: restart the host";
  if (ifStuck === "reset") return "it could not be reset: run again, or restart the host";
  return "it did not end: look at its processes on the host, restart the host, or allow ifStuck: reset";
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** The restart that follows will end the session, so it is a warning and no failure. */
function tolerate(one: SessionWork, host: DetectedHost): void {
  if (one.outcome?.outcome !== "still-present") return;
  host.warn(one.outcome.message);
  one.outcome = { ...one.outcome, tolerated: true };
}
