import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Plan, WarnPlan } from "../../../provider/plan/plan";
import type { HostReport } from "../../../provider/report/report";
import type { Selector } from "../../../provider/session/selector";
import { aSelector } from "../../session/sample";
import { fleetOf, type Fleet, type MemoryHostOptions } from "../memory-fleet";

let fleet: Fleet;
afterEach(() => assert.deepEqual(fleet.unexpected, []));

const minute = 60_000;
const hour = 60 * minute;
const alice = { id: 2, user: "alice" };
const bob = { id: 3, user: "bob" };
const warn: WarnPlan = {
  message: "Maintenance in {minutes} minutes.",
  gracePeriodMs: 10 * minute,
  remindersMs: [],
  ifUndelivered: "continue",
};

function start(options: MemoryHostOptions): Fleet["hosts"][number]["model"] {
  fleet = fleetOf(options);
  return fleet.hosts[0]?.model ?? assert.fail();
}

function outcomes(report: HostReport): string[] {
  return report.sessions
    .filter(({ session }) => session.user !== undefined)
    .map((one) => `${one.session.id} ${one.outcome}${one.outcome === "kept" ? ` ${one.reason}` : ""}`);
}

function texts(model: ReturnType<typeof start>): string[] {
  return model.messages().map(({ id, text }) => `${id} ${text}`);
}

function sent(pattern: RegExp): string[] {
  return (fleet.hosts[0]?.commands ?? []).flatMap(({ command }) => (pattern.test(command) ? [command] : []));
}

const logoffs = (): string[] => sent(/^logoff/);
const byId = aSelector({ ids: ["2"] });
const all = aSelector({ all: true });

describe("a change of the host's clock", () => {
  it("does not count as leaving during the grace period", async () => {
    const model = start({ sessions: [alice, bob] });
    fleet.clock.at(3 * minute, () => model.moveLogonTime(hour));
    const report = await fleet.runOne({ warn });
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["2 logged-off", "3 logged-off"]]);
    assert.equal(texts(model).length, 2, "nobody is warned again");
    assert.ok(fleet.clock.now() >= 10 * minute);
    assert.deepEqual(fleet.events.filter(({ type }) => type === "clock-changed").length, 1);
  });

  it("does not make a session count as gone right before the logoff, not even the only selected one", async () => {
    const model = start({ sessions: [alice, bob], selector: byId });
    fleet.clock.at(9.9 * minute, () => model.moveLogonTime(hour));
    const report = await fleet.runOne({ warn });
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["2 logged-off", "3 kept not-selected"]]);
    assert.deepEqual([logoffs(), texts(model).length], [["logoff.exe 2"], 1]);
  });

  for (const ifStuck of ["fail", "reset"] as const) {
    it(`proves no logoff (ifStuck: ${ifStuck})`, async () => {
      const ignored = { kind: "ignored" } as const;
      const model = start({
        sessions: [
          { ...alice, onLogoff: ignored },
          { ...bob, onLogoff: ignored },
        ],
      });
      fleet.clock.at(minute, () => model.moveLogonTime(hour));
      const report = await fleet.runOne({ ifStuck });
      assert.equal(report.status, ifStuck === "fail" ? "failed" : "ok");
      assert.deepEqual(model.people(), ifStuck === "fail" ? ["alice", "bob"] : []);
    });
  }

  it("does not prevent the cancel message", async () => {
    const model = start({ sessions: [alice, bob] });
    fleet.clock.at(minute, () => model.moveLogonTime(hour));
    fleet.clock.at(3 * minute, () => fleet.stop.abort());
    await fleet.runOne({ warn: { ...warn, cancelMessage: "Called off." } });
    assert.deepEqual(
      texts(model)
        .filter((text) => /Called off/.test(text))
        .sort(),
      ["2 Called off.", "3 Called off."],
    );
  });

  for (const when of ["before the stop", "after the stop"] as const) {
    it(`does not make the next run warn anybody again (${when})`, async () => {
      const model = start({ sessions: [alice, bob] });
      if (when === "before the stop") fleet.clock.at(minute, () => model.moveLogonTime(hour));
      fleet.clock.at(3 * minute, () => fleet.stop.abort());
      const first = await fleet.runOne({ warn });
      if (when === "after the stop") model.moveLogonTime(hour);
      const carol = { id: 4, user: "carol" };
      model.logon(carol);
      const again = {
        stop: new AbortController().signal,
        previous: new Map([["host1:22", { warned: first.warned }]]),
      };
      const second = await fleet.runOne({ warn }, again);
      assert.deepEqual([first.status, second.status], ["skipped", "ok"]);
      assert.deepEqual(
        texts(model).map((text) => text.slice(0, 1)),
        ["2", "3", "4"],
      );
    });
  }
});

describe("one logon time that changed", () => {
  const cases: readonly (readonly [string, Selector, Partial<Plan>])[] = [
    ["a session chosen by ID", byId, {}],
    ["a session chosen by ID with arrivals ignored", byId, { ifArrived: "ignore" }],
    ["a session chosen by name", aSelector({ operands: ["rdp-tcp#0"] }), {}],
    ["a session among all", all, {}],
  ];
  for (const [what, selector, plan] of cases) {
    it(`makes a new logon of ${what}, with its own warning and grace period`, async () => {
      const model = start({ sessions: [alice], selector });
      let logonAtMs = 0;
      fleet.clock.at(3 * minute, () => {
        model.moveLogonTime(hour, 2);
        logonAtMs = fleet.clock.now();
      });
      const report = await fleet.runOne({ warn, ...plan });
      assert.deepEqual([report.status, outcomes(report), model.people()], ["ok", ["2 logged-off"], []]);
      assert.equal(texts(model).length, 2);
      assert.ok((model.departures()[0]?.atMs ?? 0) - logonAtMs >= 10 * minute);
      assert.match(report.warnings.join(), /Session 2 \(alice\) has another logon time/);
    });
  }

  it("is a new logon that is kept if arrivals are ignored", async () => {
    const model = start({ sessions: [alice, bob] });
    fleet.clock.at(3 * minute, () => model.moveLogonTime(hour, 2));
    const report = await fleet.runOne({ warn, ifArrived: "ignore" });
    assert.deepEqual([report.status, model.people()], ["ok", ["alice"]]);
    assert.deepEqual(outcomes(report), ["2 kept arrived-later", "3 logged-off"]);
  });

  it("is logged off at once without a warning in the plan", async () => {
    const model = start({ sessions: [alice, bob], selector: byId });
    fleet.hosts[0]?.faults.add({ on: "chcp", trouble: { delayMs: 2_500 } });
    fleet.clock.at(1_000, () => model.moveLogonTime(hour, 2));
    const report = await fleet.runOne();
    assert.deepEqual([report.status, outcomes(report)[0], model.people()], ["ok", "2 logged-off", ["bob"]]);
  });

  it("proves no logoff: the new logon is logged off in the next pass", async () => {
    const model = start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }, bob], selector: byId });
    fleet.clock.at(minute, () => {
      model.moveLogonTime(hour, 2);
      model.onLogoff(2, { kind: "instant" });
    });
    const report = await fleet.runOne();
    assert.deepEqual([report.status, outcomes(report)[0], model.people()], ["ok", "2 logged-off", ["bob"]]);
    assert.deepEqual(logoffs(), ["logoff.exe 2", "logoff.exe 2"]);
  });

  it("fails the host in the last pass", async () => {
    const model = start({ sessions: [alice, bob], selector: byId });
    for (const atMs of [3, 10]) fleet.clock.at(atMs * minute, () => model.moveLogonTime(hour, 2));
    const report = await fleet.runOne({ warn });
    assert.deepEqual([report.error?.code, model.people()], ["sessions-remain", ["alice", "bob"]]);
    assert.deepEqual(outcomes(report)[0], "2 failed");
  });

  it("does not count as warned because a previous run warned its user", async () => {
    const model = start({ sessions: [alice, bob] });
    fleet.clock.at(3 * minute, () => fleet.stop.abort());
    const first = await fleet.runOne({ warn });
    model.moveLogonTime(hour, 2);
    const again = {
      stop: new AbortController().signal,
      previous: new Map([["host1:22", { warned: first.warned }]]),
    };
    await fleet.runOne({ warn }, again);
    assert.deepEqual(
      texts(model).map((text) => text.slice(0, 1)),
      ["2", "3", "2"],
    );
  });

  it("receives the cancel message, because its user was warned", async () => {
    const model = start({ sessions: [alice] });
    fleet.clock.at(minute - 10, () => model.moveLogonTime(hour, 2));
    fleet.clock.at(minute + 200, () => fleet.stop.abort());
    const report = await fleet.runOne({ warn: { ...warn, cancelMessage: "Called off." } });
    assert.deepEqual([report.error?.code, outcomes(report)], ["aborted", ["2 failed"]]);
    assert.match(JSON.stringify(report.sessions), /no logoff was sent/u);
    assert.match(texts(model).at(-1) ?? "", /Called off/);
  });
});
