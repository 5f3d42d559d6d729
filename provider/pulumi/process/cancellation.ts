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

/**
 * How soon the result is due. `urgent`: within 4 s, because the process is about to be killed. `patient`: when everything that was sent is
 * verified and cleaned up, however long that takes.
 */
export type Urgency = "urgent" | "patient";

/** The source of cancellations, such as the signals of the process and the end of its standard input. */
export interface CancelSource {
  /**
   * Called before the first run starts. It may cancel at once, for a request that came before. An urgent request may follow a patient one; its
   * default is `urgent`.
   */
  start(cancel: (why: string, urgency?: Urgency) => void): void;
  stop(): void;
}

/** The runs of a process, which are cancelled together. */
export interface Runs {
  /** Runs `work` with its own cancellation. */
  hold<T>(work: (cancellation: Cancellation) => Promise<T>): Promise<T>;
}

/**
 * Times after an urgent request to cancel. The engine kills the process about 5 s after it, so the result is due after 4 s. A run has 2.5 s to verify
 * what it sent, and 1 s more to close its connections.
 */
const dropAfterMs = 2500;
const giveUpAfterMs = 3500;

/**
 * Counts the runs, and listens to `source` while there are any. A run that starts while cancelled ones are still ending is cancelled from the
 * start.
 */
export function runsUntil(source: CancelSource): Runs {
  const active = new Set<(why: string, urgency: Urgency) => void>();
  let cancelled: { readonly why: string; readonly urgency: Urgency } | undefined;
  const cancelAll = (why: string, urgency: Urgency = "urgent"): void => {
    if (cancelled?.urgency !== "urgent") cancelled = { why, urgency };
    for (const cancel of active) cancel(why, urgency);
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
      const cancel = (why: string, urgency: Urgency): void => {
        const reason = new LogoffError("aborted", `Stopped before it was done: ${why}; run again`);
        if (!stop.signal.aborted) stop.abort(reason);
        if (urgency === "patient" || timers.length > 0) return;
        timers.push(
          setTimeout(() => drop.abort(reason), dropAfterMs),
          setTimeout(giveUp, giveUpAfterMs),
        );
      };
      if (active.size === 0) source.start(cancelAll);
      active.add(cancel);
      if (cancelled !== undefined) cancel(cancelled.why, cancelled.urgency);
      try {
        return await work({ stop: stop.signal, signal: drop.signal, gaveUp });
      } finally {
        for (const timer of timers) clearTimeout(timer);
        active.delete(cancel);
        if (active.size === 0) {
          cancelled = undefined;
          source.stop();
        }
      }
    },
  };
}
