import type { LogoffError } from "../../base/errors";
import type { SshContext } from "../options";
import type { Attempt } from "./socket";

interface Pauses {
  /** Added to every pause. */
  readonly leastMs: number;
  /** Upper bound of the first random part, doubled with each failure up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
}

const usual: Pauses = { leastMs: 0, firstMs: 200, longestMs: 3000 };
/** With each connection from an address that it refuses, sshd extends the refusal (PerSourcePenalties). */
const turnedAway: Pauses = { leastMs: 1000, firstMs: 1000, longestMs: 8000 };

/**
 * The value of the first attempt that succeeds. Transient failures are retried until the signal fires, with exponential backoff and
 * full jitter, so that a thousand clients of a restarting server do not return in step.
 * @param once whether to make a single attempt, for a caller that comes again later by itself
 * @param failed receives every transient failure, before the pause
 * @throws LogoffError the first permanent failure, with `once` any first failure, or the signal's reason
 */
export async function untilItPasses<T>(
  context: Pick<SshContext, "clock" | "random">,
  signal: AbortSignal,
  once: boolean,
  failed: (error: LogoffError) => void,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const outcome = await attempt();
    if (outcome.ok) return outcome.value;
    if (once || !outcome.mayPass) throw outcome.error;
    failed(outcome.error);
    const { leastMs, firstMs, longestMs } = outcome.isTurnedAway ? turnedAway : usual;
    await context.clock.sleep(leastMs + context.random() * Math.min(longestMs, firstMs * 2 ** tries), signal);
  }
}
