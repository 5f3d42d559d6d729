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
      say(
        "Ended at once: the last logoffs are not verified, and hosts may still be drained; --list shows who is there, --undrain allows new logons",
      );
      world.exit(130);
      return;
    }
    say(
      `Stopping after ${signal}: no more logoffs are sent, those already sent are verified, and hosts that are not done are cleaned up; a second signal ends at once`,
    );
    controller.abort(new LogoffError("aborted", `Stopped by ${signal} before it was done; run again`));
  });
  return { stop: controller.signal, isCancelled: () => controller.signal.aborted, end };
}
