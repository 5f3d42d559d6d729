import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inputNames } from "../../../provider/plan/schema/inputs";
import { failureReasons } from "../../../provider/pulumi/resource/failure-reasons";
import {
  askedOf,
  readKnown,
  remainingOn,
  toHostResult,
  toResults,
  warnedOf,
  type Known,
} from "../../../provider/pulumi/resource/state";
import { failsRun } from "../../../provider/report/outcome";
import type { HostReport } from "../../../provider/report/report";
import type { Session } from "../../../provider/session/session";
import { hostReport } from "../../report/sample";

const session: Session = {
  id: "2",
  user: "alice",
  userCertain: true,
  kind: "user",
  state: "active",
  stateText: "Active",
  own: false,
};

function report(host: string, more: Partial<HostReport> = {}): HostReport {
  return hostReport({ host, ...more });
}

function failure(host: string, message: string): HostReport {
  return report(host, { status: "failed", error: { code: "host-unreachable", message } });
}

function knownOf(reports: readonly HostReport[], resume: Known["resume"] = new Map()): Known {
  return {
    hosts: new Map(reports.map((one) => [one.host, toHostResult(one)])),
    bootIds: new Map(),
    finishedAt: "2026-01-01T00:00:00Z",
    resume,
  };
}

const reports = [
  report("a:22", {
    sessions: [
      { session, outcome: "logged-off" },
      { session, outcome: "left" },
      { session, outcome: "already-gone" },
      { session, outcome: "kept", reason: "excepted" },
    ],
    notFound: ["TERM04"],
  }),
  report("b:22", {
    status: "failed",
    error: { code: "sessions-remain", message: "two are left" },
    sessions: [
      { session, outcome: "still-present", code: "session-stuck", message: "x" },
      { session, outcome: "failed", code: "permission-denied", message: "x" },
    ],
  }),
  report("c:22", { status: "skipped", error: { code: "aborted", message: "x" }, contacted: false }),
];
const labels = reports.map(({ host }) => host);

describe("the state", () => {
  it("sums up the last known result of every host", () => {
    const results = toResults(labels, knownOf(reports));
    assert.deepEqual(results.totals, {
      hosts: 3,
      ok: 1,
      failed: 1,
      skipped: 1,
      sessions: 5,
      loggedOff: 1,
      left: 1,
      alreadyGone: 1,
      kept: 1,
      notFound: 1,
      stillPresent: 1,
      failedSessions: 1,
    });
    assert.deepEqual(results.readyHosts, ["a:22"]);
    assert.equal(results.remaining, 2);
    assert.deepEqual(results.hostResults["b:22"]?.error, {
      code: "sessions-remain",
      message: "two are left",
    });
    assert.equal(results.hostResults["a:22"]?.error, undefined);
    assert.equal(results.stateVersion, 1);
  });

  it("is read back as written", () => {
    const warned = [{ id: "2", user: "alice", warnedAt: "2026-01-01T00:00:00Z", remindersMs: [60_000] }];
    const asked = [{ id: "3", user: "bob", logonTime: "9:14", logoffSent: true }] as const;
    const entries = [...warned, ...asked];
    const results = toResults(labels, knownOf(reports, new Map([["b:22", entries]])));
    assert.deepEqual(results.resume, { "b:22": entries });
    assert.deepEqual([warnedOf(entries), askedOf(entries)], [warned, asked]);
    const again = toResults(labels, readKnown(JSON.parse(JSON.stringify(results))));
    assert.deepEqual(again, results);
  });

  it("is read if an older version did not record sent logoffs", () => {
    const warned = [{ id: "2", user: "alice", warnedAt: "2026-01-01T00:00:00Z", remindersMs: [] }];
    const entries = readKnown({ resume: { "b:22": warned } }).resume.get("b:22");
    assert.deepEqual([warnedOf(entries), askedOf(entries)], [warned, []]);
  });

  it("keeps no removed hosts, and no warnings of finished hosts", () => {
    const warned = [{ id: "2", user: "alice", warnedAt: "x", remindersMs: [] }];
    const results = toResults(["a:22"], knownOf(reports, new Map(labels.map((label) => [label, warned]))));
    assert.deepEqual(Object.keys(results.hostResults), ["a:22"]);
    assert.deepEqual(results.resume, {});
  });

  it("has no output with the name of an input", () => {
    const names = Object.keys(toResults([], knownOf([])));
    assert.deepEqual(
      names.filter((name) => inputNames.includes(name) || name === "resourceName"),
      [],
    );
  });

  it("is read without an exception whatever its form", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (value, resume) => {
        readKnown(value);
        toResults(["a"], readKnown({ hostResults: value, finishedAt: value, resume }));
        toResults(["a"], readKnown({ hostResults: { a: value }, resume: { a: [resume] } }));
      }),
    );
    const { hosts } = readKnown({
      hostResults: { a: { status: "ok", sessions: "x", drained: "?", error: 1 } },
    });
    assert.deepEqual(hosts.get("a")?.status, "ok");
    assert.equal(hosts.get("a")?.sessions, 0);
  });

  it("never counts below zero", () => {
    const { hosts } = readKnown({ hostResults: { a: { status: "ok", loggedOff: 5 } } });
    assert.equal(remainingOn(hosts.get("a")!), 0);
  });
});

describe("a failure", () => {
  it("is any unfinished host, or with budget only an error that ends the run", () => {
    const { hostResults } = toResults(labels, knownOf(reports.slice(0, 2)));
    assert.equal(failsRun(Object.values(hostResults), "any", undefined), true);
    assert.equal(failsRun(Object.values(hostResults), "budget", undefined), false);
    assert.equal(
      failsRun(Object.values(toResults(labels, knownOf(reports)).hostResults), "budget", undefined),
      true,
    );
    assert.equal(failsRun([], "any", undefined), false);
  });

  for (const [status, code, isEnd] of [
    ["skipped", "aborted", true],
    ["failed", "aborted", true],
    ["skipped", "budget-exceeded", true],
    ["failed", "budget-exceeded", true],
    ["skipped", "limit-exceeded", true],
    ["skipped", "command-failed", true],
    ["failed", "limit-exceeded", false],
    ["failed", "command-failed", false],
    ["failed", "auth-rejected", false],
    ["skipped", "auth-rejected", false],
    ["skipped", "jump-host-failed", false],
    ["skipped", "outside-window", false],
    ["skipped", "timed-out", false],
  ] as const) {
    it(`with budget ${isEnd ? "includes" : "excludes"} a host that is ${status} with ${code}`, () => {
      const one = report("a:22", { status, error: { code, message: "x" } });
      const { hostResults } = toResults(["a:22"], knownOf([one]));
      assert.deepEqual(
        [
          failsRun(Object.values(hostResults), "budget", undefined),
          failsRun(Object.values(hostResults), "any", undefined),
        ],
        [isEnd, true],
      );
    });
  }

  const reasonsOf = (all: readonly HostReport[]): readonly string[] =>
    failureReasons(
      "pre-patch",
      toResults(
        all.map(({ host }) => host),
        knownOf(all),
      ),
    );

  it("reports a shared error once, lists failed hosts first, and names at most 20 hosts", () => {
    const many = [
      ...reports,
      ...Array.from({ length: 500 }, (_, index) =>
        failure(`h${index}:22`, `no\u001b[31m route to "h${index}:22"`),
      ),
    ];
    const reasons = reasonsOf(many);
    assert.equal(
      reasons[0],
      'pre-patch: 502 of 503 hosts not done (501 failed, 1 skipped); the next "pulumi up" runs only these',
    );
    assert.equal(reasons[1], "b:22: sessions-remain: two are left");
    assert.equal(reasons[2], 'h0:22 and 499 more hosts: host-unreachable: no [31m route to "h0:22"');
    assert.match(reasons[3] ?? "", /^also h1:22, .*, h17:22 and 482 more$/u);
    assert.match(reasons[4] ?? "", /^c:22: /u);
    assert.equal(reasons.length, 5);
  });

  it("reports at most 20 different errors and counts the remaining hosts", () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      failure(`h${index}:22`, `its key is key-${index}`),
    );
    const reasons = reasonsOf(many);
    assert.equal(reasons.length, 22);
    assert.equal(reasons[20], "h19:22: host-unreachable: its key is key-19");
    assert.equal(reasons.at(-1), "… and 480 more hosts with other errors");
  });
});
