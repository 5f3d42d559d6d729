/**
 * Prevents a wrong password from locking an account on a whole farm: a domain controller adds up the failures of all hosts.
 * A password is proven on one host before it is offered to others.
 */
import { createHmac, randomBytes } from "node:crypto";
import { aborted, onAbort } from "../../base/abort";
import { systemClock, type Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";
import { mostFailures, refuseAwaited, type PasswordFailure, type PasswordOffer } from "./awaited-password";

/** The outcome of a password on one host. `unanswered`: it was sent, but the connection ended without an answer. */
export type PasswordVerdict = "accepted" | "rejected" | "unanswered" | "not-offered";

/** The right to offer a password to one host. */
export interface PasswordClaim {
  /** Ends the claim; only the first call counts. The holder of a claim must call it. */
  readonly settle: (verdict: PasswordVerdict) => void;
}

export interface PasswordGuard {
  /**
   * Checks before the host is contacted.
   * @param isAwaited whether the host is awaited after a restart (default: no)
   * @throws LogoffError `auth-rejected` if the password must not be offered to it, or, with `retryInMs`, not yet
   */
  readonly refuseIfBarred: (label: string, user: string, password: string, isAwaited?: boolean) => void;
  /**
   * Waits while this user's password is being proven on another host, and for an awaited host while another awaited host is trying it.
   * @throws LogoffError `auth-rejected` if it was rejected elsewhere, for an awaited host with `retryInMs` if it is too early; `aborted`
   */
  readonly claim: (
    label: string,
    user: string,
    password: string,
    signal: AbortSignal,
    isAwaited?: boolean,
  ) => Promise<PasswordClaim>;
  /** Whether any host has accepted this user's password. */
  readonly isProven: (user: string, password: string) => boolean;
}

interface Trust {
  /** Number of hosts that have accepted it. */
  successes: number;
  /** Since the last success; an unanswered offer only if no other host has accepted it after it was offered there. */
  failures: PasswordFailure[];
  /** The failures of each host since its own last success. */
  readonly failuresByHost: Map<string, PasswordFailure[]>;
  /** The host whose rejection barred the password; a success elsewhere does not change that. */
  barredBy: string | undefined;
  /** The claims without a verdict. */
  readonly open: Set<PasswordOffer>;
  waiting: (() => void)[];
}

/** A guard that all resources of a process share. It stores keyed digests, not passwords. */
export function passwordGuard(clock: Pick<Clock, "now"> = systemClock): PasswordGuard {
  const digestKey = randomBytes(32);
  const trusts = new Map<string, Trust>();
  const trustOf = (user: string, password: string): Trust => {
    // Windows ignores the case of user names, so "Admin" and "admin" count towards the same lockout.
    const text = JSON.stringify([user.toLowerCase(), password]);
    const digest = createHmac("sha256", digestKey).update(text).digest("base64");
    const trust = trusts.get(digest) ?? {
      successes: 0,
      failures: [],
      failuresByHost: new Map<string, PasswordFailure[]>(),
      barredBy: undefined,
      open: new Set<PasswordOffer>(),
      waiting: [],
    };
    trusts.set(digest, trust);
    return trust;
  };
  const refuse = (trust: Trust, label: string, isAwaited: boolean): void => {
    const why = whyBarred(trust, label);
    if (why !== undefined) throw barred(label, why);
    const { failures, open } = trust;
    const ownFailures = trust.failuresByHost.get(label) ?? [];
    const refusal = isAwaited
      ? refuseAwaited(label, { failures, ownFailures, open: [...open] }, clock.now())
      : undefined;
    if (refusal !== undefined) throw refusal;
  };
  return {
    refuseIfBarred: (label, user, password, isAwaited = false) =>
      refuse(trustOf(user, password), label, isAwaited),
    claim: async (label, user, password, signal, isAwaited = false) => {
      const trust = trustOf(user, password);
      for (;;) {
        refuse(trust, label, isAwaited);
        if (mayClaim(trust, isAwaited)) return newClaim(trust, { host: label, isAwaited }, clock);
        await nextVerdict(trust, signal);
      }
    },
    isProven: (user, password) => trustOf(user, password).successes > 0,
  };
}

function mayClaim({ successes, failures, open }: Trust, isAwaited: boolean): boolean {
  if (isAwaited && [...open].some((offer) => offer.isAwaited)) return false;
  if (successes === 0) return open.size === 0;
  const most = Math.max(hostsOf(failures, "rejected").length, hostsOf(failures, "unanswered").length);
  return most === 0 || most + open.size < mostFailures;
}

function hostsOf(failures: readonly PasswordFailure[], kind: PasswordFailure["kind"]): readonly string[] {
  return failures.filter((failure) => failure.kind === kind).map(({ host }) => host);
}

function newClaim(trust: Trust, offer: PasswordOffer, clock: Pick<Clock, "now">): PasswordClaim {
  const { host } = offer;
  let settled = false;
  const successesBefore = trust.successes;
  trust.open.add(offer);
  return {
    settle: (verdict) => {
      if (settled) return;
      settled = true;
      trust.open.delete(offer);
      if (verdict === "accepted") {
        trust.successes += 1;
        trust.failures = [];
        trust.failuresByHost.delete(host);
      } else if (verdict !== "not-offered") {
        const failure: PasswordFailure = { host, kind: verdict, atMs: clock.now() };
        // A host may count by itself, with accounts of its own: a login elsewhere clears nothing there.
        trust.failuresByHost.set(host, [...(trust.failuresByHost.get(host) ?? []), failure]);
        // If an unanswered offer counted as wrong, a later successful login cleared the count.
        const isCleared = verdict === "unanswered" && trust.successes !== successesBefore;
        if (!isCleared) trust.failures.push(failure);
        const isLast = trust.successes === 0 || hostsOf(trust.failures, "rejected").length >= mostFailures;
        if (verdict === "rejected" && isLast) trust.barredBy ??= host;
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

/** Why the password must not be offered to the host; undefined if it may be. */
function whyBarred({ barredBy, failures }: Trust, label: string): string | undefined {
  if (barredBy !== undefined) {
    const where = barredBy === label ? "here" : `by "${barredBy}"`;
    return `the password was rejected ${where}, and more attempts could lock the account`;
  }
  const unansweredBy = hostsOf(failures, "unanswered");
  if (unansweredBy.length < mostFailures) return undefined;
  const hosts = unansweredBy.map((host) => `"${host}"`).join(", ");
  return `the password was offered to ${hosts}, none of which gave an answer, and more attempts could lock the account; if hosts take long to check a password, raise \`timeouts.connect\``;
}

function barred(label: string, why: string): LogoffError {
  return new LogoffError("auth-rejected", `Did not log in to "${label}": not tried, since ${why}`, {
    untried: true,
  });
}
