import type { Plan } from "../plan";
import { failsTheRun, type Report } from "../report/report";

/** 0: all done; 1: a host failed or was skipped; 2: wrong usage; 130: cancelled. */
export type ExitStatus = 0 | 1 | 2 | 130;

/**
 * The status of a run. With `--fail-on budget` a failed host is no failure as long as the run went on. That it did not, a host
 * that was skipped tells, or the report, when the last hosts were the ones too many.
 */
export function exitStatusOf(
  { hosts, ended }: Report,
  failOn: Plan["failOn"],
  cancelled: boolean,
): ExitStatus {
  if (cancelled) return 130;
  const counts = failOn === "any" ? ["failed", "skipped"] : ["skipped"];
  if (failsTheRun(ended)) return 1;
  return hosts.some(({ status }) => counts.includes(status)) ? 1 : 0;
}
