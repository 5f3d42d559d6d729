import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import { runsUntil, type Runs, type Urgency } from "../../../provider/pulumi/process/cancellation";

let runs: Runs;
let cancel: (why: string, urgency?: Urgency) => void;
/** If set, the source cancels with this reason as soon as it starts. */
let atOnce: string | undefined;
let listening: boolean[];
beforeEach(() => {
  atOnce = undefined;
  listening = [];
  runs = runsUntil({
    start(cancelAll) {
      listening.push(true);
      cancel = cancelAll;
      if (atOnce !== undefined) cancelAll(atOnce);
    },
    stop: () => void listening.push(false),
  });
});

/** Begins a run that lasts until `end` is called, which resolves with the reason it was stopped for, if any. */
function begin(): { readonly stop: () => AbortSignal; readonly end: () => Promise<unknown> } {
  let finish = (): void => undefined;
  let seen: AbortSignal | undefined;
  const running = runs.hold(({ stop }) => {
    seen = stop;
    return new Promise<void>((resolve) => (finish = resolve));
  });
  const stop = (): AbortSignal => seen ?? assert.fail("not begun");
  return {
    stop,
    end: async () => {
      finish();
      await running;
      return stop().reason as unknown;
    },
  };
}

describe("cancelling the runs of a process", () => {
  it("stops all runs and gives the reason", async () => {
    const [one, two] = [begin(), begin()];
    cancel("the provider received SIGTERM");
    for (const { stop, end } of [one, two]) {
      assert.ok(stop().aborted);
      const reason = await end();
      assert.ok(reason instanceof LogoffError && reason.code === "aborted");
      assert.equal(reason.message, "Stopped before it was done: the provider received SIGTERM; run again");
    }
    assert.deepEqual(listening, [true, false]);
  });

  it("stops a run that begins while cancelled runs are still ending", async () => {
    const one = begin();
    cancel("the provider received SIGTERM");
    const two = begin();
    assert.ok(two.stop().aborted);
    await one.end();
    const three = begin();
    assert.ok(three.stop().aborted);
    await two.end();
    await three.end();
    assert.deepEqual(listening, [true, false]);
  });

  it("is over when all runs have ended, unless the source cancels again", async () => {
    const one = begin();
    cancel("the provider received SIGTERM");
    await one.end();
    const two = begin();
    assert.ok(!two.stop().aborted);
    await two.end();
    atOnce = "the engine is gone";
    const three = begin();
    assert.match(String(await three.end()), /the engine is gone/u);
  });

  it("aborts unfinished runs after 2.5 s and abandons them after 3.5 s", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const seen: string[] = [];
    const running = runs.hold(async ({ signal, gaveUp }) => {
      signal.addEventListener("abort", () => seen.push("dropped"));
      await gaveUp;
    });
    cancel("the provider received SIGINT");
    mock.timers.tick(2499);
    assert.equal(seen.join(), "");
    mock.timers.tick(1);
    assert.equal(seen.join(), "dropped");
    void running.then(() => seen.push("gave up"));
    mock.timers.tick(999);
    await new Promise(setImmediate);
    assert.equal(seen.join(), "dropped");
    mock.timers.tick(1);
    await running;
  });

  it("leaves a run that is cancelled patiently all its time, until an urgent request follows", async ({
    mock,
  }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const seen: string[] = [];
    const running = runs.hold(async ({ stop, signal, gaveUp }) => {
      stop.addEventListener("abort", () => seen.push(`stop: ${(stop.reason as Error).message}`));
      signal.addEventListener("abort", () => seen.push("dropped"));
      await gaveUp;
    });
    cancel("the operation was cancelled", "patient");
    mock.timers.tick(3_600_000);
    await new Promise(setImmediate);
    const stopped = "stop: Stopped before it was done: the operation was cancelled; run again";
    assert.deepEqual(seen, [stopped]);
    cancel("the provider received SIGINT");
    cancel("the operation was cancelled", "patient");
    mock.timers.tick(2500);
    assert.deepEqual(seen, [stopped, "dropped"]);
    mock.timers.tick(1000);
    await running;
  });

  it("holds a run that begins later to the most urgent request so far", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const one = begin();
    cancel("the provider received SIGINT");
    cancel("the operation was cancelled", "patient");
    const late = runs.hold(async ({ gaveUp }) => gaveUp);
    mock.timers.tick(3500);
    await late;
    await one.end();
  });
});
