import { formatDuration } from "../base/duration";
import { counted, upTo } from "../base/text";
import { describeSession, type Session } from "../session/session";
import type { ProgressEvent } from "./events";
import { countSessions } from "./report";

type Describe = {
  readonly [T in ProgressEvent["type"]]?: (event: Extract<ProgressEvent, { type: T }>) => string;
};

/** The text of each event; events that are not printed are absent. */
const texts: Describe = {
  "host-connected": ({ platform }) => `connected (${platform})`,
  "host-listed": ({ sessions, selected }) => `${counted(sessions, "session")}, ${selected} selected`,
  "clock-changed": () => "all logon times changed: the host's clock, time zone or date format was changed",
  "host-drained": ({ drained }) =>
    drained === "undrained"
      ? "accepts new logons again"
      : drained === "already"
        ? "already refuses new logons, left that way"
        : `refuses new logons from now on (${drained})`,
  "session-warned": ({ session, delivered, remainingMs }) =>
    `${delivered ? "warned" : "could not warn"} ${describeSession(session)}, ${formatDuration(remainingMs)} to go`,
  "warning-withdrawn": ({ session }) => `telling ${describeSession(session)} that the logoff is cancelled`,
  "grace-started": ({ gracePeriodMs }) => `waiting up to ${formatDuration(gracePeriodMs)} for users to leave`,
  "settle-started": ({ settleMs }) => `waiting ${formatDuration(settleMs)} for the host to settle`,
  "session-left": ({ session }) => `${describeSession(session)} has left`,
  "session-logoff-sent": ({ session }) => `logging off ${describeSession(session)}`,
  "session-reset": ({ session }) => `resetting ${describeSession(session)}`,
  "session-gone": ({ session }) => `${describeSession(session)} is gone`,
  "host-waiting": ({ sessions }) => `waiting for ${firstSessions(sessions)} to end`,
  "host-awaited": ({ why }) => `waits: ${why}`,
  "host-back": ({ afterMs, error }) =>
    error === undefined
      ? `back after ${formatDuration(afterMs)}`
      : `given up after ${formatDuration(afterMs)}: ${error.code}`,
  "wave-command": ({ wave, waves, hosts }) =>
    `wave ${wave} of ${waves}: running the command for ${counted(hosts, "host")}`,
  "host-finished": ({ report }) => {
    if (report.error !== undefined) return `${report.status}: ${report.error.code}`;
    const { loggedOff } = countSessions(report);
    return loggedOff === 0 ? "done" : `done, ${loggedOff} logged off`;
  },
};

/** The text of an event for progress output; undefined for events that are not printed. */
export function eventText(event: ProgressEvent): string | undefined {
  const describe = texts[event.type] as ((event: ProgressEvent) => string) | undefined;
  return describe?.(event);
}

function firstSessions(sessions: readonly Session[]): string {
  return upTo(5, sessions.map(describeSession));
}
