import { mapped, type Query } from "../../backend/backend";
import { onAbort } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { mapConcurrent } from "../../base/concurrency";
import { LogoffError } from "../../base/errors";
import { upTo } from "../../base/text";
import { recheck } from "../../session/recheck";
import type { Selector } from "../../session/selector";
import { describeSession, whereabouts, type Session, type SessionList } from "../../session/session";
import { reasonToStop, type RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import type { HostRecord } from "./record";
import { sendLogoff, sendReset } from "./send";
import { isDone, outcomeOf, sentTo, settle, type SessionWork } from "./state";
import { verdict, type Place } from "./verdict";

/** Concurrent logoffs per host. With the listing that watches them, at most four commands run at once. */
const logoffsAtOnce = 2;
/** Concurrent questions about the programs of sessions per host; logoffs that block may still hold the other two channels. */
const queriesAtOnce = 2;
/** `logoff` may block although the session is gone, so after this time the sessions are listed even without an answer. */
const firstListingMs = 2_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** A reset that has not ended the session within this time never will. */
const resetTimeoutMs = 60_000;
/** The programs of sessions that stay are asked for at most this long, all together. */
const programsMs = 10_000;
/** The most programs of a session that a message names. */
const mostPrograms = 5;
/** The abort reason when the sending ends. Created once, because the stack of an error costs more than a timer. */
const inTime = new LogoffError("aborted", "It ended in time");

/**
 * Sends the logoff of every session at most once, and lists until no session is left or the time is up. Then resets stuck sessions if the
 * plan allows it. Every session has an outcome afterwards.
 * @param untilMs until when logoffs may be sent; what is not sent by then is selected again first. Default: no end
 * @returns the last listing
 * @throws LogoffError if the host can no longer be listed; sessions without an outcome are then unverified
 */
export async function logOffAndVerify(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  work: readonly SessionWork[],
  untilMs = Infinity,
): Promise<SessionList> {
  const { ifStuck, timeouts } = run.plan;
  const logoffs = { timeoutMs: timeouts.logoffMs, untilMs };
  const list = await sendAndWatch(run, host, record, work, logoffs, (one, isWanted) =>
    sendLogoff(run, host, record, one, work, isWanted),
  );
  const stuck = work.filter(isStuck);
  const left = work.filter((one) => leftoverOf(one) !== undefined);
  if (ifStuck !== "reset" || stuck.length + left.length === 0 || reasonToStop(run) !== undefined) {
    await nameProgramsOf(run, host, work);
    if (ifStuck === "continue") for (const one of work) tolerate(one, record);
    for (const one of left) reportLeftover(one, record);
    return list;
  }
  const toReset = [...stuck, ...left];
  for (const one of toReset) one.progress = { is: "reset", atMs: null };
  const resets = { timeoutMs: resetTimeoutMs, untilMs: Infinity };
  const after = await sendAndWatch(run, host, record, toReset, resets, (one, isWanted) =>
    sendReset(run, host, record, one, isWanted),
  );
  await nameProgramsOf(run, host, work);
  for (const one of toReset) reportLeftover(one, record);
  return after;
}

/**
 * Adds what still runs in the sessions that stay to their messages. Best effort, and nothing else depends on it: a run that is to end
 * does not wait for it.
 */
async function nameProgramsOf(
  run: RunContext,
  host: DetectedHost,
  work: readonly SessionWork[],
): Promise<void> {
  const staying = work.filter((one) => outcomeOf(one)?.outcome === "still-present");
  if (staying.length === 0) return;
  const ended = new AbortController();
  const end = (): void => ended.abort(inTime);
  const stopTimer = run.clock.after(programsMs, end);
  const stopListening = [run.stop, run.signal].map((signal) => onAbort(signal, end));
  await mapConcurrent(staying, queriesAtOnce, async (one) => {
    const programs = await programsIn(one, host, ended.signal);
    const outcome = outcomeOf(one);
    if (programs.length === 0 || outcome?.outcome !== "still-present") return;
    const message = `${outcome.message}; still running: ${upTo(mostPrograms, programs)}`;
    settle(one, { ...outcome, message });
  });
  stopTimer();
  for (const stop of stopListening) stop();
}

/** The programs of a session, none if the host does not say. Never rejects. */
async function programsIn(
  { session }: SessionWork,
  { connection, backend }: DetectedHost,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (signal.aborted) return [];
  try {
    return (await connection.askOnce(backend.processes(session), signal)) ?? [];
  } catch {
    return [];
  }
}

/** The row of the last listing for processes that remain although the user is logged out (Linux). */
function leftoverOf(one: SessionWork): Session | undefined {
  return one.place.is === "gone" && sentTo(one) !== "nothing" ? one.place.leftover : undefined;
}

/** The user is logged out, as intended, so remaining processes are a warning, not a failure. */
function reportLeftover(one: SessionWork, record: HostRecord): void {
  const leftover = leftoverOf(one);
  if (leftover === undefined) return;
  const advice =
    sentTo(one) === "reset" ? "the reset did not end them either" : "`ifStuck: reset` would end them";
  record.warn(
    `Logged off session ${describeSession(one.session)}, which left processes behind (${leftover.stateText}); ${advice}`,
  );
}

/** Whether a session is still there although its logoff was sent and the host is no longer busy with it. */
function isStuck(one: SessionWork): boolean {
  return (
    outcomeOf(one)?.outcome === "still-present" &&
    one.place.is === "present" &&
    sentTo(one) !== "nothing" &&
    one.progress.answer?.kind !== "busy"
  );
}

/** The restart that follows will end the session, so this is a warning, not a failure. */
function tolerate(one: SessionWork, record: HostRecord): void {
  const outcome = outcomeOf(one);
  if (outcome?.outcome !== "still-present") return;
  record.warn(outcome.message);
  settle(one, { ...outcome, tolerated: true });
}

/** Sends the command of the current step for a session, unless `isWanted` is false when its turn comes. Never rejects. */
type Send = (one: SessionWork, isWanted: () => boolean) => Promise<void>;

async function sendAndWatch(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  work: readonly SessionWork[],
  { timeoutMs, untilMs }: { readonly timeoutMs: number; readonly untilMs: number },
  send: Send,
): Promise<SessionList> {
  const { clock, signal } = run;
  const startedAtMs = clock.now();
  const sending = new Sending(send, clock);
  sending.start(work, untilMs);
  try {
    await atMost(sending.first, firstListingMs, clock, signal);
    return await listUntilDone(run, host, work, sending, { startedAtMs, timeoutMs });
  } finally {
    sending.end();
    const sentAtMs = sending.doneAtMs;
    record.spent("logged-off", startedAtMs, sentAtMs);
    if (sentAtMs !== undefined) record.spent("verified", sentAtMs);
  }
}

/** Sends the commands of a step while the host is listed. */
class Sending {
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  /** What was not sent because its turn came after the time until which it could be sent. */
  readonly #late = new Set<SessionWork>();
  #running = 0;
  #doneAtMs: number | undefined;
  #first: Promise<void> = Promise.resolve();

  constructor(send: Send, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Settles when the first commands have been answered. */
  get first(): Promise<void> {
    return this.#first;
  }

  /** When the first commands had been answered; undefined: not yet. */
  get doneAtMs(): number | undefined {
    return this.#doneAtMs;
  }

  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** Whether the work has to be started again, because its turn came too late. */
  isLate(one: SessionWork): boolean {
    return this.#late.has(one);
  }

  /** @param untilMs nothing of it is sent from then on: it is late then. Default: no end */
  start(work: readonly SessionWork[], untilMs = Infinity): void {
    for (const one of work) this.#late.delete(one);
    const sent = this.#sendAll(work, untilMs);
    if (this.#doneAtMs === undefined) this.#first = sent;
  }

  /** Nothing is sent from now on. */
  end(): void {
    this.#ended.abort(inTime);
  }

  async #sendAll(work: readonly SessionWork[], untilMs: number): Promise<void> {
    this.#running += 1;
    const isInTime = (one: SessionWork): boolean => {
      const inTime = this.#clock.now() < untilMs;
      if (!inTime) this.#late.add(one);
      return inTime;
    };
    await mapConcurrent(work, logoffsAtOnce, (one) =>
      this.#send(one, () => {
        const isWanted = !isDone(one) && !one.waitOnly && isThere(one) && !this.#ended.signal.aborted;
        return isWanted && isInTime(one);
      }),
    );
    this.#running -= 1;
    if (!this.#ended.signal.aborted) this.#doneAtMs ??= this.#clock.now();
  }
}

/** Whether there is something that a command could end: the session, or the processes that it left behind. */
function isThere(one: SessionWork): boolean {
  return one.place.is === "present" || leftoverOf(one) !== undefined;
}

/** Lists until every session has an outcome. @returns the last listing */
async function listUntilDone(
  run: RunContext,
  { label, plan, connection, backend }: DetectedHost,
  work: readonly SessionWork[],
  sending: Sending,
  { startedAtMs, timeoutMs }: { readonly startedAtMs: number; readonly timeoutMs: number },
): Promise<SessionList> {
  const { clock, signal, onProgress } = run;
  let waitingFor = 0;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const isInTime = clock.now() - startedAtMs < timeoutMs;
    const list = await connection.ask(isInTime ? unlessContradictory(backend.list()) : backend.list());
    if (list === undefined) {
      await clock.sleep(pauseMs, signal);
      continue;
    }
    const nowMs = clock.now();
    const open = work.filter((one) => !isDone(one));
    const isLate = open.some((one) => sending.isLate(one));
    const mayStillSend = sending.isRunning || isLate || nowMs - startedAtMs < timeoutMs;
    const limits = { label, ifStuck: run.plan.ifStuck, startedAtMs, timeoutMs, mayStillSend };
    for (const [one, place] of placesOf(open, list, plan.selector)) {
      one.progress = verdict(one, place, nowMs, limits);
      one.place = place.is === "kept" ? { is: "present", session: place.session } : place;
      if (isDone(one) && (place.is === "gone" || place.is === "returned"))
        onProgress({ type: "session-gone", host: label, session: one.session });
    }
    const waiting = open.filter((one) => !isDone(one));
    if (waiting.length === 0) return list;
    // Their turn was skipped while they seemed to be closing, or because the connection was lost before it.
    const passedOver = waiting.filter((one) => isUnsent(one) && isThere(one));
    if (!sending.isRunning && passedOver.length > 0) sending.start(passedOver);
    if (waiting.length !== waitingFor)
      onProgress({ type: "host-waiting", host: label, sessions: waiting.map(({ session }) => session) });
    waitingFor = waiting.length;
    await clock.sleep(pauseMs, signal);
  }
}

/** Whether the command of the current step was neither sent nor refused. */
function isUnsent({ progress }: SessionWork): boolean {
  const isWaiting = progress.is === "waiting" || (progress.is === "reset" && progress.atMs === null);
  return isWaiting && progress.answer === undefined;
}

/**
 * Where a listing shows sessions. Those whose logoff has not been sent yet are selected again: while they wait for their turn, a user may
 * reconnect, and a row without a user may show it again.
 */
function placesOf(
  open: readonly SessionWork[],
  list: SessionList,
  selector: Selector,
): readonly (readonly [SessionWork, Place])[] {
  const unsent = open.filter((one) => sentTo(one) === "nothing" && !one.waitOnly);
  const sessions = unsent.map(({ session }) => session);
  const found = unsent.length === 0 ? [] : recheck(sessions, list, selector).before;
  const again = new Map(unsent.map((one, index) => [one, found[index]] as const));
  return open.map((one) => {
    const now = again.get(one);
    if (now?.now === "kept") return [one, { is: "kept", session: now.session, reason: now.reason }];
    if (now?.now === "selected") one.session = now.session;
    return [one, whereabouts(one.session, list)];
  });
}

/** The same query, but undefined for a contradictory list, which closing sessions can cause. */
function unlessContradictory(query: Query<SessionList>): Query<SessionList | undefined> {
  return mapped(query, (read) => {
    try {
      return read();
    } catch (thrown) {
      if (thrown instanceof LogoffError && thrown.isContradiction) return undefined;
      throw thrown;
    }
  });
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
