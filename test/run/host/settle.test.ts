import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Plan } from "../../../provider/plan/plan";
import { fleetOf, type Fleet, type MemoryHostOptions } from "../memory-fleet";

const second = 1000;
const minute = 60 * second;
const settleMs = 5 * minute;
const alice = { user: "alice" };

let fleet: Fleet;
function start(...hosts: readonly MemoryHostOptions[]): Fleet {
  fleet = fleetOf(...hosts);
  return fleet;
}
afterEach(() => assert.deepEqual(fleet.unexpected, []));

function rollout(fields: Partial<Plan["rollout"]>): Plan["rollout"] {
  return { parallel: 20, waves: [], pauseMs: 0, maxFailures: null, ...fields };
}

describe("a host that settles", () => {
  it("holds neither a host slot nor a connection", async () => {
    start({ sessions: [alice] }, { sessions: [alice] }, { sessions: [alice] });
    let openInBetween: number[] = [];
    fleet.clock.at(2 * minute, () => (openInBetween = fleet.hosts.map(({ open }) => open)));
    const report = await fleet.run({ settleMs, rollout: rollout({ parallel: 1 }) });
    assert.equal(report.totals.ok, 3);
    assert.deepEqual(openInBetween, [0, 0, 0]);
    const endedAtMs = fleet.clock.now();
    assert.ok(endedAtMs >= settleMs && endedAtMs < settleMs + 30 * second, `${endedAtMs}`);
    for (const { commands } of fleet.hosts) assert.ok((commands.at(-1)?.atMs ?? Infinity) < minute);
  });

  it("has seen its last session go, whether it was logged off or left", async () => {
    start({ sessions: [alice] });
    fleet.clock.at(4 * minute, () => fleet.hosts[0]?.model.leave(2));
    const report = await fleet.runOne({
      settleMs,
      warn: { message: "Go", gracePeriodMs: 10 * minute, remindersMs: [], ifUndelivered: "continue" },
    });
    assert.equal(report.sessions.find(({ session }) => session.id === "2")?.outcome, "left");
    const endedAtMs = fleet.clock.now();
    assert.ok(endedAtMs >= 9 * minute && endedAtMs < 11 * minute, `${endedAtMs}`);
  });

  it("does not wait if no session went", async () => {
    start({ sessions: [] });
    assert.equal((await fleet.runOne({ settleMs })).status, "ok");
    assert.ok(fleet.clock.now() < minute);
  });

  it("does not wait after a failure", async () => {
    start({ sessions: [alice, { user: "bob", onLogoff: { kind: "ignored" } }] });
    assert.equal((await fleet.runOne({ settleMs: 60 * minute })).error?.code, "session-stuck");
    assert.ok(fleet.clock.now() < 10 * minute);
  });

  it("holds back the next wave", async () => {
    start({ sessions: [alice] }, { sessions: [alice] });
    await fleet.run({ settleMs, rollout: rollout({ waves: [{ hosts: 1 }] }) });
    const [first, second] = fleet.hosts.map(({ commands }) => commands[0]?.atMs ?? NaN);
    assert.ok(first !== undefined && second !== undefined && second - first >= settleMs);
  });

  it("is skipped and undrained if the run is stopped meanwhile, and done at once by the next run", async () => {
    start({ sessions: [alice] });
    fleet.clock.at(2 * minute, () => fleet.stop.abort());
    const plan: Partial<Plan> = { settleMs, drain: "until-restart" };
    const report = await fleet.runOne(plan);
    assert.deepEqual(
      [report.status, report.error?.code, report.drained],
      ["skipped", "aborted", "undrained"],
    );
    const startedAtMs = fleet.clock.now();
    const again = await fleet.runOne(plan, { stop: new AbortController().signal });
    assert.deepEqual([again.status, again.drained], ["ok", "until-restart"]);
    assert.ok(fleet.clock.now() - startedAtMs < minute);
  });

  it("is done although the window ends meanwhile", async () => {
    start({ sessions: [alice] });
    // The clock of the fleet starts at 22:00.
    const notAfter = new Date("2026-11-23T22:02:00Z");
    assert.equal((await fleet.runOne({ settleMs, window: { notAfter } })).status, "ok");
  });

  it("is reported while it waits", async () => {
    start({ sessions: [alice] });
    await fleet.run({ settleMs });
    assert.deepEqual(
      fleet.events.filter(({ type }) => type === "settle-started"),
      [{ type: "settle-started", host: "host1:22", settleMs }],
    );
  });
});
