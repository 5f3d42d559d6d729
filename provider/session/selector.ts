import type { SessionState } from "./session";

/** Sessions to keep even if they are selected. IDs and globs ignore case. */
export interface Exceptions {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly users: readonly string[];
}

/**
 * Selects sessions of a host: those that match all fields that are present. A field matches when one of its values does. The plan has
 * rejected a selector without fields.
 */
export interface Selector {
  /** Individual sessions, as the operand of `logoff`: a number is an ID, anything else a session name or a Linux ID. */
  readonly operands?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  /** Globs. A glob without wildcards names an individual session, which is reported if it does not exist. */
  readonly names?: readonly string[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly states?: readonly Exclude<SessionState, "other">[] | undefined;
  /** Minimum milliseconds without input. */
  readonly idleForMs?: number;
  /** Whether all sessions are selected; required if no other field is present. */
  readonly all: boolean;
  /** Whether the connection's own session is selected; otherwise it is protected. */
  readonly current: boolean;
  /** Whether the console session may be logged off. */
  readonly console: boolean;
  readonly except: Exceptions;
}

/** No session is kept. */
export const noExceptions: Exceptions = { ids: [], names: [], users: [] };
