import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unknownValue } from "../../../provider/plan/unknown";
import { compare } from "../../../provider/pulumi/resource/changes";
import { stateVersion, toResults, type HostResult } from "../../../provider/pulumi/resource/state";
import { noSessions } from "./sample";

const ok: HostResult = { status: "ok", ...noSessions, drained: "no" };
const failed: HostResult = { ...ok, status: "failed", error: { code: "timed-out", message: "x" } };
const skipped: HostResult = { ...ok, status: "skipped", error: { code: "aborted", message: "x" } };

const inputs = {
  hosts: ["a", "b", { host: "c", sessions: 12 }],
  sessions: { users: ["x", "y"] },
  triggers: [1],
};

/** The state after a run with these inputs. */
function after(
  given: Record<string, unknown>,
  results: Record<string, HostResult> = {},
): Record<string, unknown> {
  const all = { "a:22": ok, "b:22": ok, "c:22": ok, ...results };
  const known = {
    hosts: new Map(Object.entries(all)),
    bootIds: new Map(),
    finishedAt: "2026-01-01T00:00:00Z",
    resume: new Map(),
  };
  return { ...given, ...toResults(Object.keys(all), known), stateVersion };
}

function changes(
  olds: Record<string, unknown>,
  news: Record<string, unknown>,
): { runs: string[]; changed: boolean; why: string } {
  const { hostsToRun, changed, why } = compare(olds, news);
  return { runs: [...hostsToRun].sort(), changed, why };
}

const everyHost = ["a:22", "b:22", "c:22"];
const storedOnly = "stores inputs, contacts no host";

describe("the set of hosts to run", () => {
  it("is empty if nothing changed", () => {
    assert.equal(compare(after(inputs), inputs).changed, false);
  });

  const same: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    ["order of hosts", {}, { hosts: [{ host: "c", sessions: "12" }, "B:22", { host: "A" }] }],
    ["order in a selector", {}, { sessions: { users: ["y", "x", "x"] } }],
    ["an explicit default", {}, { drain: "none", mode: "once", triggers: [1] }],
    ["another way to write a duration", { timeouts: { logoff: "15m" } }, { timeouts: { logoff: 900 } }],
    [
      "another way to write a keepalive",
      { connection: { keepalive: "1m" } },
      { connection: { keepalive: 60 } },
    ],
    ["order of fields", { connection: { user: "u", port: 1 } }, { connection: { port: 1, user: "u" } }],
    [
      "a selection moved to its hosts",
      {},
      {
        sessions: undefined,
        hosts: [
          { host: "a", sessions: { users: ["y", "x"] } },
          { host: "b", sessions: { users: ["x", "y"] } },
          { host: "c", sessions: 12 },
        ],
      },
    ],
    ["null for nothing", {}, { connection: null, warn: null }],
    ["the resource's name", { resourceName: "old" }, { resourceName: "new" }],
    ["an input of a later version in the state", { later: 1 }, {}],
  ];
  for (const [what, olds, news] of same) {
    it(`is empty for ${what}`, () => {
      assert.deepEqual(
        changes(after({ ...inputs, ...olds }), { ...inputs, ...news }).why &&
          compare(after({ ...inputs, ...olds }), { ...inputs, ...news }).changed,
        false,
      );
    });
  }

  const ignored: readonly Record<string, unknown>[] = [
    { warn: { message: "x", gracePeriod: 1 } },
    { atDeadline: "fail" },
    { ifStuck: "reset" },
    { settle: "30s" },
    { ifMissing: "fail" },
    { ifArrived: "ignore" },
    { limits: { sessions: 1 } },
    { rollout: { parallel: 1 } },
    { failOn: "budget" },
    { window: { notBefore: "2026-01-01T00:00:00Z" } },
    { report: "x.json" },
    { previewSessions: true },
  ];
  for (const change of ignored) {
    it(`is empty for a change to ${Object.keys(change).join("")}, even a value not known yet`, () => {
      assert.equal(compare(after(inputs), { ...inputs, ...change }).changed, false);
      assert.equal(compare(after({ ...inputs, ...change }), inputs).changed, false);
      const unknown = Object.fromEntries(Object.keys(change).map((name) => [name, unknownValue]));
      assert.equal(compare(after(inputs), { ...inputs, ...unknown }).changed, false);
    });
  }

  it("contains every host if triggers change", () => {
    const { runs, why } = changes(after(inputs), { ...inputs, triggers: [2] });
    assert.deepEqual(runs, everyHost);
    assert.equal(why, "runs on 3 of 3 hosts (triggers changed)");
    assert.equal(compare(after(inputs), { ...inputs, triggers: ["1"] }).changed, true);
    assert.equal(compare(after(inputs), { ...inputs, triggers: undefined }).changed, true);
  });

  it("contains every host that uses the common sessions if they change", () => {
    assert.deepEqual(changes(after(inputs), { ...inputs, sessions: { all: true } }).runs, ["a:22", "b:22"]);
  });

  it("contains a host whose own sessions change", () => {
    const hosts = ["a", "b", { host: "c", sessions: 13 }];
    assert.deepEqual(changes(after(inputs), { ...inputs, hosts }), {
      runs: ["c:22"],
      changed: true,
      why: "runs on 1 of 3 hosts (1 with new sessions)",
    });
  });

  it("contains a new host", () => {
    const { runs, why } = changes(after(inputs), { ...inputs, hosts: [...inputs.hosts, "d:2222"] });
    assert.deepEqual(runs, ["d:2222"]);
    assert.equal(why, "runs on 1 of 4 hosts (1 new)");
  });

  it("is empty if a host is removed, although the state changes", () => {
    const result = compare(after(inputs, { "b:22": failed }), {
      ...inputs,
      hosts: ["a", { host: "c", sessions: 12 }],
    });
    assert.equal(result.changed, true);
    assert.equal(result.hostsToRun.size, 0);
    assert.deepEqual(result.removed, ["b:22"]);
    assert.equal(result.why, `${storedOnly} (1 removed)`);
  });

  it("contains a removed host that was kept for its drain and is named again", () => {
    const results = { "a:22": ok, "b:22": { ...ok, drained: "until-restart" } } as const;
    const known = {
      hosts: new Map(Object.entries(results)),
      bootIds: new Map(),
      finishedAt: "",
      resume: new Map(),
    };
    const kept = { host: "b", connection: { user: "own" } };
    const given = { ...inputs, hosts: ["a"], drain: "until-restart" };
    const olds = { ...given, hosts: ["a", kept], ...toResults(["a:22"], known, ["b:22"]) };
    const again = changes(olds, { ...given, hosts: ["b", "a"] });
    assert.deepEqual(again, { runs: ["b:22"], changed: true, why: "runs on 1 of 2 hosts (1 new)" });
    const still = compare(olds, given);
    assert.deepEqual([still.removed, still.undrain], [["b:22"], ["b:22"]]);
    assert.equal(still.why, "undrains 1 host (1 removed)");
  });

  const stored: readonly Record<string, unknown>[] = [
    { connection: { user: "other" } },
    { connection: { port: 2222 } },
    { connection: { passwordEnv: "OTHER" } },
    { drain: "until-restart" },
    { mode: "ensure" },
    { timeouts: { logoff: "1m" } },
    { hosts: ["u@a", "b", { host: "c", sessions: 12 }] },
    { hosts: [{ host: "a", connection: { port: 1 } }, "b", { host: "c", sessions: 12 }] },
    { hosts: [{ host: "a", platform: "windows" }, "b", { host: "c", sessions: 12 }] },
  ];
  for (const change of stored) {
    it(`is empty for ${JSON.stringify(change)}, which is only stored`, () => {
      const { runs, changed, why } = changes(after(inputs), { ...inputs, ...change });
      assert.deepEqual([runs, changed], [[], true]);
      assert.ok(why.startsWith(storedOnly), why);
    });
  }

  it("contains pending hosts alongside a change that is only stored", () => {
    const { runs, why } = changes(after(inputs, { "a:22": failed }), {
      ...inputs,
      connection: { user: "other" },
    });
    assert.deepEqual(runs, ["a:22"]);
    assert.equal(why, "runs on 1 of 3 hosts (1 failed)");
  });

  it("contains hosts that failed, were skipped, are missing from the state, or are new", () => {
    const olds = after(inputs, { "a:22": failed, "b:22": skipped });
    const hostResults = { ...(olds["hostResults"] as Record<string, unknown>) };
    delete hostResults["c:22"];
    const { runs, why } = changes(
      { ...olds, hostResults },
      { ...inputs, hosts: [...inputs.hosts, "d", "e"] },
    );
    assert.deepEqual(runs, ["a:22", "b:22", "c:22", "d:22", "e:22"]);
    assert.equal(why, "runs on 5 of 5 hosts (1 failed, 1 skipped, 1 not done, 2 new)");
  });

  it("contains every host without a valid result in the state", () => {
    for (const hostResults of [
      undefined,
      null,
      "x",
      [],
      { "a:22": null, "b:22": { status: "later" }, "c:22": 7 },
    ]) {
      assert.deepEqual(changes({ ...after(inputs), hostResults }, inputs).runs, everyHost);
    }
  });

  it("contains the hosts with matching sessions in mode ensure", () => {
    const given = { ...inputs, mode: "ensure" };
    const olds = after(given, { "b:22": { ...ok, sessions: 3, loggedOff: 1, left: 1 } });
    assert.deepEqual(changes(olds, given), {
      runs: ["b:22"],
      changed: true,
      why: "runs on 1 of 3 hosts (1 with matching sessions)",
    });
    assert.equal(compare({ ...olds, mode: "once" }, inputs).changed, false);
  });
});

describe("the set of hosts to undrain", () => {
  const drained = { ...inputs, drain: "until-restart" };
  const olds = after(drained, {
    "a:22": { ...ok, drained: "until-restart" },
    "b:22": { ...ok, drained: "already" },
    "c:22": { ...ok, drained: "until-destroy" },
  });
  it("contains the hosts that we drained if drain becomes none", () => {
    assert.deepEqual(compare(olds, inputs).undrain, ["a:22", "c:22"]);
    assert.deepEqual(compare(olds, drained).undrain, []);
  });
  it("contains removed hosts that we drained", () => {
    assert.deepEqual(compare(olds, { ...drained, hosts: ["a"] }).undrain, ["c:22"]);
  });
});

describe("unknown values", () => {
  it("in triggers may run every host", () => {
    const { runs, why } = changes(after(inputs), { ...inputs, triggers: [{ a: unknownValue }] });
    assert.deepEqual(runs, everyHost);
    assert.equal(why, "may run on 3 of 3 hosts (triggers not known yet)");
  });
  it("in hosts remove no host", () => {
    for (const hosts of [
      unknownValue,
      [unknownValue],
      ["a", "b", { host: "c", port: unknownValue, sessions: 12 }],
    ]) {
      const result = compare(after(inputs), { ...inputs, hosts });
      assert.deepEqual([result.changed, result.removed], [true, []]);
      assert.match(result.why, /^may run on 0 of \d hosts \(hosts not known yet\)$/u);
    }
  });
  it("in sessions may run the hosts that use them", () => {
    assert.deepEqual(changes(after(inputs), { ...inputs, sessions: { users: [unknownValue] } }).runs, [
      "a:22",
      "b:22",
    ]);
    const hosts = ["a", "b", { host: "c", sessions: unknownValue }];
    assert.equal(
      changes(after(inputs), { ...inputs, hosts }).why,
      "may run on 1 of 3 hosts (sessions not known yet)",
    );
  });
  it("in the connection are only stored", () => {
    const { runs, changed } = changes(after(inputs), { ...inputs, connection: { password: unknownValue } });
    assert.deepEqual([runs, changed], [[], true]);
  });
});
