import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../provider/base/clock";
import { mapConcurrent, Semaphore, startInOrder } from "../../provider/base/concurrency";
import { LogoffError } from "../../provider/base/errors";

const never = new AbortController().signal;

describe("a semaphore", () => {
  it("admits as many tasks as it has slots, in order", async () => {
    const slots = new Semaphore(2);
    const log: string[] = [];
    let running = 0;
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) =>
        slots.run(async () => {
          running += 1;
          assert.ok(running <= 2);
          log.push(`start ${n}`);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        }, never),
      ),
    );
    assert.deepEqual(log, ["start 1", "start 2", "start 3", "start 4", "start 5"]);
  });

  it("releases a slot when the work fails", async () => {
    const slots = new Semaphore(1);
    await assert.rejects(
      slots.run(() => Promise.reject(new Error("no")), never),
      /no/,
    );
    assert.equal(await slots.run(() => Promise.resolve(7), never), 7);
  });

  it("loses no slot when a waiter is aborted", async () => {
    const slots = new Semaphore(1);
    const impatient = new AbortController();
    let release = (): void => undefined;
    const first = slots.run(() => new Promise<void>((resolve) => (release = resolve)), never);
    const second = slots.run(() => Promise.resolve("never"), impatient.signal);
    const third = slots.run(() => Promise.resolve("third"), never);
    impatient.abort();
    await assert.rejects(second, (error) => error instanceof LogoffError && error.code === "aborted");
    release();
    await first;
    assert.equal(await third, "third");
    await assert.rejects(
      slots.run(() => Promise.resolve(), impatient.signal),
      /Stopped/,
    );
  });
});

describe("a semaphore whose number of slots changes", () => {
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** Five tasks that each take a slot; `inside` counts those that have started, `leave` ends the oldest. */
  const visitors = (slots: Semaphore): { inside: () => number; leave: () => void; all: Promise<unknown> } => {
    const exits: (() => void)[] = [];
    const visit = (): Promise<void> =>
      slots.run(() => new Promise<void>((resolve) => exits.push(resolve)), never);
    const all = Promise.all([visit(), visit(), visit(), visit(), visit()]);
    return { inside: () => exits.length, leave: () => exits.shift()?.(), all };
  };

  it("admits no task until fewer slots are held than it has now", async () => {
    const slots = new Semaphore(3);
    const { inside, leave, all } = visitors(slots);
    slots.limitTo(1);
    for (const expected of [3, 2, 1, 1, 1]) {
      await settled();
      assert.equal(inside(), expected);
      leave();
    }
    await all;
  });

  it("admits waiters when it has more slots", async () => {
    const slots = new Semaphore(1);
    const { inside, leave, all } = visitors(slots);
    slots.limitTo(4);
    for (const expected of [4, 4, 3, 2, 1]) {
      await settled();
      assert.equal(inside(), expected);
      leave();
    }
    await all;
  });
});

describe("mapConcurrent", () => {
  it("keeps the order of the items", async () => {
    const delays = [3, 1, 2, 0];
    const results = await mapConcurrent(delays, 2, async (ms, index) => {
      await systemClock.sleep(ms, never);
      return `${index}:${ms}`;
    });
    assert.deepEqual(results, ["0:3", "1:1", "2:2", "3:0"]);
  });
  it("does nothing without items", async () => {
    assert.deepEqual(await mapConcurrent([], 3, () => Promise.reject(new Error("called"))), []);
  });
});

describe("startInOrder", () => {
  it("starts at most a few items ahead of those that have begun, and waits for all", async () => {
    const places = new Semaphore(3);
    let started = 0;
    let begun = 0;
    let ended = 0;
    await startInOrder(
      Array.from({ length: 50 }, (_, index) => index),
      3,
      async (_, begins) => {
        started += 1;
        assert.ok(started - begun <= 3, `${started} started, ${begun} begun`);
        await places.run(async () => {
          begun += 1;
          begins();
          await systemClock.sleep(1, never);
        }, never);
        ended += 1;
      },
    );
    assert.equal(ended, 50);
  });

  it("continues when an item ends without beginning", async () => {
    const seen: number[] = [];
    await startInOrder([1, 2, 3], 1, (item) => {
      seen.push(item);
      return Promise.resolve();
    });
    assert.deepEqual(seen, [1, 2, 3]);
  });
});
