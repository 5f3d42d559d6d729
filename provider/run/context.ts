import { aborted } from "../base/abort";
import type { Clock } from "../base/clock";
import { asLogoffError, notSent, type LogoffError } from "../base/errors";
import type { Connect } from "../connection";
import type { Plan } from "../plan/plan";
import type { OnProgress } from "../report/events";
import type { HostReport } from "../report/report";
import { noJournal, type Journal, type Note } from "./journal";
import type { OutsideWindow } from "./window";

/** What the hosts of a run have in common. */
export interface RunContext {
  readonly plan: Plan;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly onProgress: OnProgress;
  /** Judges times by the plan's window. */
  readonly outsideWindow: OutsideWindow;
  /** Stops the run gracefully: nothing new starts, what was sent is verified, and the hosts are cleaned up. */
  readonly stop: AbortSignal;
  /** Drops everything. */
  readonly signal: AbortSignal;
  /** The start of the run, on the monotonic clock. */
  readonly startedAtMs: number;
  /** The same as a date. */
  readonly startedAt: Date;
  /** Read-only: nothing is changed on any host. */
  readonly readOnly: "list" | "dry-run" | undefined;
  /** What is about to be done is noted here first. */
  readonly journal: Journal;
  /** The record of each host that has started, by label. */
  readonly records: Map<string, RunningHost>;
}

/** A host that can be reported at any moment. */
export interface RunningHost {
  /** The host's report as of now, as if `error` had ended its run. */
  readonly snapshot: (error: LogoffError) => HostReport;
}

/** Why nothing may be changed now: the run was stopped, or the time is outside the window. Checked before each change. */
export function reasonToStop({
  stop,
  outsideWindow,
  clock,
}: Pick<RunContext, "stop" | "outsideWindow" | "clock">): LogoffError | undefined {
  return stop.aborted ? aborted(stop) : outsideWindow(clock.date());
}

/** The date now, as if nobody had set the clock since the start of the run. For comparison with dates of a previous run. */
export function steadyDate({ clock, startedAt, startedAtMs }: RunContext): Date {
  return new Date(startedAt.getTime() + clock.now() - startedAtMs);
}

/** @throws LogoffError the reason to stop, with `sent` false because the command is withheld */
export function throwIfStopped(run: Pick<RunContext, "stop" | "outsideWindow" | "clock">): void {
  const reason = reasonToStop(run);
  if (reason !== undefined) throw notSent(reason);
}

/**
 * The hook of a command that changes something, called right before the command is sent. The note of it is kept for good first. Then
 * `judge` records the sending or throws to withhold the command; nothing is awaited between that and the sending.
 * @param kept takes the note once it is kept
 */
export function beforeSend(
  run: RunContext,
  note: Note,
  judge: () => void,
  kept: Note[] = [],
): () => Promise<void> {
  return async () => {
    throwIfStopped(run);
    if (run.journal !== noJournal) await writeFirst(run, note, kept);
    judge();
  };
}

async function writeFirst(run: RunContext, note: Note, kept: Note[]): Promise<void> {
  try {
    await run.journal.write(note);
    kept.push(note);
  } catch (thrown) {
    throw notSent(asLogoffError(thrown, "journal-failed", "Cannot write the journal"));
  }
  throwIfStopped(run);
}
