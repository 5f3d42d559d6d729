import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../provider/base/clock";
import { LogoffError } from "../../provider/base/errors";

const never = new AbortController().signal;

describe("systemClock", () => {
  it("stops sleeping with the signal's reason", async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(new LogoffError("budget-exceeded", "enough"));
    await assert.rejects(sleeping, /enough/);
  });
});

describe("the timer of the system clock", () => {
  it("sleeps longer than Node's timers can", async () => {
    const awake = new AbortController();
    let isOver = false;
    const sleeping = systemClock.sleep(600 * 3_600_000, awake.signal).finally(() => (isOver = true));
    const stopTimer = systemClock.after(600 * 3_600_000, () => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isOver, false);
    stopTimer();
    awake.abort();
    await assert.rejects(sleeping, { code: "aborted" });
  });

  it("fires once, and not after it was cancelled", async () => {
    const woken: string[] = [];
    systemClock.after(5, () => woken.push("first"));
    systemClock.after(5, () => woken.push("taken back"))();
    await systemClock.sleep(20, never);
    assert.deepEqual(woken, ["first"]);
  });
});
