import { setTimeout as delay } from "node:timers/promises";

/** The lab's clock, which a test can control by hand. */
export interface LabClock {
  /** Milliseconds, monotonic; only differences are meaningful. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds; rejects as soon as `signal` aborts.
   * @param isIdle whether nobody waits for it, so that it need not keep the process alive
   */
  sleep(ms: number, signal: AbortSignal, isIdle?: boolean): Promise<void>;
}

/** Node's longest timer; a longer one fires at once. */
const longestMs = 2 ** 31 - 1;

/** The computer's own monotonic clock. */
export const realClock: LabClock = {
  now: () => performance.now(),
  // Where somebody waits, the sleep must settle: closing the lab aborts those that are pending.
  sleep: (ms, signal, isIdle = false) => delay(Math.min(ms, longestMs), undefined, { signal, ref: !isIdle }),
};

/** A clock that moves only when a test advances it. */
export interface ManualClock extends LabClock {
  /** Advances the time and wakes the sleepers that are due, in order. */
  advance(ms: number): void;
}

/** Starts at 0. */
export function manualClock(): ManualClock {
  let time = 0;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(new Error("aborted"));
          return;
        }
        const sleeper = { until: time + ms, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener("abort", () => {
          if (sleepers.delete(sleeper)) reject(new Error("aborted"));
        });
      }),
    advance: (ms) => {
      time += ms;
      const due = [...sleepers].filter((sleeper) => sleeper.until <= time).sort((a, b) => a.until - b.until);
      for (const sleeper of due) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
