/**
 * What a logoff of this session does, as observed on real hosts:
 * - `instant`: the session is gone when the command returns.
 * - `closes`: the row stays with a blank user for `ms` milliseconds, then it is gone. The command returns at once, or, with
 *   `waits`, at the end.
 * - `denied`: the logoff is refused with 5 (access denied) or 7045, `times` times; by default, forever.
 * - `busy`: the logoff is refused with 7024 (busy) or 7007 (close pending) until `ms` milliseconds after the first attempt, or
 *   for `times` attempts; then it behaves as `then`, by default `instant`.
 * - `stuck`: the logoff is accepted, but hangs at signing out until a reset; the row `shows` the user or a blank (default).
 * - `ignored`: the command returns 0 and does nothing.
 * - `blocks`: the command does not return until it is killed; with `closesAfterMs`, the session goes away all the same.
 */
export type LogoffBehavior =
  | { readonly kind: "instant" }
  | { readonly kind: "closes"; readonly ms: number; readonly waits?: boolean }
  | { readonly kind: "denied"; readonly error?: 5 | 7045; readonly times?: number }
  | {
      readonly kind: "busy";
      readonly error?: 7007 | 7024;
      readonly ms?: number;
      readonly times?: number;
      readonly then?: LogoffBehavior;
    }
  | { readonly kind: "stuck"; readonly shows?: "blank" | "user" }
  | { readonly kind: "ignored" }
  | { readonly kind: "blocks"; readonly closesAfterMs?: number };

/** The states of the Terminal Services API, in its order. */
export type SessionState =
  | "active"
  | "connected"
  | "connect-query"
  | "shadow"
  | "disconnected"
  | "idle"
  | "listen"
  | "reset"
  | "down"
  | "init";

/**
 * Time without input: minutes, `none` for the word (`none`, `Kein`), or literal text, such as the `24692+13:29` that an
 * old client causes.
 */
export type Idle = number | "none" | { readonly raw: string };

/** A message that a user saw on the screen. */
export interface SeenMessage {
  readonly text: string;
  /** Seconds until it closes by itself; absent if `/time:` was not given. */
  readonly seconds?: number;
  readonly atMs: number;
}

/** The current state of one row. */
export interface LabSession {
  readonly id: number;
  /** `rdp-tcp#3`, `console`, `services`; null while disconnected. */
  readonly name: string | null;
  /** Null if nobody is logged on, or while the session is closing. */
  readonly user: string | null;
  /** The user who is or was logged on, even while the listing shows a blank. */
  readonly owner: string | null;
  readonly state: SessionState;
  /** The TYPE column: blank on all servers of the last ten years; earlier `rdpwd`, `wdcon` or `wdica`. */
  readonly type: string;
  readonly idle: Idle;
  readonly logonTime: Date | null;
  readonly processes: readonly string[];
  readonly messages: readonly SeenMessage[];
  readonly closing: boolean;
}

/** The initial state of a session. */
export interface SessionSeed {
  /** Absent or null: nobody, as at a console that shows the logon screen. */
  readonly user?: string | null;
  /** Default: the next unused ID. */
  readonly id?: number;
  /** Default: the next `rdp-tcp#N`, or null if `state` is disconnected. */
  readonly name?: string | null;
  /** Default: `active`, or `connected` if there is no user. */
  readonly state?: SessionState;
  readonly type?: string;
  /** Default: 0, printed as a dot. */
  readonly idle?: Idle;
  /** Default: 9:30 on a fixed day, plus one minute per session, so that no two are equal. */
  readonly logonTime?: Date;
  /** Default: those of Windows and, where somebody is logged on, explorer.exe and a program. */
  readonly processes?: readonly string[];
  /** Default: `instant`. */
  readonly onLogoff?: LogoffBehavior;
  /** Default: `ends`. */
  readonly onReset?: "ends" | "denied" | "ignored";
}

/** Windows error numbers that the lab answers with. */
export const win32 = {
  accessDenied: 5,
  invalidParameter: 87,
  shutdownScheduled: 1190,
  rpcUnavailable: 1722,
  rpcSecurity: 1825,
  closePending: 7007,
  sessionNotFound: 7022,
  sessionBusy: 7024,
  sessionAccessDenied: 7045,
} as const;
/** One of {@link win32}. */
export type Win32Error = (typeof win32)[keyof typeof win32];
