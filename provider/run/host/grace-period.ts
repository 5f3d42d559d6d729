import { asLogoffError, LogoffError } from "../../base/errors";
import type { WarnPlan } from "../../plan/plan";
import { recheck } from "../../session/recheck";
import { describeSession } from "../../session/session";
import { reasonToStop, type DetectedHost } from "./context";
import { goneByItself, type SessionWork } from "./record";
import { lacks, remind } from "./warn";

/** A host is listed at each reminder, and at most every tenth of the grace period and every minute in between. */
function lookEveryMs({ gracePeriodMs }: WarnPlan): number {
  return Math.max(60_000, gracePeriodMs / 10);
}

/**
 * Waits for the end of a host's grace period, or until everybody has left, without holding a host slot or a connection. Sends the reminders;
 * one that is late by half its interval is dropped and reported.
 * @throws LogoffError if the run is stopped during the wait
 */
export async function waitForGracePeriod(
  people: readonly SessionWork[],
  endsAtMs: number,
  warn: WarnPlan,
  host: DetectedHost,
): Promise<void> {
  const { clock, stop, label } = host;
  const startedAtMs = clock.now();
  host.onProgress({ type: "grace-started", host: label, gracePeriodMs: Math.max(0, endsAtMs - startedAtMs) });
  const reminders = warn.remindersMs.map((reminderMs) => ({ reminderMs, dueAtMs: endsAtMs - reminderMs }));
  let lookAtMs = startedAtMs + lookEveryMs(warn);
  while (clock.now() < endsAtMs) {
    const nextMs = Math.min(endsAtMs, lookAtMs, reminders[0]?.dueAtMs ?? Infinity);
    await sleepUntil(nextMs, host);
    if (clock.now() >= endsAtMs) return;
    await host.turn(() => lookDuringGrace(people, reminders, warn, host), stop);
    if (!people.some(isAwaited)) return;
    lookAtMs = clock.now() + lookEveryMs(warn);
  }
}

/** Whether a session is still in its grace period: neither settled nor closing. */
export function isAwaited({ outcome, where }: SessionWork): boolean {
  return outcome === undefined && where !== "closing";
}

/** How often the window is checked during a wait; its end ends the wait. */
const windowCheckMs = 30_000;

async function sleepUntil(whenMs: number, host: DetectedHost): Promise<void> {
  const { clock, stop, plan } = host;
  const longestMs = plan.window === null ? Infinity : windowCheckMs;
  do {
    await clock.sleep(Math.min(longestMs, Math.max(0, whenMs - clock.now())), stop);
    const reason = reasonToStop(host);
    if (reason !== undefined) throw reason;
  } while (clock.now() < whenMs);
}

interface Reminder {
  readonly reminderMs: number;
  readonly dueAtMs: number;
}

/** Lists the host, settles sessions that have left and reminds the others. A host that cannot be reached now may be reachable later. */
async function lookDuringGrace(
  people: readonly SessionWork[],
  reminders: Reminder[],
  warn: WarnPlan,
  host: DetectedHost,
): Promise<void> {
  const { connection, backend, label, clock, hostPlan } = host;
  const dueNow: Reminder[] = [];
  try {
    const list = await connection.ask(backend.list());
    const open = people.filter(({ outcome }) => outcome === undefined);
    const seconds = recheck(
      open.map(({ session }) => session),
      list,
      hostPlan.selector,
    ).before;
    const still = open.filter((one, index) => {
      const second = seconds[index];
      if (second?.now === "gone" || second?.now === "returned")
        one.outcome = one.sentBefore === true ? goneByItself(one) : { session: one.session, outcome: "left" };
      if (second?.now === "gone")
        host.onProgress({ type: "session-left", host: label, session: one.session });
      if (second?.now === "returned") one.returned = second.session;
      return second?.now === "selected";
    });
    while (reminders[0] !== undefined && reminders[0].dueAtMs <= clock.now())
      dueNow.push(...reminders.splice(0, 1));
    for (const { reminderMs, dueAtMs } of dueNow) {
      // A previous run may have sent it.
      if (!still.some((one) => lacks(one, reminderMs))) continue;
      if (clock.now() - dueAtMs > reminderMs / 2) {
        host.warn(dropped(reminderMs, label));
      } else {
        // A late reminder names the time that is left, in whole seconds.
        const remainingMs = Math.ceil((reminderMs - (clock.now() - dueAtMs)) / 1000) * 1000;
        await remind(still, reminderMs, remainingMs, warn, host);
      }
    }
  } catch (thrown) {
    const error = asLogoffError(thrown, "command-failed", `Cannot look at "${label}"`);
    if (reasonToStop(host) !== undefined) throw error;
    host.warn(`Could not look at "${label}" during the grace period: ${error.message}`);
    // A reminder that was due is not sent later, because its text would be wrong.
    const missed = reminders.filter(({ dueAtMs }) => dueAtMs <= clock.now());
    for (const { reminderMs } of reminders.splice(0, missed.length)) host.warn(dropped(reminderMs, label));
  } finally {
    await connection.release();
  }
}

function dropped(reminderMs: number, label: string): string {
  return `Dropped the reminder of ${Math.round(reminderMs / 1000)} s on "${label}": its time had passed`;
}

/** With `atDeadline: "fail"`, a session that is still there fails the host, and nobody is logged off. */
export function refuseWhoStayed(people: readonly SessionWork[], label: string): void {
  const open = people.filter(({ outcome }) => outcome === undefined);
  // A closing session counts as having left.
  for (const one of open)
    if (one.where === "closing" && !one.sentBefore) one.outcome = { session: one.session, outcome: "left" };
  const stayed = open.filter(isAwaited).map(({ session }) => describeSession(session));
  if (stayed.length === 0) return;
  throw new LogoffError(
    "sessions-remain",
    `Nobody was logged off on "${label}": ${stayed.join(", ")} did not leave within the grace period, and atDeadline is "fail"; run again when they have`,
  );
}
