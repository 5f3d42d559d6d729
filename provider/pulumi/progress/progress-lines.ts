import type { Clock } from "../../base/clock";
import { eventText } from "../../report/event-text";
import type { OnProgress } from "../../report/events";
import { describeOutcome } from "../../report/labels";
import type { HostReport } from "../../report/report";
import { errorTally } from "../../report/shared-errors";
import { describeSession } from "../../session/session";
import { fewHosts, sayOn, untilEnd, type LinesOptions, type ProgressLines } from "./lines";
import { failureLine, linesOfMany } from "./many-hosts";

/** How long an unchanged wait is not printed again. */
const waitingEveryMs = 30_000;

/**
 * Prints a run as lines `resource: host: what happened`: every step of a small run; failures, warnings and, every few seconds, the progress and
 * the slowest hosts of a large one.
 */
export function progressLines(options: LinesOptions): ProgressLines {
  return untilEnd(options.hosts > fewHosts ? linesOfMany(options) : linesOfFew(options));
}

function linesOfFew(options: LinesOptions): ProgressLines {
  const say = sayOn(options);
  const isNews = newsOnly(options.clock);
  const errors = errorTally();
  const hear: OnProgress = (event) => {
    if (!("host" in event)) return;
    const { host } = event;
    if (event.type === "host-finished") {
      for (const warning of event.report.warnings) say(`${host}: warning: ${warning}`);
      keptLines(event.report).forEach(say);
    }
    const first = event.type === "host-finished" ? errors.add(event.report) : undefined;
    const line = failureLine(event, first) ?? eventText(event);
    if (line !== undefined && (event.type !== "host-waiting" || isNews(host, line))) say(`${host}: ${line}`);
  };
  return { hear, end: () => undefined };
}

/** Whether a host's line differs from its last one, or the last one was printed long ago. */
function newsOnly(clock: Clock): (host: string, line: string) => boolean {
  const said = new Map<string, { readonly line: string; readonly atMs: number }>();
  return (host, line) => {
    const last = said.get(host);
    if (last?.line === line && clock.now() - last.atMs < waitingEveryMs) return false;
    said.set(host, { line, atMs: clock.now() });
    return true;
  };
}

/** The sessions that are kept, and why, except sessions without a user. */
function keptLines({ host, sessions }: HostReport): readonly string[] {
  return sessions.flatMap((one) =>
    one.outcome === "kept" && one.session.user !== undefined
      ? [`${host}: ${describeSession(one.session)} ${describeOutcome(one)}`]
      : [],
  );
}
