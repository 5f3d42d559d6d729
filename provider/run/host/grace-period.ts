import { formatDuration } from "../../base/duration";
import { asLogoffError, LogoffError } from "../../base/errors";
import { recheck } from "../../session/recheck";
import { describeSession } from "../../session/session";
import { reasonToStop, type RunContext } from "../context";
import type { DetectedHost } from "./detected-host";
import type { HostRecord } from "./record";
import { at, goneByItself, isDone, settle, type Next, type SessionWork } from "./state";
import { lacks, remind, warnFirst } from "./warn";

/** Whether the grace period still waits for a session, which is neither settled nor closing. */
export function isAwaited(one: SessionWork): boolean {
  return !isDone(one) && one.place.is !== "closing";
}

/** Warns people and begins their grace period. Without a warning they are logged off at once. */
export async function warnPeople(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
  people: readonly SessionWork[],
): Promise<Next> {
  const { warn } = run.plan;
  if (people.length === 0) return at("done");
  if (warn === null) return at("log-off");
  const endsAtMs = await warnFirst(run, host, record, warn, people);
  if (!people.some(isAwaited)) return at("log-off");
  record.beginGracePeriod(endsAtMs, warn.remindersMs);
  const gracePeriodMs = Math.max(0, endsAtMs - run.clock.now());
  run.onProgress({ type: "grace-started", host: host.label, gracePeriodMs });
  return inGracePeriod(run, record);
}

/** The next step in a grace period: a reminder, a listing in between, or the end, which comes early if everybody has left. */
export function inGracePeriod({ clock, plan }: RunContext, { state, graceEndsAtMs }: HostRecord): Next {
  const { warn } = plan;
  if (warn === null || !state.work.some(isAwaited)) return at("log-off");
  const listAtMs = clock.now() + Math.max(60_000, warn.gracePeriodMs / 10);
  const remindAtMs = graceEndsAtMs - (state.grace?.remindersMs[0] ?? 0);
  const nextMs = Math.min(listAtMs, remindAtMs);
  return nextMs < graceEndsAtMs ? at("grace", nextMs) : at("log-off", graceEndsAtMs);
}

/**
 * Lists a host during its grace period, settles the sessions that have left, and reminds the others. A reminder that is late by more than
 * half its time is dropped and reported. A host that cannot be listed has a warning, because it may be reachable again later.
 * @throws LogoffError if the run is stopped
 */
export async function visitDuringGrace(
  run: RunContext,
  host: DetectedHost,
  record: HostRecord,
): Promise<void> {
  const { label } = host;
  const remindersMs = record.state.grace?.remindersMs ?? [];
  const lateByMs = (reminderMs: number): number => run.clock.now() - record.graceEndsAtMs + reminderMs;
  const isDue = (reminderMs: number): boolean => lateByMs(reminderMs) >= 0;
  try {
    const still = await settleGone(run, host, record);
    const dueMs = remindersMs.filter(isDue);
    for (const reminderMs of dueMs) {
      // A previous run may have sent it.
      if (!still.some((one) => lacks(one, reminderMs))) continue;
      if (lateByMs(reminderMs) > reminderMs / 2) {
        record.warn(dropped(reminderMs));
      } else {
        // A late reminder names the time that is left, in whole seconds.
        const remainingMs = Math.ceil((reminderMs - lateByMs(reminderMs)) / 1000) * 1000;
        await remind(run, host, record, still, { reminderMs, remainingMs });
      }
    }
    record.keepReminders(remindersMs.filter((reminderMs) => !dueMs.includes(reminderMs)));
  } catch (thrown) {
    const error = asLogoffError(thrown, "command-failed", `Cannot list the sessions of "${label}"`);
    if (reasonToStop(run) !== undefined) throw error;
    record.warn(`Could not list the sessions during the grace period: ${error.message}`);
    // A reminder that was due is not sent later, because its text would be wrong.
    const missedMs = remindersMs.filter(isDue);
    for (const reminderMs of missedMs) record.warn(dropped(reminderMs));
    record.keepReminders(remindersMs.filter((reminderMs) => !missedMs.includes(reminderMs)));
  }
}

/** @returns the sessions that are still there and selected */
async function settleGone(
  { onProgress }: RunContext,
  { label, connection, backend, plan }: DetectedHost,
  { state }: HostRecord,
): Promise<readonly SessionWork[]> {
  const list = await connection.ask(backend.list());
  const open = state.work.filter((one) => !isDone(one));
  const sessions = open.map(({ session }) => session);
  const rechecked = recheck(sessions, list, plan.selector).before;
  return open.filter((one, index) => {
    const found = rechecked[index];
    if (found?.now !== "gone" && found?.now !== "returned") return found?.now === "selected";
    settle(one, one.askedBefore ? goneByItself(one) : { session: one.session, outcome: "left" });
    if (found.now === "gone") {
      one.place = { is: "gone" };
      onProgress({ type: "session-left", host: label, session: one.session });
    } else {
      one.place = { is: "returned", session: found.session };
    }
    return false;
  });
}

function dropped(reminderMs: number): string {
  return `Did not send the reminder ${formatDuration(reminderMs)} before the logoff: its time had passed`;
}

/** With `atDeadline: "fail"`, a session that is still there fails the host, and nobody is logged off. @throws LogoffError `sessions-remain` */
export function refuseRemaining(people: readonly SessionWork[], label: string): void {
  const open = people.filter((one) => !isDone(one));
  // A closing session counts as having left.
  for (const one of open)
    if (one.place.is === "closing" && !one.askedBefore)
      settle(one, { session: one.session, outcome: "left" });
  const stayed = open.filter(isAwaited).map(({ session }) => describeSession(session));
  if (stayed.length === 0) return;
  throw new LogoffError(
    "sessions-remain",
    `Nobody was logged off on "${label}": ${stayed.join(", ")} did not leave within the grace period (\`atDeadline: fail\`); run again when they have left`,
  );
}
