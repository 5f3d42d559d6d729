import type { Host } from "../connection";
import type { Selector } from "../session/selector";

/** A host and the sessions to log off on it. */
export interface HostPlan {
  readonly host: Host;
  readonly selector: Selector;
}

/** A message to the users of a host, and the time they have to leave. */
export interface WarnPlan {
  readonly message: string;
  readonly gracePeriodMs: number;
  /** Milliseconds before the logoff, in descending order; each shorter than the grace period. */
  readonly remindersMs: readonly number[];
  readonly ifUndelivered: "continue" | "keep" | "fail";
  readonly cancelMessage?: string;
}

/** The size of a wave: a number of hosts, or a percentage of all hosts of the run. */
export type WaveSize = { readonly hosts: number } | { readonly percent: number };

/** When hosts may be changed: a span of time, or hours of every day such as `22:00` to `05:00`. */
export type Window =
  | { readonly notBefore?: Date; readonly notAfter?: Date }
  | { readonly dailyFrom: string; readonly dailyTo: string; readonly timeZone: string };

/** The complete, checked input of a run, with all defaults filled in. */
export interface Plan {
  readonly hosts: readonly HostPlan[];
  readonly drain: "none" | "until-restart" | "until-destroy";
  readonly warn: WarnPlan | null;
  readonly atDeadline: "logoff" | "fail";
  readonly ifStuck: "fail" | "reset" | "continue";
  /** Milliseconds that a host waits after the run has seen its last session go; 0: none. */
  readonly settleMs: number;
  readonly ifMissing: "ignore" | "fail";
  readonly ifArrived: "include" | "ignore";
  readonly limits: { readonly sessionsPerHost: number | null; readonly sessions: number | null };
  readonly rollout: {
    readonly parallel: number;
    /** In the order of hosts; empty: all hosts in one wave. */
    readonly waves: readonly WaveSize[];
    readonly pauseMs: number;
    /** Failed hosts that are tolerated; null: any number. */
    readonly maxFailures: { readonly hosts: number } | { readonly percent: number } | null;
  };
  readonly failOn: "any" | "budget";
  readonly window: Window | null;
  readonly timeouts: {
    readonly commandMs: number;
    /** Milliseconds from the logoff request to the verified end of a session. */
    readonly logoffMs: number;
    /** Milliseconds for the whole run; null: no limit. */
    readonly totalMs: number | null;
  };
  readonly mode: "once" | "ensure";
  readonly reports: readonly string[];
  readonly previewSessions: boolean;
  /** Warnings to print before the run, such as an ignored domain. */
  readonly warnings: readonly string[];
}
