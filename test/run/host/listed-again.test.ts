import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { WarnPlan } from "../../../provider/plan/plan";
import type { HostReport } from "../../../provider/report/report";
import { aSelector } from "../../session/sample";
import { fleetOf, type Fleet, type MemoryHostOptions } from "../memory-fleet";

const second = 1000;
const minute = 60 * second;
const warn: WarnPlan = {
  message: "Go",
  gracePeriodMs: 10 * minute,
  remindersMs: [],
  ifUndelivered: "continue",
};

let fleet: Fleet;
function start(options: MemoryHostOptions): Fleet["hosts"][number]["model"] {
  fleet = fleetOf(options);
  const [host] = fleet.hosts;
  assert.ok(host !== undefined);
  return host.model;
}
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0);
});

function outcomes({ sessions }: HostReport): string[] {
  return sessions.map((one) => `${one.session.id} ${one.outcome}${"reason" in one ? ` ${one.reason}` : ""}`);
}

describe("a session whose logoff waits for its turn", () => {
  it("is kept if it no longer has a selected state in a listing meanwhile", async () => {
    const blocked = { kind: "blocks" } as const;
    const sessions = [2, 3, 4, 5, 6].map((id) => ({
      id,
      user: `user${id}`,
      state: "disconnected" as const,
      onLogoff: id < 6 ? blocked : ({ kind: "instant" } as const),
    }));
    const model = start({ sessions, selector: aSelector({ states: ["disconnected"] }) });
    fleet.clock.at(10 * second, () => model.reconnect(6));
    const report = await fleet.runOne();
    assert.ok(model.people().includes("user6"));
    assert.ok(outcomes(report).includes("6 kept no-longer-matches"), outcomes(report).join());
  });

  it("is kept if it is no longer idle in a listing meanwhile", async () => {
    const sessions = Array.from({ length: 20 }, (_, index) => ({
      id: index + 2,
      user: `user${index + 2}`,
      idle: 600,
      onLogoff: { kind: "closes", ms: 20 * second, waits: true } as const,
    }));
    const model = start({ sessions, selector: aSelector({ all: true, idleForMs: 60 * minute }) });
    fleet.clock.at(30 * second, () => model.setIdle(21, 0));
    const report = await fleet.runOne();
    assert.ok(model.people().includes("user21"));
    assert.equal(report.status, "ok");
  });
});

describe("a user selected by ID who logs on again", () => {
  const again = new Date("2026-11-23T22:03:30Z");

  it("is logged off again if another listing came in between", async () => {
    const onLogoff = { kind: "closes", ms: minute } as const;
    const model = start({
      sessions: [
        { user: "alice", id: 2 },
        { user: "bob", id: 3, onLogoff },
      ],
      selector: aSelector({ ids: ["2", "3"] }),
    });
    fleet.clock.at(20 * second, () => void model.logon({ id: 2, user: "alice", logonTime: again }));
    const report = await fleet.runOne();
    assert.deepEqual([report.status, model.people()], ["ok", []]);
    assert.deepEqual(outcomes(report).slice(-2), ["2 logged-off", "3 logged-off"]);
  });

  it("has a warning and a grace period of the new logon", async () => {
    const model = start({
      sessions: [
        { user: "alice", id: 2 },
        { user: "bob", id: 3 },
      ],
      selector: aSelector({ ids: ["2", "3"] }),
    });
    fleet.clock.at(90 * second, () => model.leave(2));
    fleet.clock.at(200 * second, () => void model.logon({ id: 2, user: "alice", logonTime: again }));
    const report = await fleet.runOne({ warn });
    assert.deepEqual([report.status, model.people()], ["ok", []]);
    const warnings = model.messages().filter(({ user }) => user === "alice");
    assert.equal(warnings.length, 2);
    const logoffs = fleet.hosts[0]?.commands.filter(({ command }) => command === "logoff.exe 2") ?? [];
    assert.ok((logoffs[0]?.atMs ?? 0) >= (warnings[1]?.atMs ?? Infinity) + warn.gracePeriodMs);
  });

  it("is logged off if a state that was left is selected again in the last listing", async () => {
    const model = start({
      sessions: [
        { user: "alice", id: 2, state: "disconnected" },
        { user: "bob", id: 3, state: "disconnected", onLogoff: { kind: "closes", ms: minute } },
      ],
      selector: aSelector({ ids: ["2", "3"], states: ["disconnected"] }),
    });
    fleet.clock.at(5 * minute, () => model.reconnect(2));
    fleet.clock.at(10 * minute + 20 * second, () => model.disconnect(2));
    const report = await fleet.runOne({ warn });
    assert.deepEqual([report.status, model.people()], ["ok", []]);
  });

  it("fails the host with atDeadline fail if a row that was closing shows its user again", async () => {
    const model = start({
      sessions: [{ user: "alice", id: 2, onLogoff: { kind: "stuck", shows: "blank" } }],
      selector: aSelector({ ids: ["2"] }),
    });
    model.logOff(2);
    fleet.clock.at(20 * second, () => model.stopClosing(2));
    const asked = [{ id: "2", user: "alice", logoffSent: true }] as const;
    const previous = new Map([["host1:22", { warned: [], asked }]]);
    const report = await fleet.runOne({ warn, atDeadline: "fail" }, { previous });
    assert.deepEqual([report.status, model.people()], ["failed", ["alice"]]);
  });
});

describe("a drain whose answer is a refusal", () => {
  it("is lifted if it took effect all the same", async () => {
    const stdout = "Error [5]:Access is denied.\r\n";
    const model = start({
      sessions: [{ user: "alice" }],
      faults: [{ on: /^chglogon\.exe \/drain/u, trouble: { code: 1, stdout } }],
    });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.equal(report.status, "failed");
    assert.deepEqual([model.drain(), report.drained], ["open", "undrained"]);
  });
});
