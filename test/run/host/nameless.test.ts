import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Plan } from "../../../provider/plan/plan";
import type { HostReport } from "../../../provider/report/report";
import { noExceptions, type Selector } from "../../../provider/session/selector";
import type { LogoffBehavior } from "../../lab/windows/session-model";
import { aSelector } from "../../session/sample";
import { fleetOf, planFor, type Fleet } from "../memory-fleet";

let fleet: Fleet;
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0);
});

const minute = 60_000;
const qwinstaHeader = " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE \r\n";
const all = aSelector({ all: true });

function outcomes(report: HostReport): string[] {
  return report.sessions
    .filter(({ session }) => session.kind !== "console")
    .map(
      (one) =>
        `${one.session.id} ${one.session.user ?? "-"} ${one.outcome}${one.outcome === "kept" ? ` ${one.reason}` : ""}`,
    );
}

function sent(pattern: RegExp): string[] {
  return (fleet.hosts[0]?.commands ?? []).flatMap(({ command }) => (pattern.test(command) ? [command] : []));
}

describe("rows without a user", () => {
  const down = { id: 7, user: null, name: "rdp-tcp#12", state: "down" } as const;
  const blank = { id: 8, user: null, name: null, state: "disconnected" } as const;

  for (const drain of ["none", "until-restart"] as const) {
    it(`cause one warning with their IDs (drain: ${drain})`, async () => {
      fleet = fleetOf({ sessions: [{ id: 2, user: "alice" }, down, blank] });
      const report = await fleet.runOne({ drain });
      assert.deepEqual(report.status, "ok");
      assert.deepEqual(report.warnings, [
        "Kept the sessions without a user (ID 7, 8): nothing tells whose they are",
      ]);
      assert.deepEqual(sent(/logoff|rwinsta|msg/), ["logoff.exe 2"]);
    });
  }

  it("are the ones in the last listing", async () => {
    fleet = fleetOf({ sessions: [{ id: 2, user: "alice" }, down] });
    const model = fleet.hosts[0]?.model ?? assert.fail();
    fleet.clock.at(minute, () => {
      model.leave(7);
      model.logon(blank);
    });
    const warn = { message: "x", gracePeriodMs: 5 * minute, remindersMs: [], ifUndelivered: "fail" } as const;
    assert.match((await fleet.runOne({ warn })).warnings.join(), /without a user \(ID 8\)/u);
  });

  it("have one line in the report when somebody logs on there", async () => {
    const connecting = { id: 9, user: null, name: "rdp-tcp#9", state: "connected" } as const;
    fleet = fleetOf({ sessions: [{ id: 2, user: "alice" }, connecting] });
    const model = fleet.hosts[0]?.model ?? assert.fail();
    fleet.clock.at(minute, () => {
      model.leave(9);
      model.logon({ id: 9, user: "bob" });
    });
    const warn = { message: "x", gracePeriodMs: 5 * minute, remindersMs: [], ifUndelivered: "fail" } as const;
    const report = await fleet.runOne({ warn });
    assert.deepEqual([outcomes(report), report.warnings], [["2 alice logged-off", "9 bob logged-off"], []]);
  });

  it("are counted if there are many", async () => {
    const rows = Array.from({ length: 12 }, (_, index) => ({ ...blank, id: 20 + index }));
    fleet = fleetOf({ sessions: rows });
    const { warnings } = await fleet.runOne();
    assert.match(warnings.join(), /\(ID 20, 21, .*, 29 and 2 more\)/u);
  });

  it("cause no warning if they are the services, a listener or an empty console", async () => {
    fleet = fleetOf({ sessions: [], listeners: ["rdp-tcp", "ica-tcp"] });
    assert.deepEqual((await fleet.runOne()).warnings, []);
  });
});

/** A run that loses the host for good right after the logoffs were sent. */
async function brokenRun(
  onLogoff: LogoffBehavior,
  selector: Selector = all,
  plan: Partial<Plan> = {},
  user = "alice",
): Promise<HostReport> {
  fleet = fleetOf({ sessions: [{ id: 2, user, onLogoff }], selector });
  const host = fleet.hosts[0] ?? assert.fail();
  fleet.clock.at(250, () => {
    host.down = new LogoffError("host-unreachable", "Cannot reach it");
    host.faults.add({ on: "qwinsta", times: 9, trouble: "drop-before" });
  });
  const report = await fleet.runOne(plan);
  assert.deepEqual([report.status, sent(/logoff/).length], ["failed", 1]);
  host.down = undefined;
  host.faults.clear();
  return report;
}

/** Makes quser show session 2 with this user, whatever qwinsta shows. */
function showInQuser(user: string): void {
  const stdout = ` USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\r\n ${user.padEnd(22)}rdp-tcp#0           2  Active          .  2/3/2025 9:32 AM\r\n`;
  fleet.hosts[0]?.faults.add({ on: "quser", times: 1_000, trouble: { instead: true, stdout } });
}

function nextRun(report: HostReport, plan: Partial<Plan> = {}, selector = all): Promise<HostReport> {
  const { warned, asked } = report;
  const earlier = new Map([["host1:22", { warned, ...(asked === undefined ? {} : { asked }) }]]);
  const hosts = [planFor({ selector }, "host1")];
  return fleet.runOne({ hosts, ...plan }, { previous: earlier });
}

describe("a row that lost its user after a previous run sent its logoff", () => {
  const slow: LogoffBehavior = { kind: "closes", ms: 5 * minute };
  const stuck: LogoffBehavior = { kind: "stuck" };

  it("is recorded by the run that sent the logoff", async () => {
    const { asked } = await brokenRun(slow);
    assert.deepEqual(
      asked?.map(({ id, user, logoffSent }) => [id, user, logoffSent]),
      [["2", "alice", true]],
    );
  });

  it("is waited for without sending anything", async () => {
    const first = await brokenRun(slow);
    const second = await nextRun(first, {
      timeouts: { commandMs: 30_000, logoffMs: 10 * minute, totalMs: null },
    });
    assert.deepEqual([second.status, outcomes(second), second.warnings], ["ok", ["2 alice logged-off"], []]);
    assert.equal(fleet.hosts[0]?.model.session(2), undefined);
    assert.deepEqual([sent(/logoff|msg/).length, second.asked], [1, undefined]);
  });

  it("fails the host if it does not end, and is recorded again", async () => {
    const first = await brokenRun(stuck);
    const second = await nextRun(first);
    assert.deepEqual([second.error?.code, outcomes(second)], ["session-stuck", ["2 alice still-present"]]);
    assert.deepEqual(second.asked, first.asked);
    assert.deepEqual([sent(/logoff|rwinsta/).length, second.warnings], [1, []]);
  });

  it("stays recorded by a run that cannot reach the host", async () => {
    const first = await brokenRun(slow);
    const host = fleet.hosts[0] ?? assert.fail();
    host.down = new LogoffError("host-unreachable", "Cannot reach it");
    const second = await nextRun(first);
    assert.deepEqual([second.status, second.asked], ["failed", first.asked]);
  });

  it("gets neither a warning nor a grace period", async () => {
    const first = await brokenRun(slow);
    const warn = {
      message: "x",
      gracePeriodMs: 60 * minute,
      remindersMs: [],
      ifUndelivered: "fail",
    } as const;
    const startedAtMs = fleet.clock.now();
    const second = await nextRun(first, { warn });
    assert.deepEqual([second.status, sent(/msg/)], ["ok", []]);
    assert.ok(fleet.clock.now() - startedAtMs < 10 * minute);
  });

  it("is waited for if the deadline fails the host", async () => {
    const first = await brokenRun(slow);
    const second = await nextRun(first, { atDeadline: "fail" });
    assert.deepEqual([second.status, outcomes(second)], ["ok", ["2 alice logged-off"]]);
  });

  for (const chosen of [aSelector({ ids: ["2"] }), aSelector({ operands: ["rdp-tcp#0"] })]) {
    const by = chosen.ids === undefined ? "name" : "ID";
    it(`is waited for if it is selected by ${by}, which would be refused otherwise`, async () => {
      const first = await brokenRun(slow, chosen);
      const second = await nextRun(first, {}, chosen);
      assert.deepEqual([second.status, outcomes(second)], ["ok", ["2 alice logged-off"]]);
      assert.deepEqual([second.notFound, second.warnings], [[], []]);
      const third = await brokenRun(slow, chosen);
      assert.equal((await nextRun({ ...third, asked: [] }, {}, chosen)).error?.code, "session-protected");
    });
  }

  it("causes a warning without the record of a previous run", async () => {
    const first = await brokenRun(slow);
    const second = await nextRun({ ...first, asked: [] });
    assert.deepEqual([second.status, outcomes(second)], ["ok", ["2 - kept no-user"]]);
    assert.match(second.warnings.join(), /session without a user \(ID 2\)/u);
  });

  it("is sent another logoff if its user reappears and is selected, but not if it is excepted now", async () => {
    for (const isExcepted of [false, true]) {
      const first = await brokenRun(stuck);
      const model = fleet.hosts[0]?.model ?? assert.fail();
      fleet.clock.at(fleet.clock.now() + minute, () => {
        model.stopClosing(2);
        model.onLogoff(2, { kind: "instant" });
      });
      const except = { ...noExceptions, users: isExcepted ? ["ali*"] : [] };
      const second = await nextRun(first, {}, { ...all, except });
      const outcome = isExcepted ? "kept no-longer-matches" : "logged-off";
      assert.deepEqual([second.status, outcomes(second)], ["ok", [`2 alice ${outcome}`]]);
      assert.deepEqual(model.people(), isExcepted ? ["alice"] : []);
    }
  });

  it("is not sent another logoff if its user reappears under a cut name that may be excepted", async () => {
    const long = "abcdefghijklmnopqrstuvwx";
    const first = await brokenRun({ kind: "stuck" }, all, {}, long);
    const model = fleet.hosts[0]?.model ?? assert.fail();
    fleet.clock.at(fleet.clock.now() + minute, () => model.stopClosing(2));
    const except = { ...noExceptions, users: [long] };
    const second = await nextRun(first, {}, { ...all, except });
    assert.deepEqual(second.status, "ok");
    assert.match(outcomes(second).join(), /^2 abcdefghij\w* kept no-longer-matches$/u);
    assert.deepEqual([sent(/logoff/).length, model.people()], [1, [long]]);
  });

  it("is closing although quser still shows its user", async () => {
    const first = await brokenRun(stuck);
    showInQuser("alice");
    const second = await nextRun(first);
    assert.deepEqual([second.error?.code, outcomes(second)], ["session-stuck", ["2 alice still-present"]]);
    assert.deepEqual([second.asked, sent(/logoff/).length], [first.asked, 1]);
  });

  it("contradicts quser if quser shows another user", async () => {
    const first = await brokenRun(stuck);
    showInQuser("bob");
    const second = await nextRun(first);
    assert.equal(second.error?.code, "output-unrecognised");
    assert.match(second.error.message, /of "bob .*", qwinsta\.exe shows it without a user/u);
  });

  it("is not confused with the console, which has no user after every restart", async () => {
    const first = await brokenRun(slow);
    const asked = [{ id: "1", user: "alice", logoffSent: true }] as const;
    fleet.hosts[0]?.model.reboot();
    const second = await nextRun({ ...first, asked });
    assert.deepEqual([second.status, second.warnings], ["ok", []]);
  });
});

describe("a session that loses its user only in qwinsta after its logoff was sent", () => {
  it("is closing: the others are verified, and it is named at the logoff timeout", async () => {
    fleet = fleetOf({
      sessions: [
        { id: 2, user: "alice", onLogoff: { kind: "stuck" } },
        { id: 3, user: "bob" },
      ],
    });
    fleet.clock.at(250, () => showInQuser("alice"));
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "session-stuck");
    assert.deepEqual(outcomes(report), ["2 alice still-present", "3 bob logged-off"]);
  });

  it("does not fail the host with ifStuck: continue", async () => {
    fleet = fleetOf({ sessions: [{ id: 2, user: "alice", onLogoff: { kind: "stuck" } }] });
    fleet.clock.at(250, () => showInQuser("alice"));
    const report = await fleet.runOne({ ifStuck: "continue" });
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["2 alice still-present"]]);
  });
});

describe("a session that loses its user before its logoff is sent, and shows it again", () => {
  it("is sent a logoff only if it is still selected", async () => {
    fleet = fleetOf({
      sessions: [{ id: 2, user: "alice", state: "disconnected" }],
      selector: aSelector({ all: true, states: ["disconnected"] }),
    });
    const model = fleet.hosts[0]?.model ?? assert.fail();
    const blank = `${qwinstaHeader} services                                    0  Disc                        \r\n                                             2  Disc                        \r\n`;
    // The first list shows alice; the list before the logoffs and the next one do not. The first list is too old to go without the second.
    fleet.hosts[0]?.faults.add({ on: "chcp", trouble: { delayMs: 2_500 } });
    fleet.hosts[0]?.faults.add({
      on: "qwinsta",
      after: 1,
      times: 2,
      trouble: { instead: true, stdout: blank },
    });
    const nobody = { instead: true, code: 1, stderr: "No User exists for *\r\n" };
    fleet.hosts[0]?.faults.add({ on: "quser", after: 1, times: 2, trouble: nobody });
    fleet.clock.at(2_650, () => model.reconnect(2));
    const report = await fleet.runOne();
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["2 alice kept no-longer-matches"]]);
    assert.deepEqual([sent(/logoff/), model.people()], [[], ["alice"]]);
  });
});

describe("a host whose sessions are all kept because they could not be warned", () => {
  it("ends at once, without a grace period", async () => {
    fleet = fleetOf({
      sessions: [{ id: 2, user: "alice" }],
      faults: [
        { on: "msg.exe", trouble: { instead: true, code: 1, stderr: "Error 5 getting session names" } },
      ],
    });
    const warn = {
      message: "x",
      gracePeriodMs: 20 * minute,
      remindersMs: [],
      ifUndelivered: "keep",
    } as const;
    const report = await fleet.runOne({ warn });
    assert.deepEqual([report.status, outcomes(report).at(-1)], ["ok", "2 alice kept not-warned"]);
    assert.ok(fleet.clock.now() < minute, `it took ${fleet.clock.now()} ms`);
    assert.ok(!fleet.events.some(({ type }) => type === "grace-started"));
  });
});
