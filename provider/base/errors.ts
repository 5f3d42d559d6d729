import type { ErrorCode } from "./error-codes";
import { printable } from "./text";

export { errorCodes } from "./error-codes";
export type { ErrorCode } from "./error-codes";

/** One problem of the input: its path, such as `connection.port`, and what a valid value would be. */
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
  readonly sent?: boolean;
  readonly isProven?: boolean;
  readonly retryInMs?: number;
}

/**
 * The only error class of this package. `message` starts with the action, quotes values, names inputs in backticks, describes a valid
 * value and contains no credential; text from a remote host has passed through {@link printable}.
 */
export class LogoffError extends Error {
  readonly code: ErrorCode;
  /** Every problem of the input, with code `plan-invalid`; otherwise empty. */
  readonly problems: readonly PlanProblem[];
  /** Whether nothing was attempted on the host in order to protect others: such a host is skipped, not failed. */
  readonly untried: boolean;
  /** Whether the login failed, after the host was reached and its key accepted. */
  readonly atLogin: boolean;
  /** Whether two lists taken at the same time contradict each other, with code `output-unrecognised`; a retry may succeed. */
  readonly isContradiction: boolean;
  /** Whether the command was sent to the host; undefined: that is not known, or the error is not about a command. */
  readonly sent: boolean | undefined;
  /**
   * Whether this process has seen a host accept a credential that this host did not accept: the host may only not be ready yet. For
   * failed logins, mostly with code `auth-rejected`.
   */
  readonly isProven: boolean;
  /** Milliseconds after which the same may be tried again, if it was not tried now only because it was too early; otherwise undefined. */
  readonly retryInMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: LogoffErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LogoffError";
    this.code = code;
    this.problems = options.problems ?? [];
    this.untried = options.untried ?? false;
    this.atLogin = options.atLogin ?? false;
    this.isContradiction = options.isContradiction ?? false;
    this.sent = options.sent;
    this.isProven = options.isProven ?? false;
    this.retryInMs = options.retryInMs;
  }
}

/** `thrown` if it is a LogoffError, otherwise a LogoffError with code `fallback` that wraps it; `action` begins its message. */
export function asLogoffError(thrown: unknown, fallback: ErrorCode, action: string): LogoffError {
  if (thrown instanceof LogoffError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new LogoffError(fallback, `${action}: ${printable(detail)}`, { cause: thrown });
}

/** The same error, which says that the command was not sent. */
export function notSent(error: LogoffError): LogoffError {
  if (error.sent === false) return error;
  const { code, message, cause, problems, untried, atLogin, isContradiction, isProven, retryInMs } = error;
  return new LogoffError(code, message, {
    cause,
    problems,
    untried,
    atLogin,
    isContradiction,
    isProven,
    ...(retryInMs === undefined ? {} : { retryInMs }),
    sent: false,
  });
}
