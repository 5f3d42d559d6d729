import type { ExecResult, Platform } from "../connection";
import type { Selector } from "../session/selector";
import type { Session, SessionList } from "../session/session";
import type { BootId } from "./boot-id";

/**
 * One command and the reader of its reply. Pure: the holder of a connection performs it, and a dry run prints
 * `command`. `parse` throws a LogoffError if the reply reports a failure or cannot be read.
 */
export interface Action<T> {
  readonly command: string;
  readonly stdin?: Uint8Array;
  readonly parse: (result: ExecResult) => T;
}

/** Commands that change nothing. They may run in parallel and be repeated; their results are read together, in order. */
export interface Query<T> {
  readonly commands: readonly string[];
  readonly parse: (results: readonly ExecResult[]) => T;
  /** The same question in more commands and plainer ones, asked where `parse` throws. Absent: there is none. */
  readonly separately?: Query<T>;
}

/** A query whose answer is made into another. What `convert` throws, the query throws. */
export function mapped<A, B>(
  { commands, parse, separately }: Query<A>,
  convert: (read: () => A) => B,
): Query<B> {
  return {
    commands,
    parse: (results) => convert(() => parse(results)),
    ...(separately === undefined ? {} : { separately: mapped(separately, convert) }),
  };
}

/** The answer to a logoff. Only a listing tells whether the session is gone. */
export type LogoffAnswer =
  | { readonly kind: "accepted" }
  /** The session does not exist: it ended by itself. */
  | { readonly kind: "absent" }
  /** The host is closing the session, or cannot do so now: wait. */
  | { readonly kind: "busy" }
  | { readonly kind: "denied"; readonly detail: string }
  | { readonly kind: "refused"; readonly detail: string };

/** The answer to a warning. Best effort: a failure is recorded and does not stop a run by itself. */
export type WarnAnswer =
  | { readonly kind: "delivered" }
  | { readonly kind: "absent" }
  | { readonly kind: "undelivered"; readonly detail: string };

/** A message to one session. */
export interface Warning {
  /** Absent if the session cannot receive messages; `cannot` says why. */
  readonly action?: Action<WarnAnswer>;
  readonly cannot?: string;
  /** The end of the text was cut off, because the host accepts no longer messages. */
  readonly cut: boolean;
  /** Characters that the host's code page lacks were replaced by `?`. */
  readonly replaced: boolean;
}

/** How long a drain lasts. */
export type Drain = "until-restart" | "until-destroy";

/**
 * Whether a host accepts new logons: `open`, one of our modes, closed in a way that we never set, or `starting`: closed by the system itself while
 * it starts or shuts down.
 */
export type DrainMode = "open" | Drain | "other" | "starting";

/** Identifies a session whose logoff was sent. */
export type AskedRow = Pick<Session, "id" | "user">;

/** The commands of an operating system, and the readers of their replies. */
export interface Backend {
  readonly platform: Platform;
  /**
   * All sessions of the host (or of the server behind it).
   * `parse` throws `permission-denied` and `output-unrecognised`; it never returns a list that may be incomplete.
   * @param asked sessions whose logoff was sent: one of them may have lost its user in only one part of the answer
   */
  list(asked?: readonly AskedRow[]): Query<SessionList>;
  /** Inputs that have less effect on this platform than on others, in sentences for the report. */
  caveats(asked: { readonly states: Selector["states"]; readonly drain: Drain | "none" }): readonly string[];
  /** Logs one session off by its ID. @throws LogoffError `output-unrecognised` if the ID is not valid */
  logOff(session: Session): Action<LogoffAnswer>;
  /** Ends a session that a logoff did not end, including its processes. Never a listener. @throws as `logOff` */
  reset(session: Session): Action<LogoffAnswer>;
  /**
   * The names of the programs that run in a session, safe to print, each once, the system's own last. `parse` never throws: what cannot be
   * read is left out. @throws as `logOff`
   */
  processes(session: Session): Query<readonly string[]>;
  /**
   * Shows `text` to the user of a session. The text is passed on standard input, never in the command line.
   * @param seconds how long the text stays on the screen: until the next step
   */
  warn(session: Session, text: string, seconds: number): Warning;
  /** Whether the host accepts new logons. `parse` throws `drain-failed` if that is unknown. */
  drainMode(): Query<DrainMode>;
  /** Refuses new logons. `parse` throws `permission-denied`, `drain-failed`. `drainMode` tells whether it worked. */
  drain(mode: Drain): Action<void>;
  /**
   * Allows new logons again. `parse` throws as `drain`.
   * @param force Linux: removes `/run/nologin` even if it is not ours
   */
  undrain(options?: { readonly force?: boolean }): Action<void>;
  /** The host's boot ID; `parse` returns undefined if it cannot be read, and never throws. */
  bootId(): Query<BootId | undefined>;
}

/** The target of a backend's commands. */
export interface Target {
  /** The host's label, for messages. */
  readonly label: string;
  /** The machine to act on through `/server:`, already checked to be a plain name. */
  readonly server?: string;
  /** This machine, reached without SSH: the caller's own session belongs to a person. */
  readonly local?: boolean;
}
