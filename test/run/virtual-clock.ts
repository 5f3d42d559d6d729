import { onAbort } from "../../provider/base/abort";
import type { Clock } from "../../provider/base/clock";

/** A clock whose hours take no time: when no work is left, it jumps to the next timer. */
export interface VirtualClock extends Clock {
  /** Calls `work` at that time, as an outside event would. */
  at(ms: number, work: () => void): void;
  /** Sets the clock of the day by this much, as an administrator or a time server would; `now` is not affected. */
  setDateBy(ms: number): void;
}

/** Creates a clock that starts at 0; `startsAt` is its wall-clock time. */
export function virtualClock(startsAt = new Date("2026-11-23T22:00:00Z")): VirtualClock {
  let timeMs = 0;
  let dateSetByMs = 0;
  let pumping = false;
  let order = 0;
  const sleepers = new Set<{ readonly untilMs: number; readonly order: number; readonly wake: () => void }>();

  // All other work is promises, which settle before the event loop turns; a few extra turns do no harm.
  const pump = (idleTurns: number): void => {
    setImmediate(() => {
      if (idleTurns < 3) {
        pump(idleTurns + 1);
        return;
      }
      const [next] = [...sleepers].sort((a, b) => a.untilMs - b.untilMs || a.order - b.order);
      if (next === undefined) {
        pumping = false;
        return;
      }
      sleepers.delete(next);
      timeMs = Math.max(timeMs, next.untilMs);
      next.wake();
      pump(0);
    });
  };
  const add = (ms: number, wake: () => void): (() => void) => {
    const sleeper = { untilMs: timeMs + ms, order: (order += 1), wake };
    sleepers.add(sleeper);
    if (!pumping) {
      pumping = true;
      pump(0);
    }
    return () => sleepers.delete(sleeper);
  };
  return {
    now: () => timeMs,
    date: () => new Date(startsAt.getTime() + timeMs + dateSetByMs),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const forget = add(ms, () => {
          stopListening();
          resolve();
        });
        const stopListening = onAbort(signal, (error) => {
          forget();
          reject(error);
        });
      }),
    after: add,
    at: (ms, work) => void add(ms - timeMs, work),
    setDateBy: (ms) => {
      dateSetByMs += ms;
    },
  };
}
