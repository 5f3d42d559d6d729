import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sharedResources, type OpenShared, type SharedResources } from "../../provider/base/shared-resource";

const never = new AbortController().signal;

/** Resources numbered in the order in which they are opened. */
function numbered(): {
  readonly shared: SharedResources<number>;
  readonly closed: number[];
  open: OpenShared<number>;
} {
  const closed: number[] = [];
  let opened = 0;
  return {
    closed,
    shared: sharedResources((value) => {
      closed.push(value);
      return Promise.resolve();
    }),
    open: () => Promise.resolve((opened += 1)),
  };
}

describe("a shared resource", () => {
  it("is opened once and closed by its last user", async () => {
    const { shared, closed, open } = numbered();
    const [a, b] = await Promise.all([shared.take("x", open, never), shared.take("x", open, never)]);
    assert.deepEqual([a.value, b.value], [1, 1]);
    await a.release();
    await a.release();
    assert.deepEqual(closed, []);
    await b.release();
    assert.deepEqual(closed, [1]);
  });

  it("is opened again after it was closed, and separately for another key", async () => {
    const { shared, open } = numbered();
    await (await shared.take("x", open, never)).release();
    assert.equal((await shared.take("x", open, never)).value, 2);
    assert.equal((await shared.take("y", open, never)).value, 3);
  });

  it("is not given to new users after it was lost, but is still closed", async () => {
    const { shared, closed, open } = numbered();
    let lose = (): void => undefined;
    const first = await shared.take("x", (signal, lost) => ((lose = lost), open(signal, lost)), never);
    lose();
    const second = await shared.take("x", open, never);
    assert.deepEqual([first.value, second.value], [1, 2]);
    await first.release();
    assert.deepEqual(closed, [1]);
    assert.equal((await shared.take("x", open, never)).value, 2);
  });

  it("fails for all waiting users, and is opened again by the next one", async () => {
    const { shared, open } = numbered();
    const fail = (): Promise<number> => Promise.reject(new Error("no"));
    const results = await Promise.allSettled([shared.take("x", fail, never), shared.take("x", fail, never)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal((await shared.take("x", open, never)).value, 1);
  });

  it("is no longer opened when all users have left", async () => {
    const { shared, closed } = numbered();
    let given: AbortSignal | undefined;
    let finish = (): void => undefined;
    const slow: OpenShared<number> = (signal) => {
      given = signal;
      return new Promise((resolve) => (finish = () => resolve(5)));
    };
    const [patient, impatient] = [new AbortController(), new AbortController()];
    const waiting = [shared.take("x", slow, patient.signal), shared.take("x", slow, impatient.signal)];
    impatient.abort();
    await assert.rejects(waiting[1] ?? assert.fail(), { code: "aborted" });
    assert.equal(given?.aborted, false);
    patient.abort();
    await assert.rejects(waiting[0] ?? assert.fail(), { code: "aborted" });
    assert.equal(given.aborted, true);
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(closed, [5]);
  });
});
