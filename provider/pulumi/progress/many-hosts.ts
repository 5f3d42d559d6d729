/** The progress of a run on many hosts. */
import type { Clock } from "../../base/clock";
import { formatDuration } from "../../base/duration";
import { counted } from "../../base/text";
import type { OnProgress, ProgressEvent } from "../../report/events";
import { countSessions, type HostReport } from "../../report/report";
import { errorTally } from "../../report/shared-errors";
import { countByTime, sayOn, type LinesOptions, type ProgressLines } from "./lines";

/** The number of slow hosts that are named, and the time from which a host is slow. */
const slowHosts = 3;
const slowAfterMs = 20_000;
/** Hosts named with the same warning; the others are counted. */
const namedHosts = 20;

/**
 * The line for a host that is not done; undefined for all other events.
 * @param first the host that the same error was printed for before
 */
export function failureLine(event: ProgressEvent, first?: string): string | undefined {
  if (event.type !== "host-finished" || event.report.status === "ok") return undefined;
  const { status, error } = event.report;
  if (error === undefined) return `${status}: no reason given`;
  return first === undefined
    ? `${status}: ${error.code}: ${error.message}`
    : `${status}: ${error.code}, as on ${first}`;
}

/**
 * Prints every error with the first host that has it, and counts at intervals. A warning that many hosts share is printed for
 * the first of them.
 */
export function linesOfMany(
  options: LinesOptions,
  counts: Counts = countsOf(options.hosts, options.clock),
): ProgressLines {
  const say = sayOn(options);
  const endCounting = countByTime(options, counts.line, counts.unchangedEveryMs);
  const errors = errorTally();
  const warnings = tally();
  const hear: OnProgress = (event) => {
    counts.hear(event);
    if (event.type !== "host-finished") return;
    const { host, report } = event;
    for (const warning of report.warnings)
      if (warnings.add(warning.replaceAll(host, "…")) <= namedHosts) say(`${host}: warning: ${warning}`);
    const line = failureLine(event);
    if (line !== undefined && errors.add(report) === undefined) say(`${host}: ${line}`);
  };
  const end = (): void => {
    for (const [warning, hosts] of warnings.all())
      if (hosts > namedHosts) say(`warning: on ${hosts - namedHosts} more hosts: ${warning}`);
    for (const { status, code, hosts } of errors.all()) {
      const more = hosts.length - 1;
      if (more > 0) say(`${counted(more, "more host")} ${status ?? ""}: ${code}, as on ${hosts[0] ?? ""}`);
    }
    endCounting();
    counts.slowest().forEach(say);
  };
  return { hear, end };
}

/** How often each thing was seen. */
function tally(): { add(what: string): number; all(): Iterable<readonly [what: string, times: number]> } {
  const times = new Map<string, number>();
  return {
    add: (what) => {
      const so = (times.get(what) ?? 0) + 1;
      times.set(what, so);
      return so;
    },
    all: () => times,
  };
}

/** What is counted of a run. */
export interface Counts {
  readonly hear: OnProgress;
  readonly line: () => string;
  /** How long an unchanged line is not printed again; absent: it is printed every time. */
  readonly unchangedEveryMs?: number;
  /** The slowest hosts of a finished run. */
  readonly slowest: () => readonly string[];
}

/** A host and its time in milliseconds. */
export type HostTime = readonly [host: string, ms: number];

/** The slowest hosts, if they are slow at all. */
export function slowestOf(all: readonly HostTime[]): readonly HostTime[] {
  return all
    .filter(([, ms]) => ms >= slowAfterMs)
    .sort(([, a], [, b]) => b - a)
    .slice(0, slowHosts);
}

/** The line that names the slowest hosts; none without any. */
export function slowestLines(slow: readonly HostTime[]): readonly string[] {
  return slow.length === 0 ? [] : [`slowest hosts: ${named(slow)}`];
}

function named(some: readonly HostTime[]): string {
  return some.map(([host, ms]) => `${host} (${formatDuration(1000 * Math.round(ms / 1000))})`).join(", ");
}

/** Events after which a host is at work again, even before the end of its grace period. */
const endsGrace: readonly ProgressEvent["type"][] = [
  "session-logoff-sent",
  "session-reset",
  "session-gone",
  "host-waiting",
  "host-drained",
  "warning-withdrawn",
];

function countsOf(hosts: number, clock: Clock): Counts {
  const counts = { finished: 0, notDone: 0, skipped: 0, loggedOff: 0 };
  /** When each host started to work; for hosts in their grace period, when they will. */
  const atWorkFrom = new Map<string, number>();
  let slow: readonly HostTime[] = [];
  return {
    hear: (event) => {
      if (!("host" in event)) return;
      const { host } = event;
      if (event.type === "host-finished") {
        const { report } = event;
        counts.finished += 1;
        if (report.status !== "ok") counts.notDone += 1;
        if (report.status === "skipped") counts.skipped += 1;
        counts.loggedOff += countSessions(report).loggedOff;
        slow = slowestOf([...slow, [host, report.durationMs - graceMs(report)]]);
        atWorkFrom.delete(host);
        return;
      }
      const now = clock.now();
      const from = atWorkFrom.get(host) ?? now;
      if (event.type === "grace-started") atWorkFrom.set(host, now + event.gracePeriodMs);
      else atWorkFrom.set(host, endsGrace.includes(event.type) ? Math.min(from, now) : from);
    },
    line: () => {
      const { finished, notDone, skipped, loggedOff } = counts;
      const busy = [...atWorkFrom].map(([host, from]) => [host, clock.now() - from] as const);
      const inGrace = busy.filter(([, ms]) => ms < 0).length;
      const longest = slowestOf(busy);
      return [
        `${finished - notDone} of ${hosts} hosts done`,
        ...(notDone === skipped ? [] : [`, ${notDone - skipped} failed`]),
        ...(skipped === 0 ? [] : [`, ${skipped} skipped`]),
        ...(inGrace === 0 ? [] : [`, ${inGrace} in their grace period`]),
        `, ${counted(loggedOff, "session")} logged off`,
        ...(longest.length === 0 ? [] : [`; longest at work: ${named(longest)}`]),
      ].join("");
    },
    slowest: () => slowestLines(slow),
  };
}

/** The time that a host waited for users to leave, which does not count as slow. */
function graceMs({ phases = [] }: HostReport): number {
  return phases.reduce((sum, { phase, fromMs, toMs }) => (phase === "warned" ? sum + toMs - fromMs : sum), 0);
}
