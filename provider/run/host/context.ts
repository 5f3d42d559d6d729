import type { Backend } from "../../backend/backend";
import { aborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import type { LogoffError } from "../../base/errors";
import type { Connect } from "../../connection";
import type { HostPlan, Plan } from "../../plan/plan";
import type { OnProgress } from "../../report/events";
import type { AskedSession, HostPhase, WarnedSession } from "../../report/report";
import type { OutsideWindow } from "../window";
import type { HostConnection } from "./host-connection";

/** What the run of one host needs of the whole run. */
export interface HostRunContext {
  readonly plan: Plan;
  readonly connect: Connect;
  readonly clock: Clock;
  /**
   * Waits for a host slot, and holds it while `work` runs. `until` ends the wait; a clean-up waits even after the run was stopped.
   */
  readonly turn: <T>(work: () => Promise<T>, until: AbortSignal) => Promise<T>;
  readonly onProgress: OnProgress;
  /** Judges times by the plan's window. */
  readonly outsideWindow: OutsideWindow;
  /** Stops the run in order: nothing new starts, what was sent is verified, and the host is cleaned up. */
  readonly stop: AbortSignal;
  /** Drops everything. */
  readonly signal: AbortSignal;
  /** The start of the run, on the monotonic clock. */
  readonly runStartedAtMs: number;
  /** Read-only: nothing is changed on the host. */
  readonly readOnly: "list" | "dry-run" | undefined;
  /** What a previous, unfinished run left behind. */
  readonly previous?: PreviousRun;
}

/** What is known of a host from a previous run. */
export interface PreviousRun {
  /** Our drain that is still in force. */
  readonly drained?: "until-restart" | "until-destroy";
  readonly warned: readonly WarnedSession[];
  /** Sessions whose logoff was sent but not verified. Absent: none. */
  readonly asked?: readonly AskedSession[];
}

/** A host during its run. */
export interface HostAtWork extends HostRunContext {
  readonly hostPlan: HostPlan;
  readonly label: string;
  readonly connection: HostConnection;
  /** Records a phase of the host's time. */
  readonly spent: (phase: HostPhase["phase"], fromMs: number) => void;
  /** Adds a warning to the host's report. */
  readonly warn: (text: string) => void;
}

/** A host whose operating system is known. */
export interface DetectedHost extends HostAtWork {
  readonly backend: Backend;
}

/** Why nothing may be changed now: the run was stopped, or the time is outside the window. Checked before each change. */
export function reasonToStop({
  stop,
  outsideWindow,
  clock,
}: Pick<HostAtWork, "stop" | "outsideWindow" | "clock">): LogoffError | undefined {
  return stop.aborted ? aborted(stop) : outsideWindow(clock.date());
}
