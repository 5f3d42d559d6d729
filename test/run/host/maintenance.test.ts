import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Plan, WarnPlan } from "../../../provider/plan/plan";
import type { HostReport } from "../../../provider/report/report";
import { isVoid } from "../../../provider/run/host/warn";
import { aSelector } from "../../session/sample";
import { fleetOf, type Fleet, type MemoryHostOptions } from "../memory-fleet";

let fleet: Fleet;
function start(...options: readonly MemoryHostOptions[]): Fleet {
  fleet = fleetOf(...options);
  return fleet;
}
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0, `${host.model.name} has an open connection`);
});

const minute = 60_000;
const alice = { id: 2, user: "alice" };
const bob = { id: 3, user: "bob" };

const warn: WarnPlan = {
  message: "Maintenance on {host} in {minutes} minutes, {user}.",
  gracePeriodMs: 15 * minute,
  remindersMs: [5 * minute, minute],
  ifUndelivered: "continue",
};

function outcomes(report: HostReport): string[] {
  return report.sessions
    .filter(({ session }) => session.user !== undefined)
    .map((one) => `${one.session.id} ${one.outcome}${one.outcome === "kept" ? ` ${one.reason}` : ""}`);
}

function commands(pattern: RegExp, index = 0): { command: string; stdin: string; atMs: number }[] {
  return (fleet.hosts[index]?.commands ?? []).filter(({ command }) => pattern.test(command));
}

function model(index = 0): NonNullable<Fleet["hosts"][number]>["model"] {
  const host = fleet.hosts[index];
  assert.ok(host);
  return host.model;
}

describe("draining", () => {
  it("refuses new logons before anybody is logged off, and lists again", async () => {
    start({ sessions: [alice] });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.deepEqual([report.status, report.drained], ["ok", "until-restart"]);
    assert.equal(model().drain(), "until-restart");
    const order = commands(/chglogon|logoff|qwinsta/).map(
      ({ command }) => /chglogon.*|logoff.*|qwinsta/u.exec(command)?.[0],
    );
    assert.deepEqual(order, [
      "qwinsta",
      "chglogon.exe /drainuntilrestart",
      "qwinsta",
      "qwinsta",
      "logoff.exe 2",
      "qwinsta",
    ]);
  });

  it("also sets until-destroy", async () => {
    start({ sessions: [] });
    assert.equal((await fleet.runOne({ drain: "until-destroy" })).drained, "until-destroy");
    assert.equal(model().drain(), "drain");
  });

  for (const mode of ["until-restart", "drain", "disabled"] as const) {
    it(`leaves a host alone if somebody else set it to ${mode}`, async () => {
      start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }], drain: mode });
      const report = await fleet.runOne({ drain: "until-restart" });
      assert.deepEqual([report.status, report.drained], ["failed", "already"]);
      assert.equal(model().drain(), mode);
      assert.deepEqual(commands(/chglogon/), []);
    });
  }

  it("warns about a drain that a killed run may have left, because nobody would lift it", async () => {
    start({ sessions: [], drain: "drain" });
    const report = await fleet.runOne({ drain: "until-destroy" });
    assert.deepEqual([report.status, report.drained], ["ok", "already"]);
    assert.match(
      report.warnings.join(),
      /The host already refuses new logons \(until-destroy\).*"chglogon.exe \/enable"/u,
    );
  });

  for (const [ours, set, asked, now] of [
    ["until-restart", "until-restart", "until-destroy", "drain"],
    ["until-destroy", "drain", "until-restart", "until-restart"],
  ] as const) {
    it(`changes our ${ours} to ${asked} if the inputs changed`, async () => {
      start({ sessions: [], drain: set });
      const earlier = new Map([["host1:22", { drained: ours, warned: [] }]]);
      const report = await fleet.runOne({ drain: asked }, { previous: earlier });
      assert.deepEqual([report.status, report.drained, model().drain()], ["ok", asked, now]);
    });
  }

  it("is lifted when the host fails", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }] });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.deepEqual([report.status, report.drained], ["failed", "undrained"]);
    assert.equal(model().drain(), "open");
  });

  it("is not lifted if somebody else has changed the mode since", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }] });
    const target = model();
    fleet.clock.at(minute, () => target.setDrain("disabled"));
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.deepEqual([report.drained, target.drain()], ["already", "disabled"]);
  });

  it("names a host that could not be undrained, and keeps it marked as drained", async () => {
    start({
      sessions: [{ ...alice, onLogoff: { kind: "ignored" } }],
      faults: [{ on: "/enable", trouble: { instead: true, code: 1, stderr: "Error [5]:x" } }],
    });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.equal(report.drained, "until-restart");
    assert.match(report.warnings.join(), /The host still refuses new logons.*chglogon.exe \/enable/);
  });

  it("continues with our drain of a previous run, and lifts it on failure", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }], drain: "until-restart" });
    const earlier = new Map([["host1:22", { drained: "until-restart" as const, warned: [] }]]);
    const report = await fleet.runOne({ drain: "until-restart" }, { previous: earlier });
    assert.deepEqual([report.drained, model().drain()], ["undrained", "open"]);
  });

  for (const [times, outcome] of [
    [2, "ok"],
    [1000, "drain-failed"],
  ] as const)
    it(`reads the mode again that ${times} times cannot be read: ${outcome}`, async () => {
      const trouble = { instead: true, code: 1, stderr: "ERROR: Insufficient system resources\r\n" };
      start({ sessions: [alice], faults: [{ on: /Terminal Server/u, times, trouble }] });
      const report = await fleet.runOne({ drain: "until-restart" });
      assert.equal(report.error?.code ?? report.status, outcome);
      assert.deepEqual(model().people(), outcome === "ok" ? [] : ["alice"]);
    });

  it("fails the host when it has no effect, and logs nobody off", async () => {
    start({ sessions: [alice], faults: [{ on: "/drainuntilrestart", trouble: { instead: true } }] });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.equal(report.error?.code, "drain-failed");
    assert.deepEqual([report.drained, model().people()], ["no", ["alice"]]);
  });

  it("does not start on a host where a protected session is named", async () => {
    start({ sessions: [alice], selector: aSelector({ operands: ["services"] }) });
    await fleet.runOne({ drain: "until-restart" });
    assert.deepEqual(commands(/chglogon/), []);
  });
});

describe("warning", () => {
  it("reaches everybody once, through standard input, with all placeholders replaced, and is shown until the next step", async () => {
    start({ sessions: [alice, bob] });
    const report = await fleet.runOne({ warn: { ...warn, remindersMs: [] } });
    assert.equal(report.status, "ok");
    assert.deepEqual(
      commands(/^msg/).map(({ command, stdin }) => `${command} < ${stdin}`),
      [
        "msg.exe 2 /time:900 < Maintenance on host1 in 15 minutes, alice.",
        "msg.exe 3 /time:900 < Maintenance on host1 in 15 minutes, bob.",
      ],
    );
    assert.deepEqual(outcomes(report), ["2 logged-off", "3 logged-off"]);
  });

  it("gives the full grace period from the host's first warning, and holds no connection during it", async () => {
    start({ sessions: [alice] });
    let openDuringGrace = -1;
    fleet.clock.at(8 * minute + 1000, () => (openDuringGrace = fleet.hosts[0]?.open ?? -1));
    await fleet.runOne({ warn });
    const [first] = commands(/^msg/);
    const [logoff] = commands(/^logoff/);
    assert.ok((logoff?.atMs ?? 0) - (first?.atMs ?? 0) >= 15 * minute);
    assert.ok((logoff?.atMs ?? 0) - (first?.atMs ?? 0) < 15 * minute + 10_000);
    assert.equal(openDuringGrace, 0);
  });

  it("gives nobody less time than promised, even if a host is slow to show the messages", async () => {
    const people = Array.from({ length: 12 }, (_, index) => ({ id: index + 2, user: `user${index}` }));
    const slow = people.slice(0, 8).map(({ id }) => ({ on: `msg.exe ${id} `, trouble: "hang" as const }));
    start({ sessions: people, faults: slow });
    await fleet.runOne({ warn });
    const at = (command: RegExp): number =>
      fleet.hosts[0]?.commands.find((one) => command.test(one.command))?.atMs ?? NaN;
    for (const { id } of people) {
      const told = at(new RegExp(`^msg\\.exe ${id} `, "u"));
      const asked = at(new RegExp(`^logoff\\.exe ${id}$`, "u"));
      assert.ok(asked - told >= warn.gracePeriodMs, `session ${id} had ${asked - told} ms`);
    }
  });

  it("sends each reminder once", async () => {
    start({ sessions: [alice] });
    await fleet.runOne({ warn });
    assert.deepEqual(
      commands(/^msg/).map(({ command, stdin }) => `${command} ${/in (\d+) minutes/.exec(stdin)?.[1] ?? ""}`),
      ["msg.exe 2 /time:900 15", "msg.exe 2 /time:300 5", "msg.exe 2 /time:60 1"],
    );
  });

  it("ends early when everybody has left", async () => {
    start({ sessions: [alice, bob] });
    const target = model();
    fleet.clock.at(2 * minute, () => target.leave(2));
    fleet.clock.at(3 * minute, () => target.leave(3));
    const report = await fleet.runOne({ warn });
    assert.deepEqual(outcomes(report), ["2 left", "3 left"]);
    assert.ok(fleet.clock.now() < 6 * minute);
    assert.deepEqual(commands(/^logoff/), []);
  });

  it("does not count a disconnection as leaving", async () => {
    start({ sessions: [alice] });
    const target = model();
    fleet.clock.at(2 * minute, () => target.disconnect(2));
    const report = await fleet.runOne({ warn });
    assert.deepEqual(outcomes(report), ["2 logged-off"]);
  });

  it("warns nobody whom a previous run warned, and waits only for the remaining time", async () => {
    start({ sessions: [alice] });
    const warnedAt = new Date(fleet.clock.date().getTime() - 10 * minute).toISOString();
    const earlier = new Map([
      ["host1:22", { warned: [{ id: "2", user: "alice", warnedAt, remindersMs: [5 * minute] }] }],
    ]);
    const report = await fleet.runOne({ warn }, { previous: earlier });
    assert.equal(report.status, "ok");
    assert.deepEqual(
      commands(/^msg/).map(({ command }) => command),
      ["msg.exe 2 /time:60"],
    );
    assert.ok(fleet.clock.now() >= 5 * minute && fleet.clock.now() < 6 * minute);
  });

  it("does not report a reminder that the previous run sent", async () => {
    start({ sessions: [alice] });
    fleet.clock.at(11 * minute, () => fleet.stop.abort());
    const first = await fleet.runOne({ warn });
    assert.equal(commands(/^msg/).length, 2);
    const second = await fleet.runOne(
      { warn },
      {
        previous: new Map([["host1:22", { warned: first.warned }]]),
        stop: new AbortController().signal,
      },
    );
    assert.deepEqual([second.status, second.warnings], ["ok", []]);
    assert.equal(commands(/^msg/).length, 3, "the first warning and each reminder, once");
  });

  it("warns a user again if the warning is older than the grace period", async () => {
    start({ sessions: [alice] });
    const warnedAt = new Date(fleet.clock.date().getTime() - 60 * minute).toISOString();
    const earlier = new Map([
      ["host1:22", { warned: [{ id: "2", user: "alice", warnedAt, remindersMs: [] }] }],
    ]);
    await fleet.runOne({ warn: { ...warn, remindersMs: [] } }, { previous: earlier });
    assert.equal(commands(/^msg/).length, 1);
    assert.ok(fleet.clock.now() >= 15 * minute);
  });

  const undeliverable: MemoryHostOptions = {
    sessions: [alice, bob],
    faults: [{ on: "msg.exe 2", trouble: { instead: true, code: 1, stderr: "Error [87]:x" } }],
  };
  it("records a failed warning and continues", async () => {
    start(undeliverable);
    const report = await fleet.runOne({ warn: { ...warn, remindersMs: [] } });
    assert.deepEqual(outcomes(report), ["2 logged-off", "3 logged-off"]);
    assert.match(report.warnings.join(), /Could not warn session 2 \(alice\)/);
  });
  it("keeps sessions that could not be warned, on request", async () => {
    start(undeliverable);
    const report = await fleet.runOne({ warn: { ...warn, remindersMs: [], ifUndelivered: "keep" } });
    assert.deepEqual([report.status, ...outcomes(report)], ["ok", "2 kept not-warned", "3 logged-off"]);
  });
  it("fails and undrains the host if a session could not be warned, on request", async () => {
    start(undeliverable);
    const report = await fleet.runOne({ drain: "until-restart", warn: { ...warn, ifUndelivered: "fail" } });
    assert.deepEqual(
      [report.status, report.error?.code, report.drained],
      ["failed", "command-failed", "undrained"],
    );
    assert.deepEqual(model().people(), ["alice", "bob"]);
  });
  for (const ifUndelivered of ["continue", "keep", "fail"] as const) {
    it(`does not count a user as warned, in this run or the next, if the host did not show the message (${ifUndelivered})`, async () => {
      start(undeliverable);
      const asked = { ...warn, remindersMs: [], ifUndelivered };
      fleet.clock.at(5 * minute, () => fleet.stop.abort());
      const first = await fleet.runOne({ warn: asked });
      assert.deepEqual(
        first.warned.map(({ user }) => user),
        ["bob"],
      );
      const startedAtMs = fleet.clock.now();
      const second = await fleet.runOne(
        { warn: asked },
        {
          previous: new Map([["host1:22", { warned: first.warned }]]),
          stop: new AbortController().signal,
        },
      );
      assert.deepEqual(outcomes(second), ["2 logged-off", "3 logged-off"]);
      assert.equal(
        model()
          .messages()
          .filter(({ user }) => user === "alice").length,
        1,
      );
      assert.ok(
        fleet.clock.now() - startedAtMs >= 15 * minute,
        "a user who is warned now has the whole grace period",
      );
    });
  }
  it("does not warn again if the answer to a warning was lost", async () => {
    start({ sessions: [alice], faults: [{ on: "msg.exe", trouble: "drop-after" }] });
    await fleet.runOne({ warn: { ...warn, remindersMs: [] } });
    assert.equal(model().messages().length, 1);
  });

  it("reports a text that was cut or lost letters", async () => {
    start({ sessions: [{ id: 2, user: "jürgen" }], codePage: 866 });
    const report = await fleet.runOne({
      warn: { ...warn, message: "Wartung für alle, жди", remindersMs: [] },
    });
    assert.match(report.warnings.join(), /shows "\?" for characters/);
    start({ sessions: [alice] });
    const cut = await fleet.runOne({
      warn: { ...warn, message: `${"x".repeat(245)} {user}, {host}`, remindersMs: [] },
    });
    assert.match(cut.warnings.join(), /was cut/);
    assert.equal(model().messages()[0]?.text.length, 255);
  });

  describe("a late reminder", () => {
    const short: WarnPlan = { ...warn, gracePeriodMs: 2 * minute, remindersMs: [minute] };
    const timeouts = { commandMs: 20_000, logoffMs: 300_000, totalMs: null };
    const unanswered = async (times: number): Promise<HostReport> => {
      start({ sessions: [alice], faults: [{ on: "qwinsta", after: 1, times, trouble: "hang" }] });
      return fleet.runOne({ warn: short, timeouts });
    };

    it("names the remaining time, and counts as the reminder that was due", async () => {
      const report = await unanswered(1);
      assert.deepEqual(report.warnings, []);
      assert.deepEqual(
        commands(/^msg/).map(({ command }) => command),
        ["msg.exe 2 /time:120", "msg.exe 2 /time:40"],
      );
      const told = fleet.events.filter((event) => event.type === "session-warned");
      assert.equal(told.length, 2);
    });

    it("is dropped and reported once it is late by half its time", async () => {
      const report = await unanswered(2);
      assert.deepEqual(report.warnings, [
        "Did not send the reminder 1m before the logoff: its time had passed",
      ]);
      assert.equal(model().messages().length, 1);
      assert.equal(report.status, "ok");
    });
  });
});

describe("the deadline", () => {
  it("names the sessions that have not left and logs nobody off with atDeadline: fail", async () => {
    start({ sessions: [alice, bob] });
    const target = model();
    fleet.clock.at(minute, () => target.leave(2));
    const report = await fleet.runOne({ warn, atDeadline: "fail", drain: "until-restart" });
    assert.equal(report.error?.code, "sessions-remain");
    assert.match(report.error.message, /3 \(bob\) did not leave/);
    assert.deepEqual([target.people(), target.drain()], [["bob"], "open"]);
  });
});

describe("the second selection", () => {
  it("keeps sessions that no longer match", async () => {
    const selector = aSelector({ all: true, states: ["disconnected"] });
    start({
      sessions: [
        { ...alice, state: "disconnected" },
        { ...bob, state: "disconnected" },
      ],
      selector,
    });
    const target = model();
    fleet.clock.at(minute, () => void target.reconnect(2));
    const report = await fleet.runOne({ warn });
    assert.deepEqual(outcomes(report), ["2 kept no-longer-matches", "3 logged-off"]);
  });

  it("gives sessions that arrive later their own warning and grace period", async () => {
    start({ sessions: [alice] });
    const target = model();
    fleet.clock.at(10 * minute, () => void target.logon({ user: "carol" }));
    const report = await fleet.runOne({ warn: { ...warn, remindersMs: [] } });
    assert.equal(report.status, "ok");
    assert.deepEqual(
      target.messages().map(({ user }) => user),
      ["alice", "carol"],
    );
    const times = commands(/^(msg|logoff)/).map(
      ({ command, atMs }) => `${command.split(" ")[0] ?? ""} ${Math.round(atMs / minute)}`,
    );
    assert.deepEqual(times, ["msg.exe 0", "logoff.exe 15", "msg.exe 15", "logoff.exe 30"]);
  });

  it("keeps sessions that arrive later, on request", async () => {
    start({ sessions: [alice] });
    const target = model();
    fleet.clock.at(10 * minute, () => void target.logon({ user: "carol" }));
    const report = await fleet.runOne({ warn, ifArrived: "ignore" });
    assert.deepEqual(
      [report.status, ...outcomes(report)],
      ["ok", "2 logged-off", "4 kept arrived-later"].map((x) =>
        x.replace("4", String(target.sessions().find(({ user }) => user === "carol")?.id)),
      ),
    );
    assert.deepEqual(target.people(), ["carol"]);
  });
});

describe("a list", () => {
  it("shows a protected session that was named, and refuses nothing", async () => {
    start({ sessions: [alice], selector: aSelector({ names: ["console"] }) });
    const report = await fleet.runOne({}, { readOnly: "list" });
    assert.equal(report.status, "ok", report.error?.message);
  });
});

describe("limits", () => {
  it("refuse a host with too many sessions before anything is changed", async () => {
    start({ sessions: [alice, bob] });
    const report = await fleet.runOne({
      limits: { sessionsPerHost: 1, sessions: null },
      drain: "until-restart",
    });
    assert.equal(report.error?.code, "limit-exceeded");
    assert.deepEqual(commands(/chglogon|msg|logoff/), []);
  });
});

describe("a stuck session", () => {
  const stuck = { ...alice, onLogoff: { kind: "stuck", shows: "user" } } as const;
  it("is reset on request", async () => {
    start({ sessions: [stuck] });
    const report = await fleet.runOne({ ifStuck: "reset" });
    assert.deepEqual([report.status, ...outcomes(report)], ["ok", "2 logged-off"]);
    assert.deepEqual(
      commands(/rwinsta/).map(({ command }) => command),
      ["rwinsta.exe 2"],
    );
    assert.match(report.warnings.join(), /Reset session 2/);
  });
  it("counts as logged off even if it ends right before the reset", async () => {
    start({
      sessions: [stuck],
      faults: [{ on: "rwinsta", trouble: { instead: true, code: 1, stderr: "Error [7022]:x" } }],
    });
    const target = model();
    fleet.clock.at(5 * minute + 3000, () => target.leave(2));
    const report = await fleet.runOne({ ifStuck: "reset" });
    assert.deepEqual([report.status, ...outcomes(report)], ["ok", "2 logged-off"]);
  });
  it("is not reset while the host is closing it or busy with it", async () => {
    for (const onLogoff of [
      { kind: "stuck", shows: "blank" },
      { kind: "busy", ms: 1e9 },
    ] as const) {
      start({ sessions: [{ ...alice, onLogoff }] });
      const report = await fleet.runOne({ ifStuck: "reset" });
      assert.equal(report.error?.code, "session-stuck");
      assert.deepEqual(commands(/rwinsta/), []);
    }
  });
  it("is left to the restart with ifStuck: continue", async () => {
    start({ sessions: [stuck] });
    const report = await fleet.runOne({ ifStuck: "continue" });
    assert.equal(report.status, "ok");
    assert.deepEqual(
      report.sessions.map(({ outcome }) => outcome),
      ["kept", "still-present"],
    );
    assert.match(report.warnings.join(), /still there 5m/);
  });
});

describe("a window", () => {
  const window: Plan["window"] = { notAfter: new Date("2026-11-23T22:10:00Z") };
  it("stops and undrains the host and sends the cancel message if it ends during the grace period", async () => {
    start({ sessions: [alice] });
    const report = await fleet.runOne({
      window,
      drain: "until-restart",
      warn: { ...warn, cancelMessage: "Not today, {user}." },
    });
    assert.equal(report.error?.code, "outside-window");
    assert.deepEqual([report.drained, model().drain(), model().people()], ["undrained", "open", ["alice"]]);
    assert.equal(model().messages().at(-1)?.text, "Not today, alice.");
    // A user who received the cancel message has to be warned again.
    assert.deepEqual(report.warned, []);
    assert.ok(fleet.clock.now() < 11 * minute, "the end of the window is noticed in time");
  });
  it("leaves the host untouched and skipped if it has not started", async () => {
    start({ sessions: [alice] });
    const report = await fleet.runOne({ window: { notBefore: new Date("2026-11-24T22:00:00Z") } });
    assert.deepEqual(
      [report.status, report.error?.code, report.contacted],
      ["skipped", "outside-window", false],
    );
    assert.deepEqual(commands(/./), []);
  });
});

describe("cancelling", () => {
  it("undrains, sends the cancel message and logs nobody off during the grace period", async () => {
    start({ sessions: [alice, bob] });
    fleet.clock.at(4 * minute, () => fleet.stop.abort());
    const report = await fleet.runOne({
      drain: "until-destroy",
      warn: { ...warn, cancelMessage: "Cancelled." },
    });
    assert.deepEqual(
      [report.status, report.error?.code, report.drained],
      ["skipped", "aborted", "undrained"],
    );
    assert.deepEqual(
      model()
        .messages()
        .map(({ text, user }) => `${user ?? ""}: ${text.slice(0, 10)}`)
        .slice(-2)
        .sort(),
      ["alice: Cancelled.", "bob: Cancelled."],
    );
    // The event comes before the message is sent, so that the state of a killed run is right.
    const told = fleet.events.filter(({ type }) => type === "warning-withdrawn");
    assert.equal(told.length, 2);
    assert.deepEqual(commands(/^logoff/), []);
  });
});

describe("many hosts", () => {
  it("wait for their grace periods in parallel, regardless of the number of host slots", async () => {
    start(...Array.from({ length: 60 }, () => ({ sessions: [alice] })));
    const report = await fleet.run({
      warn: { ...warn, gracePeriodMs: 10 * minute, remindersMs: [] },
      rollout: { parallel: 5, waves: [], pauseMs: 0, maxFailures: null },
    });
    assert.equal(report.totals.loggedOff, 60);
    assert.ok(fleet.mostOpen() <= 5);
    assert.ok(fleet.clock.now() < 10.5 * minute, `took ${fleet.clock.now() / minute} minutes`);
  });
});

describe("relaying", () => {
  it("acts on the server behind the host, and on no session of the host itself", async () => {
    start({ sessions: [alice], server: "host2" }, { sessions: [bob, { user: "carol" }] });
    const report = await fleet.runOne(
      { warn: { ...warn, remindersMs: [] } },
      { hosts: new Set(["host1:22>host2"]) },
    );
    assert.deepEqual([report.host, report.status], ["host1:22>host2", "ok"]);
    assert.deepEqual([model(0).people(), model(1).people()], [["alice"], []]);
    assert.deepEqual(
      commands(/^(msg|logoff)/).map(({ command }) => command),
      [
        "msg.exe 3 /server:host2 /time:900",
        "msg.exe 4 /server:host2 /time:900",
        "logoff.exe 3 /server:host2",
        "logoff.exe 4 /server:host2",
      ],
    );
  });
});

describe("the warnings of a previous run", () => {
  const stopAt = async (ms: number, plan: Partial<Plan>, earlier?: HostReport): Promise<HostReport> => {
    const stop = new AbortController();
    fleet.clock.at(fleet.clock.now() + ms, () => stop.abort());
    return fleet.runOne(plan, { stop: stop.signal, ...known(earlier) });
  };
  const known = (report: HostReport | undefined): object =>
    report === undefined ? {} : { previous: new Map([[report.host, { warned: report.warned }]]) };
  const plain: WarnPlan = { ...warn, remindersMs: [] };

  it("are forgotten after the cancel message, so users are warned again", async () => {
    start({ sessions: [alice] });
    const first = await stopAt(4 * minute, { warn: { ...plain, cancelMessage: "Cancelled." } });
    await fleet.runOne({ warn: plain }, known(first));
    assert.deepEqual(
      model()
        .messages()
        .map(({ text }) => text.slice(0, 11)),
      ["Maintenance", "Cancelled.", "Maintenance"],
    );
  });

  it("give nobody less time than promised", async () => {
    start({ sessions: [alice] });
    const first = await stopAt(10 * minute, { warn: plain });
    model().logon({ user: "bob" });
    const second = await stopAt(2 * minute, { warn: plain }, first);
    await fleet.runOne({ warn: plain }, known(second));
    const warnings = model().messages();
    assert.deepEqual(
      warnings.map(({ user }) => user),
      ["alice", "bob"],
    );
    const [logoff] = commands(/^logoff/);
    assert.ok((logoff?.atMs ?? 0) - (warnings[1]?.atMs ?? 0) >= 15 * minute);
  });

  for (const [lateMs, warned, waitsMs] of [
    [9 * minute, 1, 0],
    [11 * minute, 2, 15 * minute],
  ] as const)
    it(`${warned === 1 ? "count" : "are void"} ${lateMs / minute} minutes after their deadline`, async () => {
      start({ sessions: [alice] });
      const first = await stopAt(2 * minute, { warn: plain });
      await fleet.clock.sleep(13 * minute + lateMs, new AbortController().signal);
      const startedAtMs = fleet.clock.now();
      const second = await fleet.runOne({ warn: plain }, known(first));
      assert.equal(second.status, "ok");
      assert.equal(model().messages().length, warned);
      const [logoff] = commands(/^logoff/);
      const waitedMs = (logoff?.atMs ?? NaN) - startedAtMs;
      assert.ok(waitedMs >= waitsMs && waitedMs < waitsMs + minute, String(waitedMs));
    });

  it("are kept in a state that is too large for as long as they count", () => {
    const warnedAt = "2026-11-28T22:00:00Z";
    const isVoidAfter = (ms: number): boolean => isVoid(warnedAt, 15 * minute, Date.parse(warnedAt) + ms);
    assert.deepEqual([0, 24 * minute, 25 * minute, -1].map(isVoidAfter), [false, false, true, true]);
  });

  it("are not forgotten by a run that does not reach the host", async () => {
    start({ sessions: [alice] });
    const first = await stopAt(2 * minute, { warn: plain });
    const [host] = fleet.hosts;
    assert.ok(host);
    host.down = new LogoffError("host-unreachable", "Cannot reach it");
    const second = await fleet.runOne({ warn: plain }, known(first));
    assert.equal(second.status, "failed");
    host.down = undefined;
    await fleet.runOne({ warn: plain }, known(second));
    assert.equal(model().messages().length, 1);
  });
});

describe("edge cases", () => {
  it("a row that only seemed to be closing gets its turn", async () => {
    start({ sessions: [alice] });
    const blank = [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
      ">services                                    0  Disc                        ",
      " console                                     1  Conn                        ",
      " rdp-tcp#0                                   2  Active                      ",
      "",
    ].join("\r\n");
    fleet.hosts[0]?.faults.add({ on: "qwinsta", after: 1, trouble: { instead: true, stdout: blank } });
    const report = await fleet.runOne();
    assert.deepEqual([report.status, ...outcomes(report)], ["ok", "2 logged-off"]);
    assert.ok(fleet.clock.now() < minute);
  });

  it("a table that was garbled in transit is requested again", async () => {
    start({ sessions: [alice] });
    fleet.hosts[0]?.faults.add({ on: "qwinsta", after: 2, trouble: { instead: true, stdout: "garbage" } });
    assert.equal((await fleet.runOne()).status, "ok");
  });

  it("an unknown error is no failure if the session ends", async () => {
    start({ sessions: [alice] });
    fleet.hosts[0]?.faults.add({
      on: "logoff",
      trouble: { instead: true, code: 1, stderr: "Error [1460]:x" },
    });
    const target = model();
    fleet.clock.at(3_000, () => target.leave(2));
    assert.equal((await fleet.runOne()).status, "ok");
  });

  it("every stuck session is reset, even if the first resets are slow", async () => {
    const many = [2, 3, 4, 5, 6].map((id) => ({
      id,
      user: `u${id}`,
      onLogoff: { kind: "stuck", shows: "user" } as const,
    }));
    start({ sessions: many });
    fleet.hosts[0]?.faults.add({ on: "rwinsta", times: 2, trouble: "hang-after" });
    const report = await fleet.runOne({ ifStuck: "reset" });
    assert.equal(report.status, "ok");
    assert.deepEqual(model().people(), []);
  });

  it("a session that hangs while signing out is left to the restart with ifStuck: continue", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "stuck", shows: "blank" } }] });
    assert.equal((await fleet.runOne({ ifStuck: "continue" })).status, "ok");
  });

  it("a read-only run changes nothing, even on a host that a previous run left drained", async () => {
    start({ sessions: [alice], drain: "until-restart", selector: aSelector({ operands: ["services"] }) });
    const earlier = new Map([["host1:22", { drained: "until-restart" as const, warned: [] }]]);
    await fleet.runOne({}, { readOnly: "dry-run", previous: earlier });
    assert.equal(model().drain(), "until-restart");
  });

  it("a host that was reached but could not be listed is undrained", async () => {
    start({ sessions: [alice], drain: "until-restart" });
    fleet.hosts[0]?.faults.add({
      on: "qwinsta",
      times: 99,
      trouble: { instead: true, code: 1, stderr: "Error [5]:x" },
    });
    const earlier = new Map([["host1:22", { drained: "until-restart" as const, warned: [] }]]);
    const report = await fleet.runOne({ drain: "until-restart" }, { previous: earlier });
    assert.deepEqual(
      [report.error?.code, report.drained, model().drain()],
      ["permission-denied", "undrained", "open"],
    );
  });

  it("users whose logoff was withheld receive the cancel message, and nobody else under their ID does", async () => {
    const slow = { onLogoff: { kind: "blocks", closesAfterMs: 20_000 } } as const;
    start({ sessions: [2, 3, 4, 5].map((id) => ({ id, user: `u${id}`, ...slow })) });
    const target = model();
    fleet.clock.at(15 * minute + 1_500, () => fleet.stop.abort());
    fleet.clock.at(15 * minute + 1_600, () => {
      target.leave(5);
      target.logon({ id: 5, user: "mallory" });
    });
    await fleet.runOne({ warn: { ...warn, remindersMs: [], cancelMessage: "Cancelled, {user}." } });
    const told = target.messages().filter(({ text }) => text.startsWith("Cancelled"));
    assert.deepEqual(
      told.map(({ user, text }) => `${user ?? ""}: ${text}`),
      ["u4: Cancelled, u4."],
    );
  });

  it("a session that is signing out at the deadline has left", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "closes", ms: 30_000 } }] });
    const target = model();
    fleet.clock.at(15 * minute - 5_000, () => void target.logOff(2));
    const report = await fleet.runOne({ warn: { ...warn, remindersMs: [] }, atDeadline: "fail" });
    assert.deepEqual([report.status, ...outcomes(report)], ["ok", "2 left"]);
  });

  it("the selected sessions of a refused host are in the report", async () => {
    start({ sessions: [alice, bob], faults: [{ on: "/drainuntilrestart", trouble: { instead: true } }] });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.deepEqual(outcomes(report), ["2 failed", "3 failed"]);
  });
});
