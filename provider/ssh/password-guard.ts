/**
 * Keeps a wrong password from locking an account on a whole farm: a domain controller counts the failures of every host
 * together. A password is proven on one host before any other sees it.
 */
import { createHmac, randomBytes } from "node:crypto";
import { aborted, onAbort } from "../async";
import { LogoffError } from "../errors";

/** What became of a password on one host. `unanswered`: it was sent and the connection ended without a verdict. */
export type PasswordVerdict = "accepted" | "rejected" | "unanswered" | "not-offered";

/** The right to offer a password to one host. */
export interface PasswordClaim {
  /** Ends the claim; only the first call counts. Whoever holds a claim must call it. */
  readonly settle: (verdict: PasswordVerdict) => void;
}

export interface PasswordGuard {
  /** Spares a host the visit. @throws LogoffError `auth-rejected` when the password was turned down elsewhere */
  readonly refuseIfBarred: (label: string, user: string, password: string) => void;
  /**
   * Waits while another host proves this user's password.
   * @throws LogoffError `auth-rejected` when it was turned down elsewhere; `aborted`
   */
  readonly claim: (
    label: string,
    user: string,
    password: string,
    signal: AbortSignal,
  ) => Promise<PasswordClaim>;
}

/** So many rejections anywhere, and a password that was once right is offered no more. */
const mostFailures = 3;

interface Trust {
  proven: boolean;
  failures: number;
  barredBy: string | undefined;
  /** Claims that have no verdict yet. */
  open: number;
  waiting: (() => void)[];
}

/** A guard to share between all resources of a process. It remembers keyed digests, no passwords. */
export function passwordGuard(): PasswordGuard {
  const digestKey = randomBytes(32);
  const trusts = new Map<string, Trust>();
  const trustOf = (user: string, password: string): Trust => {
    // Windows takes user names in any case, so "Admin" and "admin" count towards the same lockout.
    const text = JSON.stringify([user.toLowerCase(), password]);
    const digest = createHmac("sha256", digestKey).update(text).digest("base64");
    const trust = trusts.get(digest) ?? {
      proven: false,
      failures: 0,
      barredBy: undefined,
      open: 0,
      waiting: [],
    };
    trusts.set(digest, trust);
    return trust;
  };
  return {
    refuseIfBarred: (label, user, password) => {
      const { barredBy } = trustOf(user, password);
      if (barredBy !== undefined) throw barred(label, barredBy);
    },
    claim: async (label, user, password, signal) => {
      const trust = trustOf(user, password);
      for (;;) {
        if (trust.barredBy !== undefined) throw barred(label, trust.barredBy);
        if (mayClaim(trust)) return newClaim(trust, label);
        await nextVerdict(trust, signal);
      }
    },
  };
}

function mayClaim(trust: Trust): boolean {
  if (!trust.proven) return trust.open === 0;
  return trust.failures === 0 || trust.failures + trust.open < mostFailures;
}

function newClaim(trust: Trust, label: string): PasswordClaim {
  let settled = false;
  trust.open += 1;
  return {
    settle: (verdict) => {
      if (settled) return;
      settled = true;
      trust.open -= 1;
      if (verdict === "accepted") trust.proven = true;
      else if (verdict !== "not-offered") {
        trust.failures += 1;
        const rejectedFirst = verdict === "rejected" && !trust.proven;
        if (rejectedFirst || trust.failures >= mostFailures) trust.barredBy ??= label;
      }
      trust.waiting.splice(0).forEach((wake) => wake());
    },
  };
}

function nextVerdict(trust: Trust, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      stopListening();
      resolve();
    };
    const stopListening = onAbort(signal, () => {
      trust.waiting = trust.waiting.filter((other) => other !== wake);
      reject(aborted(signal));
    });
    trust.waiting.push(wake);
  });
}

function barred(label: string, by: string): LogoffError {
  const why = by === label ? "here" : `by "${by}"`;
  return new LogoffError(
    "auth-rejected",
    `Did not log in to "${label}": not tried, since the password was rejected ${why} and more attempts could lock the account`,
    { untried: true },
  );
}
