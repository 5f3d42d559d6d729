/**
 * Prevents a wrong password from locking an account on a whole farm: a domain controller adds up the failures of all hosts.
 * A password is proven on one host before it is offered to others.
 */
import { createHmac, randomBytes } from "node:crypto";
import { aborted, onAbort } from "../../base/abort";
import { LogoffError } from "../../base/errors";

/** The outcome of a password on one host. `unanswered`: it was sent, but the connection ended without an answer. */
export type PasswordVerdict = "accepted" | "rejected" | "unanswered" | "not-offered";

/** The right to offer a password to one host. */
export interface PasswordClaim {
  /** Ends the claim; only the first call counts. The holder of a claim must call it. */
  readonly settle: (verdict: PasswordVerdict) => void;
}

export interface PasswordGuard {
  /** Checks before the host is contacted. @throws LogoffError `auth-rejected` if the password must not be offered to it */
  readonly refuseIfBarred: (label: string, user: string, password: string) => void;
  /**
   * Waits while this user's password is being proven on another host.
   * @throws LogoffError `auth-rejected` if it was rejected elsewhere; `aborted`
   */
  readonly claim: (
    label: string,
    user: string,
    password: string,
    signal: AbortSignal,
  ) => Promise<PasswordClaim>;
}

/** Number of failures since the last success after which a password is no longer offered. */
const mostFailures = 3;

interface Trust {
  /** Number of hosts that have accepted it. */
  successes: number;
  /** Hosts that have rejected it since the last success. */
  rejectedBy: string[];
  /** Hosts that did not answer, unless another host accepted it after it was offered there. */
  unansweredBy: string[];
  /** The host whose rejection barred the password; a success elsewhere does not change that. */
  barredBy: string | undefined;
  /** Number of claims without a verdict. */
  open: number;
  waiting: (() => void)[];
}

/** A guard that all resources of a process share. It stores keyed digests, not passwords. */
export function passwordGuard(): PasswordGuard {
  const digestKey = randomBytes(32);
  const trusts = new Map<string, Trust>();
  const trustOf = (user: string, password: string): Trust => {
    // Windows ignores the case of user names, so "Admin" and "admin" count towards the same lockout.
    const text = JSON.stringify([user.toLowerCase(), password]);
    const digest = createHmac("sha256", digestKey).update(text).digest("base64");
    const trust = trusts.get(digest) ?? {
      successes: 0,
      rejectedBy: [],
      unansweredBy: [],
      barredBy: undefined,
      open: 0,
      waiting: [],
    };
    trusts.set(digest, trust);
    return trust;
  };
  return {
    refuseIfBarred: (label, user, password) => {
      const why = whyBarred(trustOf(user, password), label);
      if (why !== undefined) throw barred(label, why);
    },
    claim: async (label, user, password, signal) => {
      const trust = trustOf(user, password);
      for (;;) {
        const why = whyBarred(trust, label);
        if (why !== undefined) throw barred(label, why);
        if (mayClaim(trust)) return newClaim(trust, label);
        await nextVerdict(trust, signal);
      }
    },
  };
}

function mayClaim({ successes, rejectedBy, unansweredBy, open }: Trust): boolean {
  if (successes === 0) return open === 0;
  const failures = Math.max(rejectedBy.length, unansweredBy.length);
  return failures === 0 || failures + open < mostFailures;
}

function newClaim(trust: Trust, label: string): PasswordClaim {
  let settled = false;
  const successesBefore = trust.successes;
  trust.open += 1;
  return {
    settle: (verdict) => {
      if (settled) return;
      settled = true;
      trust.open -= 1;
      if (verdict === "accepted") {
        trust.successes += 1;
        trust.rejectedBy = [];
        trust.unansweredBy = [];
      }
      if (verdict === "rejected") {
        trust.rejectedBy.push(label);
        const isLast = trust.successes === 0 || trust.rejectedBy.length >= mostFailures;
        if (isLast) trust.barredBy ??= label;
      }
      // If it counted as wrong there, a later successful login cleared the count.
      if (verdict === "unanswered" && trust.successes === successesBefore) trust.unansweredBy.push(label);
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

/** Why the password must not be offered to the host; undefined if it may be. */
function whyBarred({ barredBy, unansweredBy }: Trust, label: string): string | undefined {
  if (barredBy !== undefined) {
    const where = barredBy === label ? "here" : `by "${barredBy}"`;
    return `the password was rejected ${where}, and more attempts could lock the account`;
  }
  if (unansweredBy.length < mostFailures) return undefined;
  const hosts = unansweredBy.map((host) => `"${host}"`).join(", ");
  return `the password was offered to ${hosts}, none of which gave an answer, and more attempts could lock the account; if hosts take long to check a password, raise \`timeouts.connect\``;
}

function barred(label: string, why: string): LogoffError {
  return new LogoffError("auth-rejected", `Did not log in to "${label}": not tried, since ${why}`, {
    untried: true,
  });
}
