import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../provider/async";
import { progressLines } from "../../provider/pulumi/progress-lines";
import type { HostReport } from "../../provider/report/report";
import type { Session } from "../../provider/session/session";

const alice: Session = {
  id: "2",
  user: "alice\u001b[2J",
  userCertain: true,
  kind: "user",
  state: "active",
  stateText: "Active",
  own: false,
};
const done: HostReport = {
  host: "a:22",
  platform: "windows",
  status: "ok",
  drained: "no",
  durationMs: 1,
  warnings: ["no TERM04"],
  sessions: [{ session: alice, outcome: "logged-off" }],
  notFound: [],
  contacted: true,
  warned: [],
};
const failed: HostReport = {
  ...done,
  status: "failed",
  warnings: [],
  sessions: [],
  error: { code: "timed-out", message: "no answer" },
};

function printed(
  hosts: number,
  status?: (line: string) => void,
): {
  lines: string[];
  tell: ReturnType<typeof progressLines>;
  pass: (ms: number) => void;
} {
  const lines: string[] = [];
  let now = 0;
  const clock = { ...systemClock, now: () => now };
  const tell = progressLines("pre-patch", hosts, clock, (line) => lines.push(line), status);
  return { lines, tell, pass: (ms) => (now += ms) };
}

describe("progress", () => {
  it("of few hosts has a line for each step, free of control characters", () => {
    const { lines, tell } = printed(2);
    tell({ type: "run-started", hosts: 2 });
    tell({ type: "host-started", host: "a:22" });
    tell({ type: "host-connected", host: "a:22", platform: "windows" });
    tell({ type: "host-listed", host: "a:22", sessions: 1, selected: 1 });
    tell({ type: "session-logoff-sent", host: "a:22", session: alice });
    tell({ type: "host-waiting", host: "a:22", sessions: Array<Session>(7).fill({ ...alice, user: "x" }) });
    tell({ type: "session-gone", host: "a:22", session: alice });
    tell({ type: "host-finished", host: "a:22", report: done });
    tell({ type: "host-finished", host: "b:22", report: failed });
    tell({ type: "run-finished" });
    assert.deepEqual(lines, [
      "pre-patch: a:22: connected (windows)",
      "pre-patch: a:22: 1 session, 1 selected",
      "pre-patch: a:22: logging off 2 (alice [2J)",
      "pre-patch: a:22: waiting for 2 (x), 2 (x), 2 (x), 2 (x), 2 (x) and 2 more to end",
      "pre-patch: a:22: 2 (alice [2J) is gone",
      "pre-patch: a:22: warning: no TERM04",
      "pre-patch: a:22: done, 1 logged off",
      "pre-patch: b:22: failed: timed-out: no answer",
    ]);
  });

  it("says who is waited for when that changes, and else every 30 s", () => {
    const { lines, tell, pass } = printed(1);
    const waitFor = (...ids: readonly string[]): void =>
      tell({ type: "host-waiting", host: "a:22", sessions: ids.map((id) => ({ ...alice, id, user: "x" })) });
    for (let second = 0; second < 40; second += 1) {
      waitFor("2", "3");
      pass(1000);
    }
    waitFor("3");
    assert.deepEqual(lines, [
      "pre-patch: a:22: waiting for 2 (x), 3 (x) to end",
      "pre-patch: a:22: waiting for 2 (x), 3 (x) to end",
      "pre-patch: a:22: waiting for 3 (x) to end",
    ]);
  });

  it("of many hosts has every failure and warning, and counts every few seconds", () => {
    const { lines, tell, pass } = printed(100);
    tell({ type: "host-connected", host: "a:22", platform: "windows" });
    for (let second = 0; second < 12; second += 1) {
      pass(1000);
      tell({ type: "host-finished", host: `h${second}:22`, report: { ...done, warnings: [] } });
    }
    tell({ type: "host-finished", host: "b:22", report: failed });
    tell({ type: "host-finished", host: "c:22", report: done });
    tell({ type: "run-finished" });
    assert.deepEqual(lines, [
      "pre-patch: 5 of 100 hosts finished, 0 not done, 5 sessions logged off",
      "pre-patch: 10 of 100 hosts finished, 0 not done, 10 sessions logged off",
      "pre-patch: b:22: failed: timed-out: no answer",
      "pre-patch: c:22: warning: no TERM04",
      "pre-patch: 14 of 100 hosts finished, 1 not done, 13 sessions logged off",
    ]);
  });

  it("of many hosts names those that keep it waiting, but not those in their grace period", () => {
    const { lines, tell, pass } = printed(100);
    for (const host of ["a:22", "b:22", "c:22"]) tell({ type: "host-started", host });
    pass(4000);
    tell({ type: "grace-started", host: "b:22", gracePeriodMs: 900_000 });
    pass(26_000);
    tell({ type: "host-finished", host: "c:22", report: { ...done, durationMs: 30_000, warnings: [] } });
    tell({ type: "run-finished" });
    assert.deepEqual(lines, [
      "pre-patch: 1 of 100 hosts finished, 0 not done, 1 sessions logged off; longest at work: a:22 (30s)",
      "pre-patch: 1 of 100 hosts finished, 0 not done, 1 sessions logged off; longest at work: a:22 (30s)",
      "pre-patch: slowest hosts: c:22 (30s)",
    ]);
  });

  it("of many hosts is live where it can be, and then leaves few lines behind", () => {
    const live: string[] = [];
    const { lines, tell, pass } = printed(100, (line) => live.push(line));
    for (let second = 0; second < 61; second += 1) {
      pass(1000);
      tell({ type: "host-finished", host: `h${second}:22`, report: { ...done, warnings: [] } });
    }
    assert.equal(live.length, 30);
    assert.equal(live[0], "pre-patch: 2 of 100 hosts finished, 0 not done, 2 sessions logged off");
    assert.deepEqual(lines, ["pre-patch: 60 of 100 hosts finished, 0 not done, 60 sessions logged off"]);
  });
});
