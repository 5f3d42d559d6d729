import { onAbort } from "./abort";

/** Node's longest timer, 24.8 days; a longer one fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The source of time for the core. Tests pass a virtual clock. */
export interface Clock {
  /** Monotonic milliseconds; only differences are meaningful. */
  now(): number;
  /** The wall-clock time, for reports and maintenance windows. */
  date(): Date;
  /** Calls `wake` after `ms` milliseconds. Returns a function that cancels the call. */
  after(ms: number, wake: () => void): () => void;
  /**
   * Resolves after `ms` milliseconds.
   * @throws LogoffError `aborted` as soon as the signal fires
   */
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
  // node:timers/promises creates an AbortError with a stack trace for every sleep that is cancelled, which most are.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
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
