import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unknownValue } from "../../../provider/plan/unknown";
import { detailedDiff, propertiesOf } from "../../../provider/pulumi/plugin/detailed-diff";
import { changesOf } from "../../../provider/pulumi/resource/resource";
import { noSessions } from "../resource/sample";

const done = { ...noSessions, status: "ok", drained: "no" };

/** The differences between a state in which every host is done, and new inputs. */
function differences(olds: object, news: object): Record<string, string> {
  const before = { sessions: { all: true }, ...olds };
  const after = { sessions: { all: true }, ...news };
  const changes = changesOf(before, after);
  return Object.fromEntries(detailedDiff(before, after, changes));
}
const stateOf = (hosts: readonly string[], results: object = {}): object => ({
  hosts,
  hostResults: Object.fromEntries(hosts.map((host) => [`${host}:22`, done])),
  totals: { hosts: hosts.length },
  ...results,
});

describe("the detailed diff", () => {
  it("names the paths at which inputs differ", () => {
    const olds = {
      ...stateOf(["a", "b"]),
      connection: { user: "u" },
      triggers: [1],
      timeouts: { total: 900 },
    };
    assert.deepEqual(
      differences(olds, {
        hosts: ["a", { host: "c", sessions: "TERM04" }, "d"],
        connection: { user: "v", password: "p" },
        triggers: [2],
        timeouts: { total: "15m" },
      }),
      {
        "hosts[1]": "update",
        "hosts[2]": "add",
        "connection.user": "update",
        "connection.password": "add",
        "triggers[0]": "update",
      },
    );
  });

  it("does not name inputs that mean the same", () => {
    const olds = { ...stateOf(["a", "b"]), triggers: [1], warn: { message: "m", gracePeriod: 60 } };
    assert.deepEqual(
      differences(olds, {
        hosts: [{ host: "B" }, "a:22"],
        drain: "none",
        warn: { message: "m", gracePeriod: "1m" },
      }),
      { triggers: "delete" },
    );
  });

  it("also names inputs whose change alone has no effect", () => {
    assert.deepEqual(
      differences({ ...stateOf(["a"]), triggers: [1] }, { hosts: ["a"], triggers: [2], ifStuck: "reset" }),
      { "triggers[0]": "update", ifStuck: "add" },
    );
  });

  it("names an input as a whole where its values differ only in form or not at all", () => {
    assert.deepEqual(differences({ ...stateOf(["a"]), hosts: [] }, { hosts: unknownValue }), {
      hosts: "update",
    });
  });

  it("names a large list as a whole", () => {
    const many = (port: number): object[] =>
      Array.from({ length: 101 }, (_, index) => ({ host: `h${index}`, port }));
    assert.deepEqual(differences({ hosts: many(22), hostResults: {} }, { hosts: many(2222) }), {
      hosts: "update",
    });
  });

  it("names unfinished hosts, and at most twenty", () => {
    const hosts = Array.from({ length: 30 }, (_, index) => `h${index}`);
    const failed = Object.fromEntries(hosts.map((host) => [`${host}:22`, { ...done, status: "failed" }]));
    const found = differences(stateOf(hosts, { hostResults: failed }), { hosts });
    assert.equal(Object.keys(found).length, 20);
    assert.equal(found['hostResults["h0:22"].status'], "update");
  });

  it("names drift", () => {
    const drifted = { "a:22": { ...done, sessions: 1, stillPresent: 1 } };
    const olds = stateOf(["a"], { mode: "ensure", hostResults: drifted });
    assert.deepEqual(differences(olds, { hosts: ["a"], mode: "ensure" }), { remaining: "update" });
  });

  it("names the results where nothing else differs", () => {
    const results = { hostResults: { "a:22": done, "gone:22": { ...done, drained: "until-restart" } } };
    assert.deepEqual(differences(stateOf(["a"], results), { hosts: ["a"] }), { hostResults: "update" });
  });

  it("gives the engine the properties of its paths", () => {
    assert.deepEqual(propertiesOf(["hosts[1].port", "hosts[2]", 'hostResults["a:22"].status', "drain"]), [
      "hosts",
      "hostResults",
      "drain",
    ]);
  });
});
