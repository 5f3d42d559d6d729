import { setTimeout as delay } from "node:timers/promises";

/** Time as the lab knows it, so that a test can run it by hand. */
export interface LabClock {
  /** Milliseconds, never going back; only differences mean something. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects as soon as `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The computer's own monotonic clock. */
export const realClock: LabClock = {
  now: () => performance.now(),
  // A plain timer, not an unref'd one: whoever waits is told, and closing the lab aborts what still waits.
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};

/** A clock that stands still until a test moves it. */
export interface ManualClock extends LabClock {
  /** Moves the time on and wakes everybody whose time has come, in order. */
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
