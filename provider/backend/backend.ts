import type { ExecResult, Platform } from "../connection";
import type { Selector } from "../session/selector";
import type { Session, SessionList } from "../session/session";

/**
 * One command and the reader of its reply. Pure: the holder of a connection performs it, and a dry run prints
 * `command`. `parse` throws a LogoffError when the reply means failure or cannot be read.
 */
export interface Action<T> {
  readonly command: string;
  readonly stdin?: Uint8Array;
  readonly parse: (result: ExecResult) => T;
}

/** Several commands that change nothing, may run side by side and may be repeated, read together in their order. */
export interface Query<T> {
  readonly commands: readonly string[];
  readonly parse: (results: readonly ExecResult[]) => T;
}

/** What a host said to a logoff. Only a listing tells whether the session is gone. */
export type LogoffAnswer =
  | { readonly kind: "accepted" }
  /** The host knows no such session: it ended on its own. */
  | { readonly kind: "absent" }
  /** The host is at it, or cannot do it just now: wait. */
  | { readonly kind: "busy" }
  | { readonly kind: "denied"; readonly detail: string }
  | { readonly kind: "refused"; readonly detail: string };

/** What became of a warning. Best effort: a failed one is recorded and does not stop a run by itself. */
export type WarnAnswer =
  | { readonly kind: "delivered" }
  | { readonly kind: "absent" }
  | { readonly kind: "undelivered"; readonly detail: string };

/** A text on its way to one session. */
export interface Warning {
  /** Absent when this session cannot be reached at all: `cannot` says why. */
  readonly action?: Action<WarnAnswer>;
  readonly cannot?: string;
  /** The end of the text is missing: the host takes no longer ones. */
  readonly cut: boolean;
  /** The host's code page lacks some characters; `?` stands for them. */
  readonly replaced: boolean;
}

/** How long we may close a host for new logons. */
export type Drain = "until-restart" | "until-destroy";

/** Whether a host takes new logons: `open`, one of our modes, or closed in a way that we never set. */
export type DrainMode = "open" | Drain | "other";

/** What identifies a session whose logoff was sent. */
export type AskedRow = Pick<Session, "id" | "user">;

/** How one operating system is asked. */
export interface Backend {
  readonly platform: Platform;
  /**
   * All sessions of the host (or of the server behind it).
   * `parse` throws `permission-denied` and `output-unrecognised`; it never returns a list that may be incomplete.
   * @param asked sessions whose logoff was sent: one of them may have lost its user in one part of the answer only
   */
  list(asked?: readonly AskedRow[]): Query<SessionList>;
  /** What is asked for and means less on this platform than elsewhere, in sentences for the report. */
  caveats(asked: { readonly states: Selector["states"]; readonly drain: Drain | "none" }): readonly string[];
  /** Logs one session off by its ID. @throws LogoffError `output-unrecognised` when the ID is not a valid one */
  logOff(session: Session): Action<LogoffAnswer>;
  /** Ends a session that a logoff did not end, its processes included. Never a listener. @throws as `logOff` */
  reset(session: Session): Action<LogoffAnswer>;
  /**
   * Shows `text` to the user of a session; it goes through standard input, never into the command line.
   * @param seconds how long it stays on the screen: until the next step
   */
  warn(session: Session, text: string, seconds: number): Warning;
  /** Whether the host accepts new logons. `parse` throws `drain-failed` when it cannot be told. */
  drainMode(): Query<DrainMode>;
  /** Refuses new logons. `parse` throws `permission-denied`, `drain-failed`. Whether it worked `drainMode` tells. */
  drain(mode: Drain): Action<void>;
  /** Allows new logons again. `parse` throws as `drain`. */
  undrain(): Action<void>;
}

/** What a backend must know about where its commands run. */
export interface Target {
  /** The host's label, for messages. */
  readonly label: string;
  /** The machine to act on through `/server:`, already checked to be a plain name. */
  readonly server?: string;
  /** This very machine, reached without SSH: the caller's own session belongs to a person. */
  readonly local?: boolean;
}
