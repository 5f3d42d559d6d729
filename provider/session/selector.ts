import type { SessionState } from "./session";

/** Sessions that are kept even if they are selected. Globs and names are compared without regard to case. */
export interface Exceptions {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly users: readonly string[];
}

/**
 * Selects sessions of a host. A session must match every field that is present, and any one value within a field. The plan has refused
 * an empty selector.
 */
export interface Selector {
  /** Individual sessions, like the operand of `logoff`: digits are an ID, everything else is a session name. */
  readonly operands?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  /** Globs. A glob without a wildcard names one session, whose absence is reported. */
  readonly names?: readonly string[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly states?: readonly Exclude<SessionState, "other">[] | undefined;
  /** The least number of milliseconds without input. */
  readonly idleForMs?: number;
  /** Selects every session; required if no other field is present. */
  readonly all: boolean;
  /** Selects the connection's own session, which is protected otherwise. */
  readonly current: boolean;
  /** Whether the console session may be logged off. */
  readonly console: boolean;
  readonly except: Exceptions;
}

export const noExceptions: Exceptions = { ids: [], names: [], users: [] };
