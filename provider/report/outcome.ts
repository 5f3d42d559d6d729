import type { ErrorCode } from "../base/errors";
import type { Report, ReportedError } from "./report";

/** The outcome of a host, from its report or from the Pulumi state. */
interface HostOutcome {
  /** `ok` and `unknown` mean done; a refresh sets `unknown` on a host that it could not reach. */
  readonly status: "ok" | "unknown" | "failed" | "skipped";
  readonly error?: ReportedError;
}

/** Reasons why a whole run fails, whatever its hosts' outcomes: too many failures, a limit, a command after a wave, or the journal. */
const runFailures: readonly ErrorCode[] = [
  "budget-exceeded",
  "limit-exceeded",
  "then-failed",
  "journal-failed",
];

/** Errors of skipped hosts that show a whole run failed; `command-failed` when it failed unexpectedly. */
const skippedByFailedRun: readonly ErrorCode[] = [...runFailures, "aborted", "command-failed"];

/**
 * Whether a run failed, for the command, the resource and the reports alike. With `any`, a run fails when any host is not done. With
 * `budget`, it fails only when it was ended as a whole: not because of failed hosts within the budget, nor because of hosts that
 * were skipped to protect others, or by the maintenance window or the total time.
 * @param ended why the run stopped by itself; no host shows it when the last hosts exceeded the budget
 */
export function failsRun(
  hosts: readonly HostOutcome[],
  failOn: "any" | "budget",
  ended: Report["ended"],
): boolean {
  if (ended !== undefined && runFailures.includes(ended.code)) return true;
  return hosts.some(
    (host) => host.status !== "ok" && host.status !== "unknown" && (failOn === "any" || showsRunEnded(host)),
  );
}

/** The exit status of a run: 0 for success, 1 for failure, 130 for cancellation. */
export function exitStatusOf(
  { hosts, ended }: Pick<Report, "hosts" | "ended">,
  failOn: "any" | "budget",
  cancelled: boolean,
): 0 | 1 | 130 {
  if (cancelled) return 130;
  return failsRun(hosts, failOn, ended) ? 1 : 0;
}

/** Whether the error of a host that is not done shows that the run was ended as a whole. */
function showsRunEnded({ status, error }: HostOutcome): boolean {
  if (error === undefined) return false;
  if (status === "skipped") return skippedByFailedRun.includes(error.code);
  return error.code === "aborted" || error.code === "budget-exceeded";
}
