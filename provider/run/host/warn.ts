import type { Warning } from "../../backend/backend";
import type { Clock } from "../../base/clock";
import { mapConcurrent } from "../../base/concurrency";
import { asLogoffError, LogoffError, notSent } from "../../base/errors";
import { printable, upTo } from "../../base/text";
import type { WarnPlan } from "../../plan/plan";
import { describeSession, isSameSession, whereabouts, type Session } from "../../session/session";
import { beforeSend, reasonToStop, steadyDate, type RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import { isAnswerLost } from "../host-connection";
import type { HostRecord } from "./record";
import { outcomeOf, sentTo, settle, warningTimes, type SessionWarning, type SessionWork } from "./state";

/** Concurrent warnings per host. */
const warningsAtOnce = 4;

/**
 * Sends the first warning to every user whom a previous run has not warned within the grace period.
 * @returns when the host's grace period ends, on the monotonic clock
 * @throws LogoffError if the run is stopped, or with `ifUndelivered: "fail"`
 */
export async function warnFirst(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  warn: WarnPlan,
  people: readonly SessionWork[],
): Promise<number> {
  const { clock } = run;
  adoptWarnings(run, record, warn, people);
  const reachable = people.filter(isPresent);
  if (reachable.length === 0) return clock.now();
  await sendAll(
    run,
    host,
    record,
    reachable.filter((one) => warningTimes(one) === undefined),
    { warn, remainingMs: warn.gracePeriodMs, ifUndelivered: warn.ifUndelivered },
  );
  // The latest warning counts, so that nobody gets less time than promised: users are warned a few at a time, and the host may be slow to
  // show the messages.
  return Math.max(...people.map((one) => warningTimes(one)?.atMs ?? -Infinity)) + warn.gracePeriodMs;
}

/** A deadline that passed longer ago is void: a user who is still there has been left to work on, and is warned anew. */
const voidAfterMs = 600_000;

/** Whether a warning no longer counts. One from the future never did: somebody has set the clock. */
export function isVoid(warnedAt: string, gracePeriodMs: number, nowMs: number): boolean {
  const ageMs = nowMs - Date.parse(warnedAt);
  return !(ageMs >= 0 && ageMs < gracePeriodMs + voidAfterMs);
}

/**
 * Adopts the warnings of a previous run: users who are within their grace period, or whose deadline has just passed, are not warned
 * again.
 */
export function adoptWarnings(
  run: RunContext,
  { state }: HostRecord,
  warn: WarnPlan,
  people: readonly SessionWork[],
): void {
  const nowMs = steadyDate(run).getTime();
  for (const one of people.filter(isPresent)) {
    const before = state.previous.warned.find((warned) => isSameSession(warned, one.session));
    if (before !== undefined && !isVoid(before.warnedAt, warn.gracePeriodMs, nowMs))
      one.warning = {
        is: "sent",
        at: before.warnedAt,
        atMs: run.clock.now() - (nowMs - Date.parse(before.warnedAt)),
        remindersMs: before.remindersMs,
      };
  }
}

/** A session that is already closing no longer shows messages. */
function isPresent({ place }: SessionWork): boolean {
  return place.is === "present";
}

/** Whether a user has been warned but has not received this reminder. */
export function lacks(one: SessionWork, reminderMs: number): boolean {
  return warningTimes(one)?.remindersMs.includes(reminderMs) === false;
}

/** Sends a reminder to every user who has not received it, unless its time has passed. @throws LogoffError as {@link warnFirst} */
export async function remind(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  people: readonly SessionWork[],
  { reminderMs, remainingMs }: { readonly reminderMs: number; readonly remainingMs: number },
): Promise<void> {
  const { warn } = run.plan;
  if (warn === null) return;
  await sendAll(
    run,
    host,
    record,
    people.filter((one) => lacks(one, reminderMs)),
    {
      warn,
      remainingMs,
      // Only the first warning decides: the receiver of a failed reminder has been warned.
      ifUndelivered: "continue",
      reminderMs,
      // Servers behind one host may wait a long time for their turn on its connection.
      lateAtMs: run.clock.now() + remainingMs - reminderMs / 2,
    },
  );
}

/** Whether a user was warned, is still there, and was sent no logoff (withheld ones do not count). A warned user's new logon counts too. */
export function awaitsCancel(one: SessionWork): boolean {
  const outcome = outcomeOf(one)?.outcome;
  const isThere = outcome === undefined || outcome === "failed" || one.place.is === "returned";
  return one.warning.is !== "none" && sentTo(one) === "nothing" && isThere;
}

/** Sends the cancel message to every user who was warned. Best effort; never throws. */
export async function sendCancelMessage(
  { plan, onProgress, journal }: RunContext,
  host: DetectedHost,
  record: HostRecord,
): Promise<void> {
  const text = plan.warn?.cancelMessage;
  if (text === undefined) return;
  const list = await host.connection.ask(host.backend.list()).catch(() => undefined);
  await mapConcurrent(record.state.work.filter(awaitsCancel), warningsAtOnce, async (one) => {
    const { session } = one;
    const where = list === undefined ? "present" : whereabouts(session, list).is;
    // The ID may belong to another user now.
    if (where !== "present" && where !== "returned") return;
    // A user who received the cancel message has to be warned again.
    one.warning = { is: "none" };
    const noted = { note: "withdrawn", host: host.label, session: record.identityOf(session) } as const;
    // The message is sent even if that cannot be noted: people have to know.
    await journal.write(noted).catch(() => undefined);
    onProgress({ type: "warning-withdrawn", host: host.label, session });
    const { action } = host.backend.warn(session, fill(text, session, 0, host), cancelSeconds);
    if (action !== undefined)
      await host.connection.perform(action, plan.timeouts.commandMs).catch(() => undefined);
  });
}

/** A cancel message stays on the screen for an hour, because no other message replaces it. */
const cancelSeconds = 3600;

/** Attempts per message that was not sent, because a host may keep losing its connections. */
const mostTries = 3;

/** A message to several users. */
interface Step {
  readonly warn: WarnPlan;
  /** Milliseconds until the logoff. */
  readonly remainingMs: number;
  readonly ifUndelivered: WarnPlan["ifUndelivered"];
  /** A reminder, by its time before the end of the grace period; absent: the first warning. */
  readonly reminderMs?: number;
  /** When a reminder is no longer worth sending. */
  readonly lateAtMs?: number;
}

/** Sends a message to users, a few at a time, and records what they have been told. */
async function sendAll(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  people: readonly SessionWork[],
  step: Step,
): Promise<void> {
  const { label } = host;
  const problems = await mapConcurrent(people, warningsAtOnce, async (one) =>
    reasonToStop(run) === undefined ? sendOne(run, host, record, one, step) : undefined,
  );
  const reason = reasonToStop(run);
  if (reason !== undefined) throw reason;
  const failures = problems.flatMap((problem) => problem ?? []);
  if (step.ifUndelivered === "fail" && failures.length > 0) {
    throw new LogoffError(
      "command-failed",
      `Cannot warn everybody on "${label}", so nobody is logged off there: ${upTo(5, failures)}`,
    );
  }
}

/** @returns who could not be warned, and why; undefined: the user was warned, or the run is stopped */
async function sendOne(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  one: SessionWork,
  { warn, remainingMs, reminderMs, ifUndelivered, lateAtMs = Infinity }: Step,
): Promise<string | undefined> {
  const { clock, plan, onProgress } = run;
  const { session, warning: before } = one;
  const { label } = host;
  const text = fill(warn.message, session, remainingMs, host);
  const message = host.backend.warn(session, text, remainingMs / 1000);
  reportChanges(message, session, record);
  const identity = record.identityOf(session);
  const about = { note: "warn", host: label, session: identity } as const;
  const announced = reminderMs === undefined ? about : { ...about, reminderMs };
  const onSend = beforeSend(run, announced, () => {
    if (clock.now() > lateAtMs) throw tooLate;
    // Recorded before the message is sent, so that nobody is warned twice if the answer is lost.
    one.warning = noted(before, reminderMs, clock);
  });
  const { problem, isSent, isUnknown } = await deliver(message, host, plan.timeouts.commandMs, onSend);
  if (!isSent && reasonToStop(run) !== undefined) {
    one.warning = before;
    return undefined;
  }
  // The receiver of a reminder has already been warned. A first warning whose answer was lost counts only with "continue".
  const counts =
    problem === undefined || reminderMs !== undefined || (isUnknown && ifUndelivered === "continue");
  if (!counts) one.warning = { ...newWarning(clock), ...warningTimes(one), is: "undelivered" };
  else if (reminderMs === undefined) {
    // The grace period begins when the message is on the screen, which a slow host takes its time for.
    const given = newWarning(clock);
    one.warning = given;
    run.journal.add({ note: "warned", host: label, session: identity, at: given.at });
  }
  onProgress({ type: "session-warned", host: label, session, delivered: problem === undefined, remainingMs });
  if (problem === undefined) return undefined;
  record.warn(`Could not warn session ${describeSession(session)}: ${problem}`);
  if (ifUndelivered === "keep") settle(one, { session, outcome: "kept", reason: "not-warned" });
  return `${describeSession(session)}: ${problem}`;
}

function noted(before: SessionWarning, reminderMs: number | undefined, clock: Clock): SessionWarning {
  if (reminderMs === undefined || before.is === "none" || before.is === "previous-logon")
    return newWarning(clock);
  return { ...before, remindersMs: [...before.remindersMs, reminderMs] };
}

function newWarning(clock: Clock): SessionWarning & { readonly is: "sent" } {
  return { is: "sent", at: clock.date().toISOString(), atMs: clock.now(), remindersMs: [] };
}

/** Created once, because a host may have many users. */
const tooLate = notSent(new LogoffError("aborted", "the time of the reminder had passed when its turn came"));

interface Delivery {
  readonly problem?: string;
  /** Whether the message may have been shown nevertheless. */
  readonly isUnknown: boolean;
  readonly isSent: boolean;
}

async function deliver(
  { action, cannot }: Warning,
  { connection }: DetectedHost,
  timeoutMs: number,
  onSend: () => Promise<void>,
): Promise<Delivery> {
  if (action === undefined) {
    const problem = cannot ?? "this session cannot be reached by a message";
    return { problem, isUnknown: false, isSent: false };
  }
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await connection.perform(action, timeoutMs, { beforeSend: onSend });
      // A session that is gone needs no warning; the next listing shows it.
      const problem = answer.kind === "undelivered" ? { problem: answer.detail } : {};
      return { isUnknown: false, isSent: true, ...problem };
    } catch (thrown) {
      const error = asLogoffError(thrown, "command-failed", "the message could not be sent");
      const isSent = error.sent !== false;
      // The connection was lost before its turn, so nobody can have seen the message.
      if (!isSent && error.code === "connection-lost" && tries < mostTries) continue;
      return { problem: error.message, isUnknown: isSent && isAnswerLost(error), isSent };
    }
  }
}

function reportChanges({ cut, replaced }: Warning, session: Session, record: HostRecord): void {
  const what = `The warning for session ${describeSession(session)}`;
  if (cut)
    record.warn(`${what} was cut: with the placeholders filled in, it is longer than the host accepts`);
  if (replaced) record.warn(`${what} shows "?" for characters that the host's code page lacks`);
}

/** `{minutes}` is rounded up, so that it is never 0 while there is time left. */
function fill(
  template: string,
  { user }: Session,
  remainingMs: number,
  { plan: { host } }: DetectedHost,
): string {
  const values: Readonly<Record<string, string>> = {
    minutes: String(Math.ceil(remainingMs / 60_000)),
    user: printable(user ?? "", 64),
    host: host.server ?? host.address,
  };
  return template.replace(/\{(minutes|user|host)\}/gu, (_, name: string) => values[name] ?? "");
}
