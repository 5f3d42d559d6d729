import type { SessionState } from "./session";

/** Who stays, whatever else is said. Globs and names are compared without regard to case. */
export interface Exceptions {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly users: readonly string[];
}

/**
 * Which sessions of a host are meant. Fields that are present narrow each other, the values in one field widen it.
 * Complete: built by the plan, which has refused an empty one.
 */
export interface Selector {
  /** Sessions named one by one, as the operand of `logoff`: digits are an ID, anything else a session name. */
  readonly operands?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  /** Globs; one without a wildcard names a session, so that its absence is noticed. */
  readonly names?: readonly string[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly states?: readonly Exclude<SessionState, "other">[] | undefined;
  /** Milliseconds without input at least. */
  readonly idleForMs?: number;
  /** Everybody; needed where no other field narrows. */
  readonly all: boolean;
  /** The connection's own session, which is protected otherwise. */
  readonly current: boolean;
  /** Whether the console session may be logged off. */
  readonly console: boolean;
  readonly except: Exceptions;
}

export const noExceptions: Exceptions = { ids: [], names: [], users: [] };
