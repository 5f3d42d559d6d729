/**
 * When a password may be offered to a host that is awaited after a restart. Such a host may reject a right password because it is not
 * ready yet, and it is visited again: without pauses, a handful of hosts would lock an account within seconds.
 */
import { formatDuration } from "../../base/duration";
import { LogoffError } from "../../base/errors";

/** Number of failures since the last success, anywhere or on one host, after which a password is no longer offered. */
export const mostFailures = 3;

/** Milliseconds from the first failure to the next offer. */
const firstPauseMs = 60_000;
/** Milliseconds from the second failure to the next offer. */
const secondPauseMs = 180_000;
/** Milliseconds until a host comes again that has found the password being offered to another host after a failure. */
const turnMs = 5000;
/** The shortest time that is worth coming again for. */
const leastRetryMs = 1000;

/** An offer of a password that was rejected, or that ended without an answer. */
export interface PasswordFailure {
  readonly host: string;
  readonly kind: "rejected" | "unanswered";
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/** An offer of a password without a verdict. */
export interface PasswordOffer {
  readonly host: string;
  readonly isAwaited: boolean;
}

/** What is known of a password, in the order in which it happened. */
export interface PasswordHistory {
  /** The failures since the last success on any host. */
  readonly failures: readonly PasswordFailure[];
  /** The failures of the awaited host since its own last success. */
  readonly ownFailures: readonly PasswordFailure[];
  readonly open: readonly PasswordOffer[];
}

/**
 * The error for an awaited host that must not be offered the password now, with `retryInMs` if it may come again; undefined if it may
 * be offered, in its turn. Rejections and unanswered offers count together, since a host that hung may have counted the offer.
 */
export function refuseAwaited(
  label: string,
  { failures, ownFailures, open }: PasswordHistory,
  nowMs: number,
): LogoffError | undefined {
  // The host may count by itself, so its own failures bar it even if other hosts accept the password.
  if (ownFailures.length >= mostFailures) {
    const why = `the password was offered here ${mostFailures} times and not accepted, and more attempts could lock the account`;
    return new LogoffError("auth-rejected", `Did not log in to "${label}": not tried, since ${why}`, {
      untried: true,
    });
  }
  if (failures.length >= mostFailures) {
    const hosts = failures.map(({ host }) => `"${host}"`).join(", ");
    const why = `the password was offered to ${hosts} and not accepted, and more attempts could lock the account`;
    return new LogoffError("auth-rejected", `Did not log in to "${label}": not tried, since ${why}`, {
      untried: true,
    });
  }
  const pauses = [pauseAfter(failures, nowMs), pauseAfter(ownFailures, nowMs)];
  const [longest] = pauses.filter((pause) => pause !== undefined).sort((a, b) => b.leftMs - a.leftMs);
  if (longest !== undefined) {
    const { leftMs, last } = longest;
    const where = last.host === label ? "here" : `by "${last.host}"`;
    const place = last.host === label ? "here" : `to "${last.host}"`;
    const what =
      last.kind === "rejected" ? `was rejected ${where}` : `was offered ${place} without an answer`;
    return notYet(label, `the password ${what}, and is tried again`, leftMs);
  }
  const [other] = open;
  if (failures.length === 0 || other === undefined) return undefined;
  return notYet(
    label,
    `the password is being tried on "${other.host}" after a failure, and is tried here`,
    turnMs,
  );
}

/** The pause that has begun with the last failure; undefined if it is over. */
function pauseAfter(
  failures: readonly PasswordFailure[],
  nowMs: number,
): { readonly leftMs: number; readonly last: PasswordFailure } | undefined {
  const last = failures.at(-1);
  if (last === undefined) return undefined;
  const pauseMs = failures.length === 1 ? firstPauseMs : secondPauseMs;
  const leftMs = last.atMs + pauseMs - nowMs;
  return leftMs > 0 ? { leftMs, last } : undefined;
}

/** @param why is a clause that ends where the time follows */
function notYet(label: string, why: string, leftMs: number): LogoffError {
  const retryInMs = Math.max(leastRetryMs, Math.ceil(leftMs));
  const message = `Did not log in to "${label}" yet: ${why} in ${formatDuration(retryInMs)}`;
  return new LogoffError("auth-rejected", message, { untried: true, retryInMs });
}
