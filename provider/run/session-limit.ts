import { startInOrder } from "../base/concurrency";
import { LogoffError } from "../base/errors";
import { counted } from "../base/text";
import type { HostPlan, Plan } from "../plan/plan";
import type { HostReport } from "../report/report";
import type { RunContext } from "./context";
import type { PreviousRun } from "./host/state";
import type { HostRun } from "./host/visit";

/** Runs one host and calls `begins` when its first turn comes. */
export type RunOne = (host: HostPlan, begins: () => void, how?: Partial<RunContext>) => Promise<HostRun>;

/** The result of a run that is refused and changes nothing on any host. */
export interface Refused {
  readonly error: LogoffError;
  /** The result of every host, by label; hosts that could not be listed have their error. */
  readonly runs: ReadonlyMap<string, HostRun>;
}

/**
 * With `limits.sessions`, all hosts are listed before any host is changed. A host that cannot be listed may have any number of sessions, so
 * it counts as exceeding the limit.
 */
export async function refusedByLimit(
  hosts: readonly HostPlan[],
  { limits, rollout }: Plan,
  run: RunOne,
  earlier: ReadonlyMap<string, PreviousRun> | undefined,
  stop: AbortSignal,
): Promise<Refused | undefined> {
  const limit = limits.sessions;
  if (limit === null) return undefined;
  const listings: HostRun[] = [];
  await startInOrder(hosts, rollout.parallel, async (host, begins) => {
    listings.push(
      await run(host, begins, { readOnly: "list", onProgress: () => undefined, records: new Map() }),
    );
  });
  // A stop during the listings stops the run too, and each host reports it.
  if (stop.aborted) return undefined;
  const unread = listings.filter(({ report }) => !wasListed(report)).map(({ report }) => report);
  const sessions = listings.reduce((sum, { report }) => sum + countSelected(report.sessions), 0);
  if (unread.length === 0 && sessions <= limit) return undefined;
  const error = limitExceeded(limit, sessions, unread);
  const ending = ({ report, usedExceptions }: HostRun): HostRun => ({
    usedExceptions,
    report: {
      ...report,
      ...(wasListed(report)
        ? { status: "skipped", error: { code: error.code, message: error.message } }
        : {}),
      sessions: [],
      ...leftBehind(earlier?.get(report.host)),
    },
  });
  return { error, runs: new Map(listings.map((listing) => [listing.report.host, ending(listing)])) };
}

/** Nothing was changed here, so what a previous run recorded still holds. */
function leftBehind(earlier: PreviousRun | undefined): Pick<HostReport, "warned" | "asked"> {
  const { warned = [], asked } = earlier ?? {};
  return { warned, ...(asked === undefined ? {} : { asked }) };
}

function limitExceeded(limit: number, sessions: number, unread: readonly HostReport[]): LogoffError {
  const [first] = unread;
  const including = unread.length > 1 ? "including " : "";
  const why =
    first === undefined
      ? `${sessions} sessions would be logged off`
      : `${counted(unread.length, "host")} could not be listed, ${including}"${first.host}" (${first.error?.message ?? "no reason given"})`;
  const message = `Cannot log off anybody: ${why}, and \`limits.sessions\` allows ${limit}; no host was changed`;
  return new LogoffError("limit-exceeded", message);
}

/** A host that was refused for another reason, or that lacks a named session, was listed nevertheless. */
function wasListed({ status, error }: HostReport): boolean {
  return (
    status === "ok" ||
    ["session-not-found", "session-protected", "limit-exceeded"].includes(error?.code ?? "")
  );
}

function countSelected(sessions: HostReport["sessions"]): number {
  return sessions.filter(({ outcome }) => outcome === "listed").length;
}
