import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock, onAbort } from "../../provider/async";
import { LogoffError } from "../../provider/errors";
import { withDeadline, type Deadline } from "../../provider/ssh/deadline";
import { never } from "./scripted-server";

const late = (): LogoffError => new LogoffError("timed-out", "late");
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Ends with the signal, as everything under a deadline must. */
const untilFired = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => void onAbort(signal, reject));

describe("withDeadline", () => {
  it("gives the result, or the error of the moment when time is up", async () => {
    assert.equal(await withDeadline(systemClock, 1000, never, late, () => Promise.resolve(7)), 7);
    await assert.rejects(withDeadline(systemClock, 20, never, late, untilFired), { code: "timed-out" });
  });

  it("ends with the outer signal, before and while it works", async () => {
    const stop = new AbortController();
    const running = assert.rejects(withDeadline(systemClock, 1000, stop.signal, late, untilFired), {
      code: "aborted",
    });
    stop.abort();
    await running;
    const notCalled = (): Promise<void> => assert.fail("called");
    await assert.rejects(withDeadline(systemClock, 1000, stop.signal, late, notCalled), { code: "aborted" });
  });

  it("does not count what is paused, and counts the rest", async () => {
    const work = async (signal: AbortSignal, deadline: Deadline): Promise<never> => {
      await wait(50);
      await deadline.pauseWhile(() => wait(300));
      assert.ok(!signal.aborted);
      return untilFired(signal);
    };
    const start = performance.now();
    await assert.rejects(withDeadline(systemClock, 150, never, late, work), { code: "timed-out" });
    const took = performance.now() - start;
    assert.ok(took >= 445 && took < 2000, `${took} ms`);
  });
});
