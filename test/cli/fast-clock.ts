import { systemClock, type Clock } from "../../provider/base/clock";

/** A clock that is so many times faster than time, for waits whose length nobody needs to see. */
export function fastClock(times: number): Clock {
  const startMs = systemClock.now();
  const startDate = systemClock.date().getTime();
  const passed = (): number => (systemClock.now() - startMs) * times;
  return {
    now: () => startMs + passed(),
    date: () => new Date(startDate + passed()),
    after: (ms, wake) => systemClock.after(ms / times, wake),
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}
