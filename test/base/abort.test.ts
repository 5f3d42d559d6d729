import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onAbort, orAborted } from "../../provider/base/abort";
import { LogoffError } from "../../provider/base/errors";

/** The warnings that Node emits during `work` and right after it. */
async function warningsOf(work: () => unknown): Promise<readonly string[]> {
  const warnings: string[] = [];
  const listener = (warning: Error): number => warnings.push(warning.name);
  process.on("warning", listener);
  try {
    await work();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("warning", listener);
  }
  return warnings;
}

describe("onAbort", () => {
  it("calls every listener once, in order, with the reason", () => {
    const controller = new AbortController();
    const calls: string[] = [];
    for (const name of ["a", "b", "c"])
      onAbort(controller.signal, ({ message }) => calls.push(`${name} ${message}`));
    controller.abort(new LogoffError("aborted", "enough"));
    controller.abort();
    assert.deepEqual(calls, ["a enough", "b enough", "c enough"]);
  });

  it("calls a listener immediately when the signal has already fired", () => {
    let calls = 0;
    onAbort(AbortSignal.abort(), () => (calls += 1))();
    assert.equal(calls, 1);
  });

  it("calls no listener that has stopped listening, even while the signal fires", () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const stop = onAbort(controller.signal, () => calls.push("stopped"));
    onAbort(controller.signal, () => stopLast());
    const stopLast = onAbort(controller.signal, () => calls.push("last"));
    stop();
    stop();
    controller.abort();
    assert.deepEqual(calls, []);
  });

  it("listens again after all listeners have stopped", () => {
    const controller = new AbortController();
    let calls = 0;
    onAbort(controller.signal, () => (calls += 1))();
    onAbort(controller.signal, () => (calls += 10));
    controller.abort();
    assert.equal(calls, 10);
  });

  it("causes no warning with thousands of listeners", async () => {
    const { signal } = new AbortController();
    const stops: (() => void)[] = [];
    const warnings = await warningsOf(() => {
      for (let index = 0; index < 5_000; index += 1) stops.push(onAbort(signal, () => undefined));
    });
    for (const stop of stops) stop();
    assert.deepEqual(warnings, []);
  });
});

describe("orAborted", () => {
  it("returns the result of work that ends first", async () => {
    const { signal } = new AbortController();
    assert.equal(await orAborted(Promise.resolve(7), signal), 7);
    await assert.rejects(orAborted(Promise.reject(new Error("no")), signal), /no/u);
  });

  it("rejects with the reason when the signal fires first", async () => {
    const controller = new AbortController();
    const waiting = orAborted(new Promise(() => undefined), controller.signal);
    controller.abort(new LogoffError("timed-out", "too long"));
    await assert.rejects(waiting, { code: "timed-out", message: "too long" });
  });
});
