import { printable } from "./text";

/** Every way a run can fail, named for what the operator does next. Closed: reports and the state hold these words. */
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

/** One thing that is wrong with the input: where it stands (`connection.port`) and what would be right. */
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
 * The only error class callers need. `message` starts with the action, quotes values, says what would be right and
 * holds no credential; text that came from a remote host went through {@link printable}.
 */
export class LogoffError extends Error {
  readonly code: ErrorCode;
  /** With code `plan-invalid`: every problem of the input; otherwise empty. */
  readonly problems: readonly PlanProblem[];
  /** Nothing was tried on the host, for the sake of others: it is skipped, not failed. */
  readonly untried: boolean;
  /** It went wrong at the login: the host was reached, and its key taken. */
  readonly atLogin: boolean;
  /** With code `output-unrecognised`: two lists of the same moment contradict each other; a moment later they may agree. */
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
