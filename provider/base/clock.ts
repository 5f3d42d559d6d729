import { aborted, onAbort } from "./abort";

/** Node's timers fire at once if they are set for longer (24.8 days). */
const longestTimerMs = 2 ** 31 - 1;

/** The clock of the core. Tests replace it, so that no test waits for real minutes. */
export interface Clock {
  /** Monotonic milliseconds: only differences mean anything. */
  now(): number;
  /** The wall clock, for reports and maintenance windows. */
  date(): Date;
  /** Calls `wake` after `ms`. @returns cancels the timer */
  after(ms: number, wake: () => void): () => void;
  /** Resolves after `ms`. @throws LogoffError `aborted` as soon as `signal` is. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, wake) => {
    let timer = setTimeout(next, Math.min(ms, longestTimerMs));
    function next(): void {
      ms -= longestTimerMs;
      if (ms <= 0) wake();
      else timer = setTimeout(next, Math.min(ms, longestTimerMs));
    }
    return () => clearTimeout(timer);
  },
  // node:timers/promises would create an AbortError with a stack for every deadline that is met, which is most of them.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(aborted(signal));
        return;
      }
      const stopTimer = systemClock.after(ms, () => {
        stopListening();
        resolve();
      });
      const stopListening = onAbort(signal, (error) => {
        stopTimer();
        reject(error);
      });
    }),
};
