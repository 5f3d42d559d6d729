import type { Clock } from "../async";
import { formatDuration } from "../duration";
import { printable } from "../errors";
import type { OnProgress, ProgressEvent } from "../report/progress";
import { countSessions, type HostReport } from "../report/report";
import { describeSession, type Session } from "../session/session";

/** Up to so many hosts every step has its line. */
const fewHosts = 20;
/** Above that: failures, and a line of counts at most so often. */
const countEveryMs = 5000;
/** The same people are waited for in silence for so long. */
const waitingEveryMs = 30_000;

/**
 * Prints a run as lines `resource: host: what happened`: each step of a small run; of a large one every failure, every
 * warning, and how far it is every few seconds.
 */
export function progressLines(
  name: string,
  hosts: number,
  clock: Clock,
  print: (line: string) => void,
): OnProgress {
  const say = (line: string): void => print(printable(`${name}: ${line}`, 600));
  const counts = { done: 0, notDone: 0, loggedOff: 0 };
  let countedAt = clock.now();
  const sayCounts = (): void => {
    countedAt = clock.now();
    say(
      `${counts.done + counts.notDone} of ${hosts} hosts finished, ${counts.notDone} not done, ${counts.loggedOff} sessions logged off`,
    );
  };
  const waiting = new Map<string, { readonly names: string; readonly saidAt: number }>();
  const isNews = (host: string, names: string): boolean => {
    const last = waiting.get(host);
    if (last?.names === names && clock.now() - last.saidAt < waitingEveryMs) return false;
    waiting.set(host, { names, saidAt: clock.now() });
    return true;
  };
  return (event) => {
    if (event.type === "host-finished") {
      counts[event.report.status === "ok" ? "done" : "notDone"] += 1;
      counts.loggedOff += countSessions(event.report).loggedOff;
      for (const warning of event.report.warnings) say(`${event.host}: warning: ${warning}`);
      if (hosts <= fewHosts) keptLines(event.report).forEach(say);
    }
    if (event.type === "host-waiting" && !isNews(event.host, named(event.sessions))) return;
    const line = hosts <= fewHosts ? stepLine(event) : failureLine(event);
    if (line !== undefined) say(line);
    if (hosts > fewHosts && (event.type === "run-finished" || clock.now() - countedAt >= countEveryMs))
      sayCounts();
  };
}

function stepLine(event: ProgressEvent): string | undefined {
  switch (event.type) {
    case "run-started":
    case "host-started":
    case "run-finished":
      return undefined;
    case "host-connected":
      return `${event.host}: connected (${event.platform})`;
    case "host-listed":
      return `${event.host}: ${counted(event.sessions, "session")}, ${event.selected} to log off`;
    case "host-drained":
      return `${event.host}: refuses new logons (${event.drained})`;
    case "session-warned":
      return `${event.host}: ${event.delivered ? "warned" : "could not warn"} ${describeSession(event.session)}`;
    case "grace-started":
      return `${event.host}: waits ${formatDuration(event.gracePeriodMs)} for people to leave`;
    case "session-left":
      return `${event.host}: ${describeSession(event.session)} has left`;
    case "session-reset":
      return `${event.host}: resetting ${describeSession(event.session)}`;
    case "session-logoff-sent":
      return `${event.host}: logging off ${describeSession(event.session)}`;
    case "session-gone":
      return `${event.host}: ${describeSession(event.session)} is gone`;
    case "host-waiting":
      return `${event.host}: waiting for ${named(event.sessions)}`;
    case "host-finished":
      return (
        failureLine(event) ??
        `${event.host}: done, ${counted(countSessions(event.report).loggedOff, "session")} logged off`
      );
  }
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
  return `${event.host}: ${event.report.status}: ${errorText(event.report)}`;
}

function errorText({ error }: HostReport): string {
  return error === undefined ? "no reason given" : `${error.code}: ${error.message}`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function named(sessions: readonly Session[]): string {
  const shown = sessions.slice(0, 5).map(describeSession);
  return [
    ...shown,
    ...(sessions.length > shown.length ? [`${sessions.length - shown.length} more`] : []),
  ].join(", ");
}
