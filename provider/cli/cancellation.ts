import { LogoffError } from "../base/errors";
import type { World } from "./world";

/** How a run is stopped. */
export interface Cancellation {
  /** Fires on the first signal: nothing new starts, and what was started is finished. */
  readonly stop: AbortSignal;
  /** Fires on the second signal, right before the process ends. */
  readonly atOnce: AbortSignal;
  readonly isCancelled: () => boolean;
  /** Does the work of the operator's command, which the first signal waits for and the second ends. */
  readonly duringCommand: <T>(work: () => Promise<T>) => Promise<T>;
  /** Restores the default handling of signals. */
  readonly end: () => void;
}

/** The first SIGINT or SIGTERM stops the run in order; the second ends the process at once. */
export function cancelOnSignals(world: World, say: (line: string) => void): Cancellation {
  const stop = new AbortController();
  const atOnce = new AbortController();
  let commands = 0;
  const end = world.onSignal((signal) => {
    const error = new LogoffError("aborted", `Stopped by ${signal} before it was done; run again`);
    if (stop.signal.aborted) {
      say(
        commands > 0
          ? "Ended at once, and the command of --then with it: hosts may still be drained, --undrain allows new logons"
          : "Ended at once: the last logoffs are not verified, and hosts may still be drained; --list shows who is there, --undrain allows new logons",
      );
      atOnce.abort(error);
      world.exit(130);
      return;
    }
    say(
      commands > 0
        ? `Stopping after ${signal}: the command of --then is waited for, and nothing new begins after it; a second signal ends both at once`
        : `Stopping after ${signal}: no more logoffs are sent, those already sent are verified, and hosts that are not done are cleaned up; a second signal ends at once`,
    );
    stop.abort(error);
  });
  return {
    stop: stop.signal,
    atOnce: atOnce.signal,
    isCancelled: () => stop.signal.aborted,
    duringCommand: async (work) => {
      commands += 1;
      try {
        return await work();
      } finally {
        commands -= 1;
      }
    },
    end,
  };
}
