import type { Plan } from "../plan";
import { failsTheRun, type HostReport, type Report } from "../report/report";

/** 0: all done; 1: a host failed or was skipped; 2: wrong usage; 130: cancelled. */
export type ExitStatus = 0 | 1 | 2 | 130;

/**
 * The status of a run. With `--fail-on budget` no single host is a failure, be it failed, not tried or held back by the window:
 * only a run that was ended as a whole is, which the report tells, or that its total time ended before all hosts had their turn.
 */
export function exitStatusOf(
  { hosts, ended }: Report,
  failOn: Plan["failOn"],
  cancelled: boolean,
): ExitStatus {
  if (cancelled) return 130;
  const isFailure = failOn === "any" ? isNotDone : isOutOfTime;
  return failsTheRun(ended) || hosts.some(isFailure) ? 1 : 0;
}

function isNotDone({ status }: HostReport): boolean {
  return status !== "ok";
}

function isOutOfTime({ status, error }: HostReport): boolean {
  return status === "skipped" && error?.code === "timed-out";
}
