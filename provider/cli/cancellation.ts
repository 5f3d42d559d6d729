import { LogoffError } from "../base/errors";
import type { World } from "./world";

/** How a run is stopped. */
export interface Cancellation {
  /** Fires on the first signal: nothing new starts, and what was started is finished. */
  readonly stop: AbortSignal;
  readonly isCancelled: () => boolean;
  /** Restores the default handling of signals. */
  readonly end: () => void;
}

/** The first SIGINT or SIGTERM stops the run in order; the second ends the process at once. */
export function cancelOnSignals(world: World, say: (line: string) => void): Cancellation {
  const controller = new AbortController();
  const end = world.onSignal((signal) => {
    if (controller.signal.aborted) {
      say("Ended at once: what was sent last is not verified, and hosts may still be drained");
      world.exit(130);
      return;
    }
    say(`Stopping after ${signal}: nothing new is begun, what was begun is finished; once more ends at once`);
    controller.abort(new LogoffError("aborted", `Stopped by ${signal}`));
  });
  return { stop: controller.signal, isCancelled: () => controller.signal.aborted, end };
}
