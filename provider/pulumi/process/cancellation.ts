import { LogoffError } from "../../base/errors";

/** How a run is cancelled. */
export interface Cancellation {
  /** Start nothing new, finish verifying what was sent. */
  readonly stop: AbortSignal;
  /** Drop everything. */
  readonly signal: AbortSignal;
  /** Resolves when the result is due: what is known by then is the result. */
  readonly gaveUp: Promise<void>;
}

/** The source of cancellations: in the plugin, the signals of the process and the end of its standard input. */
export interface CancelSource {
  /** Called before the first run starts. It may cancel at once, for a request that came before. */
  start(cancel: (why: string) => void): void;
  stop(): void;
}

/** The runs of a process, which are cancelled together. */
export interface Runs {
  /** Runs `work` with its own cancellation. */
  hold<T>(work: (cancellation: Cancellation) => Promise<T>): Promise<T>;
}

/**
 * Times after the request to cancel. The engine kills the process about 5 s after it, so the result is due after 4 s. A run has 2.5 s to verify
 * what it sent, and 1 s more to close its connections.
 */
const dropAfterMs = 2500;
const giveUpAfterMs = 3500;

/**
 * Counts the runs, and listens to `source` while there are any. A run that starts while cancelled ones are still ending is cancelled from the
 * start.
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
        const reason = new LogoffError("aborted", `Stopped before it was done: ${why}; run again`);
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
