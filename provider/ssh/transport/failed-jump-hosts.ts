import type { Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";

/** Jump hosts whose failure would only repeat itself for the next host behind them. */
export interface FailedJumpHosts {
  /** Remembers why the jump host with this key failed, unless the failure may be transient. */
  readonly note: (key: string, thrown: unknown) => void;
  /** The remembered failure of a jump host; undefined when the host may be tried. */
  readonly met: (key: string) => LogoffError | undefined;
}

/**
 * How long a refusal is remembered after the last host that needed the jump host: long enough for a whole run, whose hosts follow
 * one another, but short enough for a long-lived process to notice that the jump host was fixed.
 */
const rememberedMs = 60_000;

export function failedJumpHosts(clock: Pick<Clock, "now">): FailedJumpHosts {
  const refusals = new Map<string, { readonly error: LogoffError; readonly untilMs: number }>();
  const remember = (key: string, error: LogoffError): unknown =>
    refusals.set(key, { error, untilMs: clock.now() + rememberedMs });
  return {
    note: (key, thrown) => {
      if (isRefusal(thrown)) remember(key, thrown);
    },
    met: (key) => {
      const refusal = refusals.get(key);
      if (refusal === undefined || clock.now() > refusal.untilMs) return undefined;
      remember(key, refusal.error);
      return refusal.error;
    },
  };
}

/**
 * Whether a jump host refused us. Retrying a rejected login for each of a thousand hosts would get us locked out. A jump host that is
 * down is retried, once for all its waiters, and used as soon as it is back.
 */
function isRefusal(thrown: unknown): thrown is LogoffError {
  return (
    thrown instanceof LogoffError &&
    !thrown.untried &&
    /^(?:auth-|host-key-|no-common-algorithm$)/u.test(thrown.code)
  );
}
