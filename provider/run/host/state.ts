/** What is known about a host between two visits: plain JSON without credentials, so that another process can continue from it. */
import type { LogoffAnswer } from "../../backend/backend";
import type { BootId } from "../../backend/boot-id";
import type { Detected } from "../../backend/detect";
import type {
  AskedSession,
  DrainOutcome,
  HostPhase,
  HostReport,
  ReportedError,
  SessionOutcome,
  WarnedSession,
} from "../../report/report";
import { logonTimesOf, type LogonTimes } from "../../session/logon-times";
import { noOwnSessions, type OwnSessions } from "../../session/own-sessions";
import { isSameSession, type Session, type Whereabouts } from "../../session/session";

/** The version of {@link HostState}, incremented whenever its format changes. */
export const hostStateVersion = 1;

/**
 * The next step on a host. `begin`: connect, list, select, drain and warn. `grace`: list, and remind the users who are still there.
 * `log-off`: list, select again, log off and verify. `settle`: the wait after the last session has gone is over. `clean-up`: leave a
 * failed host as it was found.
 */
export type Step = "begin" | "grace" | "log-off" | "settle" | "clean-up";

/** The next step, and when it is due on the monotonic clock of the visit. */
export interface Next {
  readonly step: Step | "done";
  readonly atMs: number;
}

/** A step that is due at the given time, or at once. */
export function at(step: Step | "done", atMs = -Infinity): Next {
  return { step, atMs };
}

export interface HostState {
  readonly version: typeof hostStateVersion;
  readonly step: Step;
  /** Milliseconds since the last visit, as measured by the driver on its monotonic clock. */
  readonly waitedMs: number;
  readonly previous: PreviousRun;
  /** When the first visit began, in milliseconds since the start of the run; null: not yet. */
  startedMs: number | null;
  /** Whether a connection was attempted. */
  readonly contacted: boolean;
  /** The number of connections so far. */
  readonly connections: number;
  /** Null: not known yet. */
  detected: Detected | null;
  /** The boot ID at the first listing; null: not read, or unreadable. */
  bootId: BootId | null;
  /** The logon times in the listings so far. */
  times: LogonTimes;
  own: OwnSessions;
  /** Whether the selection is known. Until then, the record of the previous run still holds. */
  isSelected: boolean;
  /** The selected sessions. */
  work: SessionWork[];
  /** The sessions that were listed but not selected. */
  kept: readonly SessionOutcome[];
  /** The IDs of rows without a user to which no logoff was sent, as of the last listing that was searched for them. */
  nameless: readonly string[];
  /** Sessions that were named and do not exist. */
  missing: readonly string[];
  usedExceptions: readonly string[];
  drained: DrainOutcome;
  /** Null: nobody was warned, or the grace period is over. */
  grace: GracePeriod | null;
  /** The number of logoff passes so far. */
  passes: number;
  /** In a read-only run, the commands that a real run would send. */
  commands: readonly string[] | null;
  /** The message about a named session that does not exist, which fails the host once everything else is done. */
  notFound: string | null;
  /** Null: the host has not failed. */
  failure: Failure | null;
  /** The warnings of the connections, without duplicates. */
  readonly connectionWarnings: readonly string[];
  readonly warnings: string[];
  readonly phases: HostPhase[];
}

/** The report of a host, and facts that only the run as a whole can judge. */
export interface HostRun {
  readonly report: HostReport;
  /** The exceptions that matched a session on this host. */
  readonly usedExceptions: readonly string[];
}

/** What a previous, unfinished run left behind. */
export interface PreviousRun {
  /** Our drain that is still in force. */
  readonly drained?: "until-restart" | "until-destroy";
  readonly warned: readonly WarnedSession[];
  /** Sessions whose logoff was sent but not verified. Absent: none. */
  readonly asked?: readonly AskedSession[];
  /** The sessions that the interrupted run selected first, which this run goes on with. Absent: this run selects by itself. */
  readonly selected?: readonly Session[];
  /** What became of the sessions that the interrupted run saw go. Absent: this run goes on with none, as it has no journal. */
  readonly finished?: readonly SessionOutcome[];
}

/** A grace period between two visits. */
export interface GracePeriod {
  /** Milliseconds from the last visit to its end. */
  readonly leftMs: number;
  /** The reminders that are still due, in milliseconds before its end. */
  readonly remindersMs: readonly number[];
  /** When the wait began, in milliseconds since the start of the run. */
  readonly sinceMs: number;
}

/** Why a host failed or was skipped. */
export interface Failure {
  readonly error: ReportedError;
  /** Whether the host counts as skipped, not failed: the run ended before it was contacted or before a logoff was sent to it. */
  readonly isSkipped: boolean;
  /** Whether the run was stopped or its window had ended. */
  readonly isCancelled: boolean;
}

/** The work on one session. */
export interface SessionWork {
  session: Session;
  /** Where the last listing shows the session. */
  place: Whereabouts;
  warning: SessionWarning;
  progress: Progress;
  /** Whether a previous run sent the logoff. */
  askedBefore: boolean;
  /** Whether the session is only waited for: a previous run sent the logoff, and this run must not repeat it. */
  waitOnly: boolean;
}

/** What the user of a session has been told. */
export type SessionWarning =
  | { readonly is: "none" }
  /** The user was warned in a previous logon, but not yet in this one. */
  | { readonly is: "previous-logon" }
  | ({ readonly is: "sent" } & WarningTimes)
  /** The warning did not reach the user, so the next run does not count the user as warned. */
  | ({ readonly is: "undelivered" } & WarningTimes);

interface WarningTimes {
  /** When the first warning was sent, in RFC 3339, for the next run. */
  readonly at: string;
  /** The same on the monotonic clock of the visit, because the wall clock can be set. */
  readonly atMs: number;
  /** The reminders sent, in milliseconds before the end of the grace period. */
  readonly remindersMs: readonly number[];
}

/** The answer to a command for a session: the host's answer, a lost one, or the reason why the command was not sent. */
export type Answer =
  LogoffAnswer | { readonly kind: "lost" } | { readonly kind: "withheld"; readonly error: ReportedError };

/** How far the work on a session is. Times are on the monotonic clock of the visit. */
export type Progress =
  /** This run has sent no logoff. `answer`: why it will send none. */
  | { readonly is: "waiting"; readonly answer?: Answer }
  /** The logoff was sent. */
  | { readonly is: "asked"; readonly atMs: number; readonly answer?: Answer }
  /** The logoff did not end the session, so it is reset. `atMs`: when the reset was sent; null: not yet. */
  | { readonly is: "reset"; readonly atMs: number | null; readonly answer?: Answer }
  | { readonly is: "done"; readonly outcome: SessionOutcome; readonly sent: Sent; readonly answer?: Answer };

/** The commands that this run has sent for a session. */
export type Sent = "nothing" | "logoff" | "reset";

/** The state of a host before its first visit. */
export function firstState(previous: PreviousRun = { warned: [] }): HostState {
  return {
    version: hostStateVersion,
    step: "begin",
    waitedMs: 0,
    previous,
    startedMs: null,
    contacted: false,
    connections: 0,
    detected: null,
    bootId: null,
    times: logonTimesOf([...previous.warned, ...(previous.asked ?? [])]),
    own: noOwnSessions,
    isSelected: false,
    work: [],
    kept: [],
    nameless: [],
    missing: [],
    usedExceptions: [],
    drained: previous.drained ?? "no",
    grace: null,
    passes: 0,
    commands: null,
    notFound: null,
    failure: null,
    connectionWarnings: [],
    warnings: [],
    phases: [],
  };
}

/** The work on a session that has just been selected. */
export function sessionWork(session: Session): SessionWork {
  return {
    session,
    place: { is: "present", session },
    warning: { is: "none" },
    progress: { is: "waiting" },
    askedBefore: false,
    waitOnly: false,
  };
}

/** The outcome of a session; undefined: none yet. */
export function outcomeOf({ progress }: SessionWork): SessionOutcome | undefined {
  return progress.is === "done" ? progress.outcome : undefined;
}

/** Whether a session was seen to go. */
export function isGone(one: SessionWork): boolean {
  const outcome = outcomeOf(one);
  return outcome !== undefined && saysGone(outcome);
}

/** Whether an outcome says that the session has gone. */
export function saysGone({ outcome }: SessionOutcome): boolean {
  return outcome === "logged-off" || outcome === "left" || outcome === "already-gone";
}

/** What an interrupted run has seen become of a session; undefined: it did not see it go. */
export function finishedBefore({ finished = [] }: PreviousRun, session: Session): SessionOutcome | undefined {
  return finished.find((one) => isSameSession(one.session, session));
}

/** Whether work on a session has ended. */
export function isDone({ progress }: SessionWork): boolean {
  return progress.is === "done";
}

/** The commands that this run has sent for a session. */
export function sentTo({ progress }: SessionWork): Sent {
  switch (progress.is) {
    case "waiting":
      return "nothing";
    case "asked":
      return "logoff";
    case "reset":
      return progress.atMs === null ? "logoff" : "reset";
    case "done":
      return progress.sent;
  }
}

/** The progress of a session that ends with this outcome. */
export function done(one: SessionWork, outcome: SessionOutcome): Progress {
  const { answer } = one.progress;
  return { is: "done", outcome, sent: sentTo(one), ...(answer === undefined ? {} : { answer }) };
}

/** Settles a session without a further command. */
export function settle(one: SessionWork, outcome: SessionOutcome): void {
  one.progress = done(one, outcome);
}

/** When a user was warned, whether or not the warning was shown; undefined: not in this logon. */
export function warningTimes({ warning }: Pick<SessionWork, "warning">): WarningTimes | undefined {
  return warning.is === "sent" || warning.is === "undelivered" ? warning : undefined;
}

/** The outcome of a session that is gone without a logoff by this run; a warned user is taken to have followed the warning. */
export function goneByItself(one: Pick<SessionWork, "session" | "warning" | "askedBefore">): SessionOutcome {
  const { session, askedBefore } = one;
  if (warningTimes(one) !== undefined) return { session, outcome: "left" };
  return { session, outcome: askedBefore ? "logged-off" : "already-gone" };
}

/** Whether, as far as we know, our drain is in force on a host. */
export function isDrainedByUs(drained: DrainOutcome): drained is "until-restart" | "until-destroy" {
  return drained === "until-restart" || drained === "until-destroy";
}
