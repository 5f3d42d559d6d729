import type { Host } from "../connection";
import type { Selector } from "../session/selector";

/** A host and its selection. */
export interface HostPlan {
  readonly host: Host;
  readonly selector: Selector;
}

/** A warning for the users of a host, and the time that they have. */
export interface WarnPlan {
  readonly message: string;
  readonly gracePeriodMs: number;
  /** Milliseconds before the logoff, longest first; each shorter than the grace period. */
  readonly remindersMs: readonly number[];
  readonly ifUndelivered: "continue" | "keep" | "fail";
  readonly cancelMessage?: string;
}

/** The sizes of waves in the order of hosts: a number of hosts, or a share of all hosts of the run. */
export type WaveSize = { readonly hosts: number } | { readonly percent: number };

/** When anything may be changed. */
export type Window =
  | { readonly notBefore?: Date; readonly notAfter?: Date }
  | { readonly dailyFrom: string; readonly dailyTo: string; readonly timeZone: string };

/** A checked and complete run: every default is filled in. */
export interface Plan {
  readonly hosts: readonly HostPlan[];
  readonly drain: "none" | "until-restart" | "until-destroy";
  readonly warn: WarnPlan | null;
  readonly atDeadline: "logoff" | "fail";
  readonly ifStuck: "fail" | "reset" | "continue";
  readonly ifMissing: "ignore" | "fail";
  readonly ifArrived: "include" | "ignore";
  readonly limits: { readonly sessionsPerHost: number | null; readonly sessions: number | null };
  readonly rollout: {
    readonly parallel: number;
    /** Empty: all hosts in one wave. */
    readonly waves: readonly WaveSize[];
    readonly pauseMs: number;
    /** null: never stops. */
    readonly maxFailures: { readonly hosts: number } | { readonly percent: number } | null;
  };
  readonly failOn: "any" | "budget";
  readonly window: Window | null;
  readonly timeouts: {
    readonly commandMs: number;
    /** From the request to the verified end of a session. */
    readonly logoffMs: number;
    /** null: none. */
    readonly totalMs: number | null;
  };
  readonly mode: "once" | "ensure";
  readonly reports: readonly string[];
  readonly previewSessions: boolean;
  /** Warnings before the run, such as an ignored domain. */
  readonly warnings: readonly string[];
}
