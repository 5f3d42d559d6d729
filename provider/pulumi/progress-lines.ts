import type { Clock } from "../async";
import { formatDuration } from "../duration";
import { printable } from "../errors";
import type { OnProgress, ProgressEvent } from "../report/progress";
import { countSessions, type HostReport } from "../report/report";
import { stepLine } from "../report/step-line";
import { describeSession } from "../session/session";
import type { LiveStatus } from "./live-status";

/** Up to so many hosts every step has its line. */
const fewHosts = 20;
/** Above that: failures, and a line of counts at most so often; seldom where it is seen live as well. */
const countEveryMs = 5000;
const countEveryMsBesideLive = 60_000;
const liveEveryMs = 2000;
/** The same people are waited for in silence for so long. */
const waitingEveryMs = 30_000;
/** Of many hosts these are named for being slow, and only when they take so long. */
const slowHosts = 3;
const slowAfterMs = 20_000;

/**
 * Prints a run as lines `resource: host: what happened`: each step of a small run; of a large one every failure, every
 * warning, and every few seconds how far it is and which hosts keep it waiting.
 */
export function progressLines(
  name: string,
  hosts: number,
  clock: Clock,
  print: (line: string) => void,
  status?: LiveStatus,
): OnProgress {
  const everyMs = status === undefined ? countEveryMs : countEveryMsBesideLive;
  const say = (line: string): void => print(printable(`${name}: ${line}`, 600));
  const isSmall = hosts <= fewHosts;
  const isNews = newsOnly(clock);
  const counts = countsOf(hosts, clock);
  let countedAt = clock.now();
  let shownAt = clock.now();
  return (event) => {
    counts.hear(event);
    if (event.type === "host-finished") {
      for (const warning of event.report.warnings) say(`${event.host}: warning: ${warning}`);
      if (isSmall) keptLines(event.report).forEach(say);
    }
    const failure = failureLine(event);
    const line = failure ?? (isSmall ? stepLine(event) : undefined);
    if ("host" in event && line !== undefined && (event.type !== "host-waiting" || isNews(event.host, line)))
      say(`${event.host}: ${line}`);
    if (isSmall) return;
    if (status !== undefined && clock.now() - shownAt >= liveEveryMs) {
      shownAt = clock.now();
      status(`${name}: ${counts.line()}`);
    }
    if (event.type !== "run-finished" && clock.now() - countedAt < everyMs) return;
    countedAt = clock.now();
    say(counts.line());
    if (event.type === "run-finished") counts.slowest().forEach(say);
  };
}

/** Whether a host's line differs from its last one, or that was said long ago. */
function newsOnly(clock: Clock): (host: string, line: string) => boolean {
  const said = new Map<string, { readonly line: string; readonly atMs: number }>();
  return (host, line) => {
    const last = said.get(host);
    if (last?.line === line && clock.now() - last.atMs < waitingEveryMs) return false;
    said.set(host, { line, atMs: clock.now() });
    return true;
  };
}

interface Counts {
  readonly hear: OnProgress;
  readonly line: () => string;
  /** The hosts that took longest, when the run is over. */
  readonly slowest: () => readonly string[];
}

function countsOf(hosts: number, clock: Clock): Counts {
  const counts = { finished: 0, notDone: 0, loggedOff: 0 };
  /** Since when hosts are at work; those in their grace period are not. */
  const busySince = new Map<string, number>();
  let slow: readonly (readonly [host: string, ms: number])[] = [];
  const slowestOf = (all: readonly (readonly [string, number])[]): typeof slow =>
    all
      .filter(([, ms]) => ms >= slowAfterMs)
      .sort(([, a], [, b]) => b - a)
      .slice(0, slowHosts);
  const named = (some: typeof slow): string =>
    some.map(([host, ms]) => `${host} (${formatDuration(1000 * Math.round(ms / 1000))})`).join(", ");
  return {
    hear: (event) => {
      if (!("host" in event)) return;
      if (event.type === "host-finished") {
        counts.finished += 1;
        if (event.report.status !== "ok") counts.notDone += 1;
        counts.loggedOff += countSessions(event.report).loggedOff;
        slow = slowestOf([...slow, [event.host, event.report.durationMs]]);
      }
      if (event.type === "host-finished" || event.type === "grace-started") busySince.delete(event.host);
      else if (!busySince.has(event.host)) busySince.set(event.host, clock.now());
    },
    line: () => {
      const { finished, notDone, loggedOff } = counts;
      const longest = slowestOf([...busySince].map(([host, since]) => [host, clock.now() - since]));
      const waits = longest.length === 0 ? "" : `; longest at work: ${named(longest)}`;
      return `${finished} of ${hosts} hosts finished, ${notDone} not done, ${loggedOff} sessions logged off${waits}`;
    },
    slowest: () => (slow.length === 0 ? [] : [`slowest hosts: ${named(slow)}`]),
  };
}

/** Who stays, and why; nobody asks about a session without a user. */
function keptLines({ host, sessions }: HostReport): readonly string[] {
  return sessions.flatMap((one) =>
    one.outcome === "kept" && one.session.user !== undefined
      ? [`${host}: kept ${describeSession(one.session)}: ${one.reason}`]
      : [],
  );
}

function failureLine(event: ProgressEvent): string | undefined {
  if (event.type !== "host-finished" || event.report.status === "ok") return undefined;
  const { status, error } = event.report;
  return `${status}: ${error === undefined ? "no reason given" : `${error.code}: ${error.message}`}`;
}
