import type { ErrorCode } from "../base/errors";
import type { Platform } from "../connection";
import type { KeepReason } from "../session/select";
import type { Session } from "../session/session";

/** What became of one session. Closed: reports hold these words. */
export type SessionOutcome = { readonly session: Session } & (
  | { readonly outcome: "logged-off" }
  /** The person left during the grace period. */
  | { readonly outcome: "left" }
  /** It was gone when its turn came, without our doing. */
  | { readonly outcome: "already-gone" }
  | { readonly outcome: "kept"; readonly reason: KeepReason }
  /** It was asked to go and is still there. */
  | {
      readonly outcome: "still-present";
      readonly code: ErrorCode;
      readonly message: string;
      /** With `ifStuck: "continue"`: it does not fail the host, since the reboot that follows will end it. */
      readonly tolerated?: true;
    }
  | { readonly outcome: "failed"; readonly code: ErrorCode; readonly message: string }
  /** A run would take it: log it off or, where the deadline fails the host instead, only warn it. */
  | { readonly outcome: "would-log-off"; readonly onlyWarned?: true }
  | { readonly outcome: "listed" }
);

/** `ok`: nothing that was selected is left; `failed`: see `error`; `skipped`: its turn never came, see `error`. */
export type HostStatus = "ok" | "failed" | "skipped";

/**
 * Whether the host refuses new logons because of us: `no`; `until-restart` or `until-destroy` while our drain is in
 * force; `already` when somebody else had drained it and we left it as it was; `undrained` when we lifted ours again.
 */
export type DrainOutcome = "no" | "until-restart" | "until-destroy" | "already" | "undrained";

export interface ReportedError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What happened on one host. */
export interface HostReport {
  /** The host's label, never its credentials. */
  readonly host: string;
  readonly platform: Platform | null;
  readonly status: HostStatus;
  /** Present exactly when the status is not `ok`. */
  readonly error?: ReportedError;
  readonly drained: DrainOutcome;
  /** Milliseconds from its first turn to its end, the grace period included; 0 when it was never contacted. */
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** Every session that could hold a person, in the order of the listing. */
  readonly sessions: readonly SessionOutcome[];
  /** IDs and names that were asked for and were not there. */
  readonly notFound: readonly string[];
  /** Whether a connection was tried at all. */
  readonly contacted: boolean;
  /** Who was warned and may still be there; only of a host that is not `ok`, for the run that goes on with it. */
  readonly warned: readonly WarnedSession[];
  /** Who was asked to go and has not been seen to go; only for a host that is not `ok`. Absent: nobody. */
  readonly asked?: readonly AskedSession[];
  /** What the host's time was spent on, in the order of ending; absent: not known. */
  readonly phases?: readonly HostPhase[];
  /** Only when a run just looks: the commands that a real run would send now. */
  readonly commands?: readonly string[];
}

/** A stretch of a host's run, in milliseconds from the start of the run. */
export interface HostPhase {
  readonly phase: "waited" | "connected" | "warned" | "logged-off" | "verified";
  readonly fromMs: number;
  readonly toMs: number;
}

/** A warning that was sent, so that nobody gets it twice. */
export interface WarnedSession {
  readonly id: string;
  readonly user: string;
  readonly logonTime?: string;
  /** RFC 3339: when the first warning was sent. The grace period counts from it. */
  readonly warnedAt: string;
  /** The reminders that were sent, in milliseconds before the end of the grace period. */
  readonly remindersMs: readonly number[];
}

/** A logoff that was sent and not verified: when its row has lost its user by the next run, it is still closing. */
export interface AskedSession {
  readonly id: string;
  readonly user: string;
  readonly logonTime?: string;
  readonly logoffSent: true;
}

/** Sums over all hosts. `sessions` counts those that were selected; `kept` those that were listed and stay. */
export interface Totals {
  readonly hosts: number;
  readonly ok: number;
  readonly failed: number;
  readonly skipped: number;
  readonly sessions: number;
  readonly loggedOff: number;
  readonly left: number;
  readonly alreadyGone: number;
  readonly kept: number;
  readonly notFound: number;
  readonly stillPresent: number;
  readonly failedSessions: number;
}

/** What happened in a whole run: every host's outcome, none hidden by another's. */
export interface Report {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly totals: Totals;
  /** In the order of the plan. */
  readonly hosts: readonly HostReport[];
  /** Warnings that belong to the run and to no single host. */
  readonly warnings: readonly string[];
  /** Why the run stopped by itself, such as `budget-exceeded`, also when no host was left over; absent: it did not. */
  readonly ended?: ReportedError;
}

/** The report of a host on which nothing has happened yet. */
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
export function countSessions(host: HostReport): Omit<Totals, "hosts" | "ok" | "failed" | "skipped"> {
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

/** Adds up a run. Works on any subset of its hosts, so that the state can keep totals without the sessions. */
export function totalsOf(hosts: readonly HostReport[]): Totals {
  const status = (wanted: HostStatus): number => hosts.filter((host) => host.status === wanted).length;
  const counts = hosts.map(countSessions);
  const sum = (field: keyof ReturnType<typeof countSessions>): number =>
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
