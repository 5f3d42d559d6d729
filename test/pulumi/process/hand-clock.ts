import { systemClock, type Clock } from "../../../provider/base/clock";

/** A clock that advances only when `pass` is called. */
export interface HandClock extends Clock {
  readonly pass: (ms: number) => void;
  /** The number of pending timers. */
  readonly waiting: () => number;
}

export function handClock(): HandClock {
  let now = 0;
  const timers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    ...systemClock,
    now: () => now,
    after: (ms, wake) => {
      const timer = { atMs: now + ms, wake };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass: (ms) => {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > until) break;
        timers.delete(next);
        now = next.atMs;
        next.wake();
      }
      now = until;
    },
    waiting: () => timers.size,
  };
}
