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

/** What one host's run needs of the run that it is part of. */
export interface HostRunContext {
  readonly plan: Plan;
  readonly connect: Connect;
  readonly clock: Clock;
  /**
   * Waits for a place among the hosts that are spoken to, and holds it while `work` runs.
   * `until` ends the waiting; cleaning up waits although the run was stopped.
   */
  readonly turn: <T>(work: () => Promise<T>, until: AbortSignal) => Promise<T>;
  readonly onProgress: OnProgress;
  /** Judged by the plan's window. */
  readonly outsideWindow: OutsideWindow;
  /** Start nothing new, finish verifying what was sent, clean up. */
  readonly stop: AbortSignal;
  /** Drop everything. */
  readonly signal: AbortSignal;
  /** When the run began, on the monotonic clock. */
  readonly runStartedAtMs: number;
  /** Only look: nothing is changed on the host. */
  readonly readOnly?: "list" | "dry-run";
  /** What an earlier, unfinished run left behind. */
  readonly previous?: PreviousRun;
}

/** What is known of a host from an earlier run. */
export interface PreviousRun {
  /** Our drain that is still in force there. */
  readonly drained?: "until-restart" | "until-destroy";
  readonly warned: readonly WarnedSession[];
  /** Who was asked to go and has not been seen to go; absent: nobody. */
  readonly asked?: readonly AskedSession[];
}

/** One host while it is worked on. */
export interface HostAtWork extends HostRunContext {
  readonly hostPlan: HostPlan;
  readonly label: string;
  readonly connection: HostConnection;
  /** Notes what the host's time is spent on. */
  readonly spent: (phase: HostPhase["phase"], fromMs: number) => void;
  /** What the operator should know; kept in the report. */
  readonly warn: (text: string) => void;
}

/** A host whose operating system is known. */
export interface DetectedHost extends HostAtWork {
  readonly backend: Backend;
}

/** Why nothing may be changed just now: the run was stopped, or it is outside the window. Asked before each change. */
export function reasonToStop({
  stop,
  outsideWindow,
  clock,
}: Pick<HostAtWork, "stop" | "outsideWindow" | "clock">): LogoffError | undefined {
  return stop.aborted ? aborted(stop) : outsideWindow(clock.date());
}
