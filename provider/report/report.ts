import type { ErrorCode } from "../base/errors";
import type { Platform } from "../connection";
import type { KeepReason } from "../session/select";
import type { Session } from "../session/session";

/** The outcome of one session. Reports contain these values, so the set is closed. */
export type SessionOutcome = { readonly session: Session } & (
  | { readonly outcome: "logged-off" }
  /** The user logged off during the grace period. */
  | { readonly outcome: "left" }
  /** The session ended by itself before we logged it off. */
  | { readonly outcome: "already-gone" }
  | { readonly outcome: "kept"; readonly reason: KeepReason }
  /** The session was asked to log off and is still present. */
  | {
      readonly outcome: "still-present";
      readonly code: ErrorCode;
      readonly message: string;
      /** With `ifStuck: "continue"`, the session does not fail the host, because the reboot that follows ends it. */
      readonly tolerated?: true;
    }
  | { readonly outcome: "failed"; readonly code: ErrorCode; readonly message: string }
  /** A run would log the session off, or only warn it (`onlyWarned`) where the deadline fails the host instead. */
  | { readonly outcome: "would-log-off"; readonly onlyWarned?: true }
  | { readonly outcome: "listed" }
);

/** The outcome of a host. */
export type HostStatus =
  /** No selected session is left, except those that `ifStuck: "continue"` tolerates. The host may be patched. */
  | "ok"
  /** The host was started and is not done; `error` says why. The next run repeats it. */
  | "failed"
  /**
   * The run stopped before it sent a logoff to the host, or never tried the host; `error` says why. The next run repeats
   * it.
   */
  | "skipped";

/** Whether the host refuses new logons, and because of whom. */
export type DrainOutcome =
  /** We did not drain the host. */
  | "no"
  /** We drained the host, until it restarts. */
  | "until-restart"
  /** We drained the host, until the resource is destroyed or the host is no longer in `hosts`. */
  | "until-destroy"
  /** The host was drained before, and we left it as it was. */
  | "already"
  /** We drained the host and lifted it again. */
  | "undrained";

export interface ReportedError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The outcome of one host. */
export interface HostReport {
  /** The host's label, never its credentials. */
  readonly host: string;
  readonly platform: Platform | null;
  readonly status: HostStatus;
  /** Present exactly when the status is not `ok`. */
  readonly error?: ReportedError;
  readonly drained: DrainOutcome;
  /** Milliseconds from the host's start to its end, including the grace period; 0 when it was never contacted. */
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** Every session that could belong to a user, in the order of the listing. */
  readonly sessions: readonly SessionOutcome[];
  /** Requested IDs and names that were not found. */
  readonly notFound: readonly string[];
  /** Whether a connection was attempted. */
  readonly contacted: boolean;
  /** Sessions that were warned and may still be present, for the next run; empty for a host that is `ok`. */
  readonly warned: readonly WarnedSession[];
  /** Sessions that were asked to log off and were not verified as gone, for the next run; absent without any, and for a host that is `ok`. */
  readonly asked?: readonly AskedSession[];
  /** How the host's time was spent, ordered by end; absent: unknown. */
  readonly phases?: readonly HostPhase[];
  /** What changes when the host restarts, as of its first listing, for comparison; absent: not read, or unreadable. */
  readonly bootId?: string;
  /** Only in a read-only run: the commands that a real run would send now. */
  readonly commands?: readonly string[];
}

/** A phase of a host, in milliseconds since the start of the run. */
export interface HostPhase {
  readonly phase: "waited" | "connected" | "warned" | "logged-off" | "verified";
  readonly fromMs: number;
  readonly toMs: number;
}

/** A warned session, recorded so that the next run does not repeat its warning. */
export interface WarnedSession {
  /** The session ID as the host prints it: a number, or on Linux also `c1`. */
  readonly id: string;
  /** The user as the host prints it, usually without a domain. */
  readonly user: string;
  /** The logon time as the host prints it, in its own language and time zone. Absent: unknown. */
  readonly logonTime?: string;
  /** When the first warning was sent, in RFC 3339; the grace period starts then. */
  readonly warnedAt: string;
  /** The reminders sent, in milliseconds before the end of the grace period. */
  readonly remindersMs: readonly number[];
}

/** A session whose logoff was sent and not verified. If the next run lists it without a user, it is still closing. */
export interface AskedSession {
  /** The session ID as the host prints it: a number, or on Linux also `c1`. */
  readonly id: string;
  /** The user as the host prints it, usually without a domain. */
  readonly user: string;
  /** The logon time as the host prints it, in its own language and time zone. Absent: unknown. */
  readonly logonTime?: string;
  /** Always true; it tells this session from a {@link WarnedSession}. */
  readonly logoffSent: true;
}

/** Numbers of sessions by what became of them. */
export interface SessionCounts {
  /** Selected sessions. */
  readonly sessions: number;
  /** Selected sessions that we logged off and that are verified as gone. */
  readonly loggedOff: number;
  /** Selected sessions whose users logged off during the grace period. */
  readonly left: number;
  /** Selected sessions that ended by themselves before we logged them off. */
  readonly alreadyGone: number;
  /** Sessions that were listed and kept, because they are not selected or must not be logged off. */
  readonly kept: number;
  /** IDs and names in `sessions` for which no session exists. */
  readonly notFound: number;
  /** Selected sessions that were asked to log off and are still present. */
  readonly stillPresent: number;
  /** Selected sessions whose logoff was refused, was not sent, or has an unknown effect. */
  readonly failedSessions: number;
}

/** Sums over all hosts. */
export interface Totals extends SessionCounts {
  /** Hosts in `hosts`. */
  readonly hosts: number;
  /** Hosts that are done. */
  readonly ok: number;
  /** Hosts that were started and are not done. */
  readonly failed: number;
  /** Hosts that were not tried, or that the run left before it sent a logoff there. */
  readonly skipped: number;
}

/** The outcome of a whole run, with every host. */
export interface Report {
  /** RFC 3339, as is `finishedAt`. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly totals: Totals;
  /** In the order of the plan. */
  readonly hosts: readonly HostReport[];
  /** Warnings about the run as a whole. */
  readonly warnings: readonly string[];
  /** Why the run stopped by itself, such as `budget-exceeded`, even when no host was left; absent: it did not. */
  readonly ended?: ReportedError;
}

/** The report of a host that has not been started. */
export function blankReport(host: string): HostReport {
  return {
    host,
    platform: null,
    status: "ok",
    drained: "no",
    durationMs: 0,
    warnings: [],
    sessions: [],
    notFound: [],
    contacted: false,
    warned: [],
  };
}

/** The sessions of a host by outcome, as `Totals` counts them. */
export function countSessions(host: HostReport): SessionCounts {
  const count = (...outcomes: readonly SessionOutcome["outcome"][]): number =>
    host.sessions.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    sessions: host.sessions.length - count("kept", "listed"),
    loggedOff: count("logged-off"),
    left: count("left"),
    alreadyGone: count("already-gone"),
    kept: count("kept"),
    notFound: host.notFound.length,
    stillPresent: count("still-present"),
    failedSessions: count("failed"),
  };
}

/** The totals of any set of hosts. */
export function totalsOf(hosts: readonly HostReport[]): Totals {
  const status = (wanted: HostStatus): number => hosts.filter((host) => host.status === wanted).length;
  const counts = hosts.map(countSessions);
  const sum = (field: keyof SessionCounts): number =>
    counts.reduce((total, count) => total + count[field], 0);
  return {
    hosts: hosts.length,
    ok: status("ok"),
    failed: status("failed"),
    skipped: status("skipped"),
    sessions: sum("sessions"),
    loggedOff: sum("loggedOff"),
    left: sum("left"),
    alreadyGone: sum("alreadyGone"),
    kept: sum("kept"),
    notFound: sum("notFound"),
    stillPresent: sum("stillPresent"),
    failedSessions: sum("failedSessions"),
  };
}
