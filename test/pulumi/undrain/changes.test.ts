import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unknownValue } from "../../../provider/plan/unknown";
import { compareUndrain } from "../../../provider/pulumi/undrain/changes";
import { toUndrainResults } from "../../../provider/pulumi/undrain/results";
import type { UndrainHostResult } from "../../../provider/pulumi/undrain/state";

type Props = Readonly<Record<string, unknown>>;

const ok: UndrainHostResult = { status: "ok", drained: "undrained" };
const failed: UndrainHostResult = {
  status: "failed",
  drained: "left",
  error: { code: "not-back", message: "x" },
};
const skipped: UndrainHostResult = { ...failed, status: "skipped" };

const inputs: Props = { hosts: ["a", "b", "c"], triggers: [1] };
const everyHost = ["a:22", "b:22", "c:22"];

/** The state after a run with these inputs; undefined: a host that no run has reported. */
function after(
  given: Props = inputs,
  results: Readonly<Record<string, UndrainHostResult | undefined>> = {},
): Props {
  const everyResult: typeof results = { "a:22": ok, "b:22": ok, "c:22": ok, ...results };
  const all = Object.entries(everyResult).flatMap(([label, result]) =>
    result === undefined ? [] : [[label, result] as const],
  );
  const known = { hosts: new Map(all), finishedAt: "2026-01-01T00:00:00Z" };
  return { ...given, ...toUndrainResults([...known.hosts.keys()], known) };
}

function changes(olds: Props, news: Props): { runs: string[]; changed: boolean; why: string } {
  const { hostsToRun, changed, why } = compareUndrain(olds, news);
  return { runs: [...hostsToRun], changed, why };
}

describe("a HostUndrain", () => {
  const same: readonly (readonly [what: string, before: Props, after: Props])[] = [
    ["nothing", {}, {}],
    ["the order of hosts", {}, { hosts: ["c", { host: "B" }, "a:22"] }],
    ["the sessions of a host", {}, { hosts: ["a", "b", { host: "c", sessions: 12 }] }],
    ["the order of `only`", { only: everyHost }, { only: ["c:22", "a:22", "b:22"] }],
    ["an `only` that names all hosts", {}, { only: everyHost }],
    ["a default that is written out", {}, { force: false, timeouts: {} }],
    ["another form of a duration", { timeouts: { total: "15m" } }, { timeouts: { total: 900 } }],
    ["rollout, force and report", {}, { rollout: { parallel: 2 }, force: true, report: "a.json" }],
    [
      "counts in the results of SessionLogoff",
      { closedBy: { "a:22": { status: "ok", drained: "until-restart", loggedOff: 1 } } },
      { closedBy: { "a:22": { status: "ok", drained: "until-restart", loggedOff: 2 } } },
    ],
  ];
  for (const [what, before, news] of same) {
    it(`is unchanged by ${what}`, () => {
      const { changed } = compareUndrain(after({ ...inputs, ...before }), { ...inputs, ...before, ...news });
      assert.equal(changed, false);
    });
  }

  const stored: readonly (readonly [name: string, news: Props])[] = [
    ["closedBy", { closedBy: { "a:22": { drained: "until-destroy" } } }],
    ["restartedSince", { restartedSince: { "a:22": "BootId=0x2" } }],
    ["connection", { connection: { user: "u" } }],
    ["timeouts", { timeouts: { total: "2h" } }],
    ["connections of hosts", { hosts: ["a", "u@b", "c"] }],
  ];
  for (const [name, news] of stored) {
    it(`only stores another value of ${name}`, () => {
      assert.deepEqual(changes(after(), { ...inputs, ...news }), {
        runs: [],
        changed: true,
        why: `stores inputs, contacts no host (${name})`,
      });
    });
  }

  const running: readonly (readonly [what: string, olds: Props, news: Props, runs: string[], why: string])[] =
    [
      ["every host of a new resource", {}, inputs, everyHost, "waits for 3 of 3 hosts (3 new)"],
      [
        "hosts that failed, were skipped or have no result",
        after(inputs, { "a:22": failed, "b:22": skipped, "c:22": undefined }),
        inputs,
        everyHost,
        "waits for 3 of 3 hosts (1 failed, 1 skipped, 1 not done)",
      ],
      [
        "only a host that is new",
        after(),
        { ...inputs, hosts: ["a", "b", "c", "d"] },
        ["d:22"],
        "waits for 1 of 4 hosts (1 new)",
      ],
      [
        "a host that comes into `only`",
        after({ ...inputs, only: ["a:22", "b:22"] }, { "c:22": undefined }),
        { ...inputs, only: everyHost },
        ["c:22"],
        "waits for 1 of 3 hosts (1 new)",
      ],
      [
        "every host when triggers change, also those that are done",
        after(inputs, { "b:22": failed }),
        { ...inputs, triggers: [2] },
        everyHost,
        "waits for 3 of 3 hosts (triggers changed, 1 failed)",
      ],
      [
        "no host outside `only`",
        {},
        { ...inputs, only: ["b:22"] },
        ["b:22"],
        "waits for 1 of 1 hosts (1 new)",
      ],
    ];
  for (const [what, olds, news, runs, why] of running) {
    it(`waits for ${what}`, () => assert.deepEqual(changes(olds, news), { runs, changed: true, why }));
  }

  it("forgets a host that leaves `hosts` or `only`", () => {
    const forgets = { runs: [], changed: true, why: "stores inputs, contacts no host (1 removed)" };
    assert.deepEqual(changes(after(), { ...inputs, hosts: ["a", "c"] }), forgets);
    assert.deepEqual(changes(after(), { ...inputs, only: ["a:22", "c:22"] }), forgets);
  });

  const unknown: readonly (readonly [what: string, olds: Props, news: Props, why: string])[] = [
    [
      "`only` of a new resource",
      {},
      { ...inputs, only: unknownValue },
      "may wait for 3 of 3 hosts (3 new, `only` not known yet)",
    ],
    [
      "`only`",
      after(),
      { ...inputs, only: unknownValue },
      "may wait for 0 of 3 hosts (`only` not known yet)",
    ],
    [
      "an entry of `only`",
      after(),
      { ...inputs, only: ["a:22", unknownValue] },
      "may wait for 0 of 3 hosts (`only` not known yet)",
    ],
    [
      "a host",
      after(),
      { ...inputs, hosts: ["a", "b", "c", unknownValue] },
      "may wait for 0 of 3 hosts (hosts not known yet)",
    ],
    [
      "triggers",
      after(),
      { ...inputs, triggers: [unknownValue] },
      "may wait for 3 of 3 hosts (triggers not known yet)",
    ],
  ];
  for (const [what, olds, news, why] of unknown) {
    it(`may wait in a preview that does not know ${what}`, () => {
      const found = compareUndrain(olds, news);
      assert.deepEqual([found.changed, found.why], [true, why]);
    });
  }

  it("stores what it does not know in a preview, and contacts nobody for it", () => {
    for (const name of ["closedBy", "restartedSince"])
      assert.deepEqual(changes(after(), { ...inputs, [name]: unknownValue }), {
        runs: [],
        changed: true,
        why: `stores inputs, contacts no host (${name})`,
      });
  });

  it("names the inputs that differ, and the hosts that are pending", () => {
    const olds = after({ ...inputs, only: everyHost }, { "b:22": failed });
    const news = { hosts: ["a", "b"], only: ["b:22", "a:22"], force: true, triggers: [1] };
    const { inputs: names, unfinished, labels } = compareUndrain(olds, news);
    assert.deepEqual([names, unfinished, labels], [["hosts", "only", "force"], ["b:22"], ["a:22", "b:22"]]);
  });
});
