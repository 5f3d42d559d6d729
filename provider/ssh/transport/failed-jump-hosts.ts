import type { Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";

/** Jump hosts that failed in a way that the next host behind them would only meet again. */
export interface FailedJumpHosts {
  /** Remembers why the jump host with that key could not be opened, if it is worth remembering. */
  readonly note: (key: string, thrown: unknown) => void;
  /** What the jump host would answer again; undefined when it may be tried. */
  readonly met: (key: string) => LogoffError | undefined;
}

/**
 * How long a refusal is remembered after the last host that met it: for a whole run, whose hosts come one after another, but
 * not for the life of a process that goes on while somebody mends the jump host.
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
 * A thousand hosts behind a jump host that rejects our login are a thousand rejections, and it shuts us out after a few. One that
 * is down counts nothing against us: it is tried anew, once for all who wait for it, and used as soon as it is back.
 */
function isRefusal(thrown: unknown): thrown is LogoffError {
  return (
    thrown instanceof LogoffError &&
    !thrown.untried &&
    /^(?:auth-|host-key-|no-common-algorithm$)/u.test(thrown.code)
  );
}
