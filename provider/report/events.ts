import type { Platform } from "../connection";
import type { Session } from "../session/session";
import type { DrainOutcome, HostReport, ReportedError } from "./report";

/** The events of a run, emitted as they happen. The core prints nothing; fronts decide what to print. */
export type ProgressEvent =
  | { readonly type: "run-started"; readonly hosts: number }
  | { readonly type: "host-started"; readonly host: string }
  | { readonly type: "host-connected"; readonly host: string; readonly platform: Platform }
  | {
      readonly type: "host-listed";
      readonly host: string;
      /** Number of sessions that could belong to a user. */
      readonly sessions: number;
      readonly selected: number;
    }
  /** All logon times changed at once, because the host's clock, time zone or date format was changed. */
  | { readonly type: "clock-changed"; readonly host: string }
  | { readonly type: "host-drained"; readonly host: string; readonly drained: DrainOutcome }
  | {
      readonly type: "session-warned";
      readonly host: string;
      readonly session: Session;
      /** Whether the host confirmed that the text was shown. */
      readonly delivered: boolean;
      /** Milliseconds until the session is logged off. */
      readonly remainingMs: number;
    }
  /** The cancel message is about to be sent to a warned session, which no longer counts as warned. */
  | { readonly type: "warning-withdrawn"; readonly host: string; readonly session: Session }
  /** From here to the end of the grace period, only reminders are sent. */
  | { readonly type: "grace-started"; readonly host: string; readonly gracePeriodMs: number }
  /** The last session of the host has gone; nothing is done on it any more. */
  | { readonly type: "settle-started"; readonly host: string; readonly settleMs: number }
  | { readonly type: "session-left"; readonly host: string; readonly session: Session }
  | { readonly type: "session-reset"; readonly host: string; readonly session: Session }
  | { readonly type: "session-logoff-sent"; readonly host: string; readonly session: Session }
  | { readonly type: "session-gone"; readonly host: string; readonly session: Session }
  /** The sessions that were asked to log off and are still present; emitted again only when there are fewer. */
  | { readonly type: "host-waiting"; readonly host: string; readonly sessions: readonly Session[] }
  /** The host is awaited after a restart; emitted again only when something else is missing. `why` is the end of a sentence about it. */
  | { readonly type: "host-awaited"; readonly host: string; readonly why: string }
  /** The host is no longer awaited: it accepts logons, or with `error` it is given up. */
  | {
      readonly type: "host-back";
      readonly host: string;
      readonly afterMs: number;
      readonly error?: ReportedError;
    }
  /** The operator's command begins for the ready hosts of a wave. */
  | { readonly type: "wave-command"; readonly wave: number; readonly waves: number; readonly hosts: number }
  | { readonly type: "host-finished"; readonly host: string; readonly report: HostReport }
  | { readonly type: "run-finished" };

/** Must not throw and must return at once. */
export type OnProgress = (event: ProgressEvent) => void;
