import { LogoffError } from "../../base/errors";

/** How a run learns that it must end. */
export interface Cancellation {
  /** Start nothing new, finish verifying what was sent. */
  readonly stop: AbortSignal;
  /** Drop everything. */
  readonly signal: AbortSignal;
  /** Resolves when nobody waits any longer: whatever is known by then is the result. */
  readonly gaveUp: Promise<void>;
}

/** Where cancelling comes from; in the plugin the process's signals and the end of its standard input. */
export interface CancelSource {
  /** Called before the first run begins and after the last one ended. May cancel at once, for what was asked before. */
  start(cancel: (why: string) => void): void;
  stop(): void;
}

/** The runs of a process, all of which end together. */
export interface Runs {
  /** Does `work` with a cancellation of its own. */
  hold<T>(work: (cancellation: Cancellation) => Promise<T>): Promise<T>;
}

/**
 * From the request to cancel: the engine kills us about 5 s after it asked, so that a result must be there after 4. A
 * run has 2.5 s to verify what it sent, and one more to close its connections.
 */
const dropAfterMs = 2500;
const giveUpAfterMs = 3500;

/**
 * Keeps count of runs, and listens to `source` as long as there are any: without, the process ends as it always did. A run
 * that begins while cancelled ones are still ending is stopped from its beginning on.
 */
export function runsUntil(source: CancelSource): Runs {
  const active = new Set<(why: string) => void>();
  let cancelledWhy: string | undefined;
  const cancelAll = (why: string): void => {
    cancelledWhy = why;
    for (const cancel of active) cancel(why);
  };
  return {
    async hold(work) {
      const stop = new AbortController();
      const drop = new AbortController();
      const timers: NodeJS.Timeout[] = [];
      let giveUp = (): void => undefined;
      const gaveUp = new Promise<void>((resolve) => {
        giveUp = resolve;
      });
      const cancel = (why: string): void => {
        if (stop.signal.aborted) return;
        const reason = new LogoffError("aborted", `Stopped before it was finished: ${why}`);
        stop.abort(reason);
        timers.push(
          setTimeout(() => drop.abort(reason), dropAfterMs),
          setTimeout(giveUp, giveUpAfterMs),
        );
      };
      if (active.size === 0) source.start(cancelAll);
      active.add(cancel);
      if (cancelledWhy !== undefined) cancel(cancelledWhy);
      try {
        return await work({ stop: stop.signal, signal: drop.signal, gaveUp });
      } finally {
        for (const timer of timers) clearTimeout(timer);
        active.delete(cancel);
        if (active.size === 0) {
          cancelledWhy = undefined;
          source.stop();
        }
      }
    },
  };
}
