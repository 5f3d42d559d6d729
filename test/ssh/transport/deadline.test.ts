import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onAbort } from "../../../provider/base/abort";
import { systemClock, type Clock } from "../../../provider/base/clock";
import { LogoffError } from "../../../provider/base/errors";
import { withDeadline, type Deadline } from "../../../provider/ssh/transport/deadline";
import { never } from "../scripted-server";

const late = (): LogoffError => new LogoffError("timed-out", "late");
/** Rejects when the signal fires, as all work under a deadline must. */
const untilFired = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => void onAbort(signal, reject));

describe("withDeadline", () => {
  it("returns the result, or throws the error made when time is up", async () => {
    assert.equal(await withDeadline(systemClock, 1000, never, late, () => Promise.resolve(7)), 7);
    await assert.rejects(withDeadline(systemClock, 20, never, late, untilFired), { code: "timed-out" });
  });

  it("throws when the outer signal fires, before or during the work", async () => {
    const stop = new AbortController();
    const running = assert.rejects(withDeadline(systemClock, 1000, stop.signal, late, untilFired), {
      code: "aborted",
    });
    stop.abort();
    await running;
    const notCalled = (): Promise<void> => assert.fail("called");
    await assert.rejects(withDeadline(systemClock, 1000, stop.signal, late, notCalled), { code: "aborted" });
  });

  it("excludes paused time and counts the rest", async () => {
    const { clock, pass } = manualClock();
    let unpause = (): void => undefined;
    const pause = new Promise<void>((resolve) => (unpause = resolve));
    let isPaused = false;
    let signal: AbortSignal | undefined;
    const work = async (inner: AbortSignal, deadline: Deadline): Promise<never> => {
      signal = inner;
      const wait = deadline.pauseWhile(() => pause);
      isPaused = true;
      await wait;
      isPaused = false;
      return untilFired(inner);
    };
    const running = assert.rejects(withDeadline(clock, 150, never, late, work), { code: "timed-out" });
    assert.ok(isPaused);
    await pass(500);
    assert.ok(signal?.aborted === false, "half a second of pause does not count");
    unpause();
    await pass(0);
    assert.ok(!isPaused);
    await pass(140);
    assert.ok(!signal.aborted, "140 of 150 ms have passed");
    await pass(110);
    assert.ok(signal.aborted);
    await running;
  });
});

/** A clock that a test advances, in steps of at most ten milliseconds. */
function manualClock(): { clock: Clock; pass: (ms: number) => Promise<void> } {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const after: Clock["after"] = (ms, wake) => {
    const timer = { atMs: nowMs + ms, wake };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const pass = async (ms: number): Promise<void> => {
    const endMs = nowMs + ms;
    do {
      nowMs = Math.min(endMs, nowMs + 10);
      for (const timer of timers)
        if (timer.atMs <= nowMs) {
          timers.delete(timer);
          timer.wake();
        }
      await new Promise((resolve) => setImmediate(resolve));
    } while (nowMs < endMs);
  };
  return { clock: { ...systemClock, now: () => nowMs, after }, pass };
}
