import type { LogoffError } from "../../base/errors";
import type { SshContext } from "../options";
import type { Attempt } from "./socket";

interface Pauses {
  readonly leastMs: number;
  readonly firstMs: number;
  readonly longestMs: number;
}

const usual: Pauses = { leastMs: 0, firstMs: 200, longestMs: 3000 };
/** With each connection from an address, sshd extends the time for which it refuses that address (PerSourcePenalties). */
const turnedAway: Pauses = { leastMs: 1000, firstMs: 1000, longestMs: 8000 };

/**
 * The value of the first attempt that succeeds. What may pass is tried again until the signal fires, with exponential
 * back-off and full jitter: a thousand clients of a server that restarts must not come back in step.
 * @param failed is told of every failure that may pass, before the pause
 * @throws LogoffError the first failure that will not pass, or the signal's reason
 */
export async function untilItPasses<T>(
  context: Pick<SshContext, "clock" | "random">,
  signal: AbortSignal,
  failed: (error: LogoffError) => void,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const outcome = await attempt();
    if (outcome.ok) return outcome.value;
    if (!outcome.mayPass) throw outcome.error;
    failed(outcome.error);
    const { leastMs, firstMs, longestMs } = outcome.isTurnedAway ? turnedAway : usual;
    await context.clock.sleep(leastMs + context.random() * Math.min(longestMs, firstMs * 2 ** tries), signal);
  }
}
