import { printable } from "./text";

/** Every way a run can fail, named for the operator's next step. A closed set, because reports and states contain these words. */
export const errorCodes = [
  "plan-invalid",
  "host-unreachable",
  "jump-host-failed",
  "host-key-unknown",
  "host-key-changed",
  "host-key-revoked",
  "auth-unavailable",
  "auth-rejected",
  "no-common-algorithm",
  "unsupported-host",
  "permission-denied",
  "command-failed",
  "output-unrecognised",
  "connection-lost",
  "timed-out",
  "aborted",
  "session-not-found",
  "session-protected",
  "limit-exceeded",
  "sessions-remain",
  "session-stuck",
  "drain-failed",
  "outside-window",
  "budget-exceeded",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** A problem of the input: the path of the value (`connection.port`), and what would be right. */
export interface PlanProblem {
  readonly path: string;
  readonly message: string;
}

interface LogoffErrorOptions {
  readonly cause?: unknown;
  readonly problems?: readonly PlanProblem[];
  readonly untried?: boolean;
  readonly atLogin?: boolean;
  readonly isContradiction?: boolean;
}

/**
 * The only error class. `message` starts with the action, quotes values, says what would be right and contains no credential. Text
 * from a remote host has passed {@link printable}.
 */
export class LogoffError extends Error {
  readonly code: ErrorCode;
  /** With code `plan-invalid`: every problem of the input; otherwise empty. */
  readonly problems: readonly PlanProblem[];
  /** Nothing was tried on the host, because of an error on another one: the host is skipped, not failed. */
  readonly untried: boolean;
  /** The login failed: the host was reached, and its key was accepted. */
  readonly atLogin: boolean;
  /** With code `output-unrecognised`: two lists taken at the same time contradict each other. The next ones may agree. */
  readonly isContradiction: boolean;

  constructor(code: ErrorCode, message: string, options: LogoffErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LogoffError";
    this.code = code;
    this.problems = options.problems ?? [];
    this.untried = options.untried ?? false;
    this.atLogin = options.atLogin ?? false;
    this.isContradiction = options.isContradiction ?? false;
  }
}

/** Anything thrown, as a LogoffError: itself, or a `fallback`-coded one around it. */
export function asLogoffError(thrown: unknown, fallback: ErrorCode, action: string): LogoffError {
  if (thrown instanceof LogoffError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new LogoffError(fallback, `${action}: ${printable(detail)}`, { cause: thrown });
}
