/**
 * What a logoff of this session does, as it was seen on real hosts:
 * - `instant`: the session is gone when the command returns.
 * - `closes`: for `ms` milliseconds the row stays with a blank user, then it is gone. The command returns at once, or
 *   at the end with `waits`.
 * - `denied`: refused with 5 (access denied) or 7045, `times` times, for ever by default.
 * - `busy`: refused with 7024 (busy) or 7007 (close pending) until `ms` milliseconds after the first try or for `times`
 *   tries; then `then`, by default `instant`.
 * - `stuck`: accepted, and then it hangs at signing out until it is reset; `shows` the user, or a blank (default).
 * - `ignored`: returns 0 and does nothing.
 * - `blocks`: the command never returns until it is killed; with `closesAfterMs` the session goes away all the same.
 */
export type LogoffBehaviour =
  | { readonly kind: "instant" }
  | { readonly kind: "closes"; readonly ms: number; readonly waits?: boolean }
  | { readonly kind: "denied"; readonly error?: 5 | 7045; readonly times?: number }
  | {
      readonly kind: "busy";
      readonly error?: 7007 | 7024;
      readonly ms?: number;
      readonly times?: number;
      readonly then?: LogoffBehaviour;
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
 * Time without input: minutes, `none` for the word (`none`, `Kein`), or the very text, like the `24692+13:29` that an
 * old client causes.
 */
export type Idle = number | "none" | { readonly raw: string };

/** A text that somebody saw on the screen. */
export interface SeenMessage {
  readonly text: string;
  /** Seconds until it closes by itself; absent: `/time:` was not given. */
  readonly seconds?: number;
  readonly atMs: number;
}

/** One row of the host as it stands now. */
export interface LabSession {
  readonly id: number;
  /** `rdp-tcp#3`, `console`, `services`; null while disconnected. */
  readonly name: string | null;
  /** Null when nobody is logged on, or while the session is closing. */
  readonly user: string | null;
  /** Who was or is logged on, also while the listing shows a blank. */
  readonly owner: string | null;
  readonly state: SessionState;
  /** The TYPE column, blank on every server of the last ten years (`rdpwd`, `wdcon`, `wdica` before). */
  readonly type: string;
  readonly idle: Idle;
  readonly logonTime: Date | null;
  readonly processes: readonly string[];
  readonly messages: readonly SeenMessage[];
  readonly closing: boolean;
}

/** How a session begins. */
export interface SessionSeed {
  /** Absent or null: nobody, as at the console of a server that shows its logon screen. */
  readonly user?: string | null;
  /** Absent: the next one that was never used. */
  readonly id?: number;
  /** Absent: the next `rdp-tcp#N`, or null when `state` is disconnected. */
  readonly name?: string | null;
  /** Absent: `active`, or `connected` when there is no user. */
  readonly state?: SessionState;
  readonly type?: string;
  /** Absent: 0, printed as a dot. */
  readonly idle?: Idle;
  /** Absent: half past nine on a fixed day, plus one minute for each session, so that no two are equal. */
  readonly logonTime?: Date;
  readonly processes?: readonly string[];
  /** Absent: `instant`. */
  readonly onLogoff?: LogoffBehaviour;
  /** Absent: `ends`. */
  readonly onReset?: "ends" | "denied" | "ignored";
}

/** Numbers of Windows that the lab answers with. */
export const win32 = {
  accessDenied: 5,
  invalidParameter: 87,
  rpcUnavailable: 1722,
  rpcSecurity: 1825,
  closePending: 7007,
  sessionNotFound: 7022,
  sessionBusy: 7024,
  sessionAccessDenied: 7045,
} as const;
/** One of {@link win32}. */
export type Win32Error = (typeof win32)[keyof typeof win32];
