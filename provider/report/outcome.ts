import type { ErrorCode } from "../base/errors";
import type { Report, ReportedError } from "./report";

/** What a front must know about a host to judge the run, from its report or from the state. */
interface HostOutcome {
  /** `ok`, or `unknown` where only a refresh could not reach it: done. */
  readonly status: "ok" | "unknown" | "failed" | "skipped";
  readonly error?: ReportedError;
}

/** Why a run fails as a whole, whatever happened on single hosts: too many failed, or a limit refused it. */
const failures: readonly ErrorCode[] = ["budget-exceeded", "limit-exceeded"];

/** Why hosts are skipped when a run ends as a whole and fails; `command-failed` when it broke. */
const endings: readonly ErrorCode[] = [...failures, "aborted", "command-failed"];

/**
 * Whether a run failed, for the command, the resource and the reports alike. With `any` one host that is not done is enough. With
 * `budget` no single host is a failure, and neither is one that was not tried in order to protect others or that the window
 * or the total time left undone: only a run that was ended as a whole is.
 * @param ended why the run stopped by itself, which no host shows when the last ones exceeded the budget
 */
export function failsRun(
  hosts: readonly HostOutcome[],
  failOn: "any" | "budget",
  ended: Report["ended"],
): boolean {
  if (ended !== undefined && failures.includes(ended.code)) return true;
  return hosts.some(
    (host) => host.status !== "ok" && host.status !== "unknown" && (failOn === "any" || showsRunEnded(host)),
  );
}

/** The status of a run: 0 all done, 1 failed, 130 cancelled. */
export function exitStatusOf(
  { hosts, ended }: Pick<Report, "hosts" | "ended">,
  failOn: "any" | "budget",
  cancelled: boolean,
): 0 | 1 | 130 {
  if (cancelled) return 130;
  return failsRun(hosts, failOn, ended) ? 1 : 0;
}

/** Whether a host that is not done shows that the run was ended as a whole. */
function showsRunEnded({ status, error }: HostOutcome): boolean {
  if (error === undefined) return false;
  if (status === "skipped") return endings.includes(error.code);
  return error.code === "aborted" || error.code === "budget-exceeded";
}
