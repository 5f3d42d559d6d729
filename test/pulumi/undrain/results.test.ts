import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import { unknownValue } from "../../../provider/plan/unknown";
import { compareUndrain } from "../../../provider/pulumi/undrain/changes";
import {
  expectedUndrainResults,
  readUndrainKnown,
  toUndrainHostResult,
  toUndrainResults,
} from "../../../provider/pulumi/undrain/results";
import type { AwaitOutcome } from "../../../provider/run/undrain/await-hosts";

const outcome: AwaitOutcome = {
  host: "a:22",
  status: "ok",
  drained: "undrained",
  bootId: "BootId=0x2",
  platform: "windows",
  contacted: true,
  warnings: ["w"],
  durationMs: 5,
};
const ready = toUndrainHostResult(outcome);
const failed = toUndrainHostResult({
  ...outcome,
  status: "failed",
  drained: "left",
  error: new LogoffError("not-back", "it was not back"),
});

describe("results of a HostUndrain", () => {
  it("hold of each host what the next run and the program need", () => {
    assert.deepEqual(ready, { status: "ok", drained: "undrained", bootId: "BootId=0x2" });
    assert.deepEqual(failed, {
      status: "failed",
      drained: "left",
      bootId: "BootId=0x2",
      error: { code: "not-back", message: "it was not back" },
    });
  });

  it("cannot act as a command in the log of a pipeline, and are short", () => {
    const error = new LogoffError("not-back", `##vso[task.complete]\n::error::${"x".repeat(500)}`);
    const { message = "" } = toUndrainHostResult({ ...outcome, status: "failed", error }).error ?? {};
    assert.ok(message.length <= 310, message);
    assert.doesNotMatch(message, /##vso\[|\n/u);
  });

  it("are read as they were written", () => {
    const hosts = new Map([
      ["a:22", ready],
      ["b:22", failed],
    ]);
    const results = toUndrainResults(["a:22", "b:22"], { hosts, finishedAt: "2026-01-01T00:00:00Z" });
    assert.deepEqual(results.readyHosts, ["a:22"]);
    assert.deepEqual(readUndrainKnown(JSON.parse(JSON.stringify(results))), {
      hosts,
      finishedAt: "2026-01-01T00:00:00Z",
    });
  });

  it("have the order of the program, and no host that it does not name", () => {
    const hosts = new Map([
      ["c:22", ready],
      ["b:22", ready],
      ["a:22", ready],
    ]);
    const { readyHosts, hostResults } = toUndrainResults(["a:22", "b:22"], { hosts, finishedAt: "" });
    assert.deepEqual(
      [readyHosts, Object.keys(hostResults)],
      [
        ["a:22", "b:22"],
        ["a:22", "b:22"],
      ],
    );
  });

  const strange: readonly unknown[] = [
    undefined,
    null,
    "x",
    {},
    { hostResults: 1, finishedAt: 2 },
    { hostResults: ["x"] },
    { hostResults: { "a:22": null, "b:22": { status: "new word" } } },
  ];
  for (const [index, given] of strange.entries()) {
    it(`are none in a state that cannot be read (${index + 1})`, () =>
      assert.deepEqual(readUndrainKnown(given), { hosts: new Map(), finishedAt: "" }));
  }

  it("are read from a newer version as far as they are known", () => {
    const newer = {
      "a:22": { status: "ok", drained: "new word", more: 1 },
      "b:22": { status: "failed", error: { code: "new-code", message: 7 }, bootId: 7 },
      "c:22": { status: "ok", error: { code: "not-back", message: "of before" } },
    };
    assert.deepEqual(Object.fromEntries(readUndrainKnown({ hostResults: newer }).hosts), {
      "a:22": { status: "ok", drained: "left" },
      "b:22": { status: "failed", drained: "left", error: { code: "command-failed", message: "" } },
      "c:22": { status: "ok", drained: "left" },
    });
  });
});

describe("the expected results of a preview", () => {
  const inputs = { hosts: ["a", "b"] };
  const state = {
    ...inputs,
    ...toUndrainResults(["a:22", "b:22"], {
      hosts: new Map([
        ["a:22", ready],
        ["b:22", failed],
      ]),
      finishedAt: "2026-01-01T00:00:00Z",
    }),
  };
  const expected = (
    news: Readonly<Record<string, unknown>>,
    olds: Readonly<Record<string, unknown>> = state,
  ) => expectedUndrainResults(olds, compareUndrain(olds, news));

  it("are unknown of hosts that run, and known of the others", () => {
    const { hostResults, readyHosts, finishedAt, stateVersion } = expected(inputs);
    assert.deepEqual(hostResults, { "a:22": ready, "b:22": unknownValue });
    assert.deepEqual([readyHosts, finishedAt, stateVersion], [unknownValue, unknownValue, 1]);
  });

  it("are unknown while the hosts are", () => {
    assert.equal(expected({ ...inputs, only: unknownValue }).hostResults, unknownValue);
  });

  it("are those of the state if no host runs", () => {
    const done = { ...state, hostResults: { "a:22": ready, "b:22": ready }, readyHosts: ["a:22", "b:22"] };
    const { readyHosts, finishedAt } = expected({ ...inputs, timeouts: { total: "1h" } }, done);
    assert.deepEqual([readyHosts, finishedAt], [["a:22", "b:22"], "2026-01-01T00:00:00Z"]);
  });
});
