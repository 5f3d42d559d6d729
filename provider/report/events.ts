import type { Platform } from "../connection";
import type { Session } from "../session/session";
import type { DrainOutcome, HostReport } from "./report";

/** What happens during a run, as it happens. The core only tells; fronts decide what to print. */
export type ProgressEvent =
  | { readonly type: "run-started"; readonly hosts: number }
  | { readonly type: "host-started"; readonly host: string }
  | { readonly type: "host-connected"; readonly host: string; readonly platform: Platform }
  | {
      readonly type: "host-listed";
      readonly host: string;
      /** Sessions that could hold a person. */
      readonly sessions: number;
      readonly selected: number;
    }
  /** All logon times changed at once: the host's clock, time zone or date format did. `sessions` have the new times. */
  | { readonly type: "clock-changed"; readonly host: string; readonly sessions: readonly Session[] }
  /** The host is about to be told to refuse new logons: from here on it may, whatever is heard of it later. */
  | {
      readonly type: "host-draining";
      readonly host: string;
      readonly mode: "until-restart" | "until-destroy";
    }
  | { readonly type: "host-drained"; readonly host: string; readonly drained: DrainOutcome }
  /** The session is about to be warned: from here on it may be, whatever is heard of it later. */
  | {
      readonly type: "session-warning";
      readonly host: string;
      readonly session: Session;
      /** Which reminder it is, as the plan names it, however late it is; absent for the first warning. */
      readonly reminderMs?: number;
    }
  | {
      readonly type: "session-warned";
      readonly host: string;
      readonly session: Session;
      /** Whether the host said that the text was shown. */
      readonly delivered: boolean;
      /** Whether they count as warned. Not when the host said that nobody was told: another run has to tell them. */
      readonly counts: boolean;
      /** Milliseconds until the session is logged off. */
      readonly remainingMs: number;
    }
  /** Who was warned is about to be told that nothing happens after all, and has to be warned anew another time. */
  | { readonly type: "warning-withdrawn"; readonly host: string; readonly session: Session }
  /** Nobody is spoken to until then, except for reminders. */
  | { readonly type: "grace-started"; readonly host: string; readonly gracePeriodMs: number }
  | { readonly type: "session-left"; readonly host: string; readonly session: Session }
  | { readonly type: "session-reset"; readonly host: string; readonly session: Session }
  | { readonly type: "session-logoff-sent"; readonly host: string; readonly session: Session }
  | { readonly type: "session-gone"; readonly host: string; readonly session: Session }
  /** Who was asked to go and is still there; told again only when there are fewer. */
  | { readonly type: "host-waiting"; readonly host: string; readonly sessions: readonly Session[] }
  | { readonly type: "host-finished"; readonly host: string; readonly report: HostReport }
  | { readonly type: "run-finished" };

/** Must not throw and must return at once. */
export type OnProgress = (event: ProgressEvent) => void;
