import { printable } from "./text";

/**
 * What went wrong, named for what the operator does next. Outputs and reports contain these codes, so they never change. The message
 * that comes with a code has the details.
 */
export type ErrorCode =
  /** An input or a line of ssh_config cannot be used, so nothing is sent. Correct every one that the message names. */
  | "plan-invalid"
  /**
   * No SSH connection comes about. Check the address, the port, the firewall and the host's SSH server, and run again.
   */
  | "host-unreachable"
  /**
   * A jump host cannot be used, so the host behind it is not reached. Fix what the message says about the jump host,
   * and run again.
   */
  | "jump-host-failed"
  /**
   * No known key belongs to the host; no credential is sent. Compare the fingerprint with the host's own, then add the
   * key to known_hosts or set `hostKey`.
   */
  | "host-key-unknown"
  /**
   * The host's key is not the known one; no credential is sent. Somebody may intercept the connection: find out whether
   * the host was reinstalled before you replace the known key.
   */
  | "host-key-changed"
  /** The host shows a key that known_hosts revokes; no credential is sent. Do not connect; give the host a new key. */
  | "host-key-revoked"
  /**
   * There is no credential that can be offered and that the host accepts. Set a private key or a password, or load a
   * key into the SSH agent.
   */
  | "auth-unavailable"
  /**
   * The host rejects the login, or the password is no longer offered, so that no account is locked. Check the login
   * name and the key or password before you run again.
   */
  | "auth-rejected"
  /**
   * The host has no SSH algorithm, or no large enough key, that is allowed here. Update the host, or set `algorithms:
   * "legacy"` if the message says that it helps.
   */
  | "no-common-algorithm"
  /**
   * The host's system, shell or tools cannot be used. Install or configure what the message names, or take the host out
   * of `hosts`.
   */
  | "unsupported-host"
  /**
   * The login lacks the right for the command. Log in as an administrator (Windows), or as root or with the rights that
   * README.md lists (Linux).
   */
  | "permission-denied"
  /**
   * A command or a step of the run fails in a way that no other code names. Read the message, which quotes the host,
   * and run again.
   */
  | "command-failed"
  /**
   * The host's answer cannot be read with certainty, so nobody is taken to be absent. Run `session-logoff --check HOST`
   * and report what it prints.
   */
  | "output-unrecognised"
  /**
   * The connection ends while a command runs. Run again: the next run lists the sessions first and finds out what the
   * command did.
   */
  | "connection-lost"
  /**
   * A time limit (`timeouts`) expires. Find out why the host is slow, or raise the limit that the message names, and
   * run again.
   */
  | "timed-out"
  /**
   * The run is cancelled before the host is finished. Run again: `pulumi up` repeats only the hosts that are not
   * finished.
   */
  | "aborted"
  /**
   * A session given by ID or name does not exist, and `ifMissing` is `fail`. Correct the ID or name, or set `ifMissing:
   * "ignore"`.
   */
  | "session-not-found"
  /**
   * A session given by ID or name must not be logged off, such as a service or the console. Take it out of `sessions`,
   * or set `console: true` for the console.
   */
  | "session-protected"
  /**
   * More sessions are selected on the host or on all hosts than `limits` allows, or a host cannot be counted; nobody
   * there is logged off. Check the selection before you raise the limit.
   */
  | "limit-exceeded"
  /**
   * Sessions are left that must not be logged off now: `atDeadline` is `fail`, or people keep logging on. Run again
   * when they have left, or set `drain`.
   */
  | "sessions-remain"
  /**
   * A session remains after `timeouts.logoff`, although its logoff was sent. Set `ifStuck: "reset"`, raise
   * `timeouts.logoff`, or end the programs that the message names.
   */
  | "session-stuck"
  /**
   * New logons could not be refused, or could not be allowed again. Check the drain mode on the host (`change logon
   * /query`, or `/run/nologin`), and run again.
   */
  | "drain-failed"
  /** The time is outside `window`, so nothing more is changed. Run again inside the window. */
  | "outside-window"
  /** More hosts fail than `rollout.maxFailures` allows, so no more are started. Fix the failed hosts, and run again. */
  | "budget-exceeded";

/** All error codes. */
export const errorCodes = Object.keys({
  "plan-invalid": true,
  "host-unreachable": true,
  "jump-host-failed": true,
  "host-key-unknown": true,
  "host-key-changed": true,
  "host-key-revoked": true,
  "auth-unavailable": true,
  "auth-rejected": true,
  "no-common-algorithm": true,
  "unsupported-host": true,
  "permission-denied": true,
  "command-failed": true,
  "output-unrecognised": true,
  "connection-lost": true,
  "timed-out": true,
  aborted: true,
  "session-not-found": true,
  "session-protected": true,
  "limit-exceeded": true,
  "sessions-remain": true,
  "session-stuck": true,
  "drain-failed": true,
  "outside-window": true,
  "budget-exceeded": true,
} satisfies Record<ErrorCode, true>) as readonly ErrorCode[];

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

  constructor(code: ErrorCode, message: string, options: LogoffErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LogoffError";
    this.code = code;
    this.problems = options.problems ?? [];
    this.untried = options.untried ?? false;
    this.atLogin = options.atLogin ?? false;
    this.isContradiction = options.isContradiction ?? false;
    this.sent = options.sent;
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
  const { code, message, cause, problems, untried, atLogin, isContradiction } = error;
  return new LogoffError(code, message, {
    cause,
    problems,
    untried,
    atLogin,
    isContradiction,
    sent: false,
  });
}
