import { formatDuration } from "../../base/duration";
import type { ErrorCode } from "../../base/errors";
import type { Plan } from "../../plan/plan";
import type { SessionOutcome } from "../../report/report";
import type { KeepReason } from "../../session/select";
import { describeSession, type Session, type Whereabouts } from "../../session/session";
import { done, goneByItself, type Progress, type SessionWork } from "./state";

/** Where a listing shows a session. `kept`: the session was closing, its user is back, and it is no longer selected. */
export type Place =
  Whereabouts | { readonly is: "kept"; readonly session: Session; readonly reason: KeepReason };

/** The time limits of a session. Times are on the monotonic clock. */
export interface Limits {
  /** The host's label, for messages. */
  readonly label: string;
  readonly ifStuck: Plan["ifStuck"];
  readonly startedAtMs: number;
  /** Milliseconds that a command has to take effect. */
  readonly timeoutMs: number;
  /** Whether a command that has not been sent yet may still be sent. */
  readonly mayStillSend: boolean;
}

/** Processes that remain after their session ended may still be saving work. */
const leftoverMs = 10_000;
/** After an unknown error the session may still end within this time; the listing decides. */
const refusalMs = 5_000;

/**
 * The progress of a session after a listing. The listing decides, not the answer: `logoff` may return 0 without effect, and may hang after
 * it took effect. Pure.
 */
export function verdict(one: SessionWork, place: Place, nowMs: number, limits: Limits): Progress {
  const { progress, session } = one;
  if (progress.is === "done") return progress;
  const sentAtMs = sentTimeOf(progress);
  const waitedMs = nowMs - (sentAtMs ?? limits.startedAtMs);
  switch (place.is) {
    case "kept":
      return done(one, { session: place.session, outcome: "kept", reason: place.reason });
    case "gone":
    case "returned":
      if (place.is === "gone" && place.leftover !== undefined && mayStillEnd(one, nowMs, limits))
        return progress;
      return done(one, isAnswered(progress) ? { session, outcome: "logged-off" } : goneByItself(one));
    case "closing":
      return waitedMs < limits.timeoutMs ? progress : done(one, stillPresent(one, place, limits));
    case "present": {
      if (one.waitOnly) return done(one, { session, outcome: "kept", reason: "no-longer-matches" });
      const refusal = refusalOf(one, waitedMs, limits);
      if (refusal !== undefined) return done(one, refusal);
      if (waitedMs < limits.timeoutMs) return progress;
      if (sentAtMs !== undefined) return done(one, stillPresent(one, place, limits));
      // A session whose turn has not come waits for it; the commands before it have their own deadlines.
      if (limits.mayStillSend) return progress;
      if (progress.is === "reset") return done(one, stillPresent(one, place, limits));
      const detail = `no logoff could be sent within ${formatDuration(limits.timeoutMs)}; run again`;
      return done(one, failed(session, "command-failed", detail, limits));
    }
  }
}

function sentTimeOf(progress: Progress): number | undefined {
  if (progress.is === "asked") return progress.atMs;
  return progress.is === "reset" ? (progress.atMs ?? undefined) : undefined;
}

/** Whether a command of ours may have ended a session: a logoff that found nobody, or that was denied, ended nothing. */
function isAnswered({ is, answer }: Progress): boolean {
  if (is === "reset") return true;
  return is === "asked" && answer?.kind !== "absent" && answer?.kind !== "denied";
}

/** Whether processes that a session left behind may still end. If a reset follows, they get as much time as a logoff. */
function mayStillEnd({ progress }: SessionWork, nowMs: number, limits: Limits): boolean {
  if (progress.is !== "asked" && progress.is !== "reset") return false;
  const sentAtMs = sentTimeOf(progress);
  if (sentAtMs === undefined) return progress.answer === undefined && limits.mayStillSend;
  const waitMs = limits.ifStuck === "reset" ? limits.timeoutMs : Math.min(limits.timeoutMs, leftoverMs);
  return nowMs - sentAtMs < waitMs;
}

/** The failure of a session that is still there, judging by the answer; undefined: the session may still end. */
function refusalOf(
  { progress: { answer }, session }: SessionWork,
  waitedMs: number,
  limits: Limits,
): SessionOutcome | undefined {
  if (answer?.kind === "denied") return failed(session, "permission-denied", answer.detail, limits);
  if (answer?.kind === "withheld") return failed(session, answer.error.code, answer.error.message, limits);
  if (answer?.kind !== "refused" || waitedMs < refusalMs) return undefined;
  return failed(session, "command-failed", answer.detail, limits);
}

function failed(session: Session, code: ErrorCode, detail: string, { label }: Limits): SessionOutcome {
  const message = `Cannot log off session ${describeSession(session)} on "${label}": ${detail}`;
  return { session, outcome: "failed", code, message };
}

function stillPresent(one: SessionWork, place: Place, limits: Limits): SessionOutcome {
  const { session } = one;
  const waited = `it is still there ${formatDuration(limits.timeoutMs)} after the logoff was sent; ${whyStill(one, place, limits)}`;
  const message = `Cannot log off session ${describeSession(session)} on "${limits.label}": ${waited}`;
  return { session, outcome: "still-present", code: "session-stuck", message };
}

function whyStill({ progress }: SessionWork, place: Place, { ifStuck }: Limits): string {
  if (place.is === "closing")
    return "the host is still closing it: raise `timeouts.logoff` to give it more time, or restart the host";
  if (progress.answer?.kind === "busy")
    return "the host answers that it is busy with it: raise `timeouts.logoff` to give it more time";
  if (progress.is === "reset" && progress.atMs !== null)
    return "the reset did not end it either: restart the host";
  if (ifStuck === "reset") return "no reset could be sent: run again, or restart the host";
  return "look at its programs on the host, raise `timeouts.logoff`, or use `ifStuck: reset` to end it";
}
