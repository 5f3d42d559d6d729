import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { HostReport } from "../../../provider/report/report";
import { fleetOf, type Fleet, type MemoryHostOptions } from "../memory-fleet";

let fleet: Fleet;
function start(options: MemoryHostOptions): Fleet {
  fleet = fleetOf(options);
  return fleet;
}
afterEach(() => assert.deepEqual(fleet.unexpected, []));

const [alice, bob] = [
  { id: 2, user: "alice" },
  { id: 3, user: "bob" },
];
const header = " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE \r\n";
const services = ">services                                    0  Disc                        \r\n";
const console = " console                                     1  Conn                        \r\n";

/** Cuts the next listings of the host after the row of its services. */
function cutListings(times: number, after = 0): void {
  const trouble = { instead: true, stdout: header + services };
  fleet.hosts[0]?.faults.add({ on: "qwinsta", after, times, trouble });
}

function outcomes(report: HostReport): string[] {
  return report.sessions.map(({ session, outcome }) => `${session.id} ${outcome}`);
}

function people(): readonly string[] {
  return fleet.hosts[0]?.model.people() ?? assert.fail();
}

function sentAtMs(command: string): readonly number[] {
  return (fleet.hosts[0]?.commands ?? []).filter((one) => one.command === command).map(({ atMs }) => atMs);
}

describe("a list without a session that quser shows", () => {
  it("is requested again, and the next one is used", async () => {
    start({ sessions: [alice, bob] });
    cutListings(2);
    const report = await fleet.runOne();
    assert.deepEqual([report.status, people()], ["ok", []]);
    assert.deepEqual(outcomes(report), ["1 kept", "2 logged-off", "3 logged-off"]);
  });

  it("is requested three more times, a second apart, and then no session is touched", async () => {
    start({ sessions: [alice, bob] });
    cutListings(1_000);
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "output-unrecognised");
    assert.match(report.error.message, /quser\.exe shows session 2 .*qwinsta\.exe does not/);
    assert.deepEqual(people(), ["alice", "bob"]);
    // The first contact lists in its one line, and leaves a list that it cannot read to commands of their own.
    const times = sentAtMs("qwinsta.exe");
    assert.equal(times.length, 4);
    times.slice(1).forEach((atMs, index) => assert.ok(atMs - (times[index] ?? 0) >= 1000, times.join()));
    assert.equal(sentAtMs("quser.exe").length, 4);
    assert.deepEqual(sentAtMs("logoff.exe 2"), []);
  });

  it("is not used while logoffs are verified", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "busy", ms: 4_000 } }, bob] });
    // The first two listings are complete; those that watch the logoff are cut.
    cutListings(3, 2);
    const report = await fleet.runOne({
      ifStuck: "continue",
      timeouts: { commandMs: 30_000, logoffMs: 3_000, totalMs: null },
    });
    assert.deepEqual(people(), ["alice"]);
    assert.deepEqual(outcomes(report), ["1 kept", "2 still-present", "3 logged-off"]);
  });

  it("fails the host if it is still incomplete at the end of the logoff timeout", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }] });
    cutListings(1_000, 2);
    const report = await fleet.runOne({ timeouts: { commandMs: 30_000, logoffMs: 10_000, totalMs: null } });
    assert.equal(report.error?.code, "output-unrecognised");
    assert.deepEqual(people(), ["alice"]);
    assert.doesNotMatch(outcomes(report).join(), /logged-off|already-gone|left/);
  });

  it("is also a list that shows the session without its user", async () => {
    start({ sessions: [alice] });
    const blank = `${header}${services}${console} rdp-tcp#0                                   2  Active                      \r\n`;
    fleet.hosts[0]?.faults.add({ on: "qwinsta", times: 1_000, trouble: { instead: true, stdout: blank } });
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "output-unrecognised");
    assert.match(report.error.message, /shows it without a user/);
    assert.deepEqual(people(), ["alice"]);
  });
});

describe("a qwinsta that ends in an unusual way", () => {
  it("is requested again", async () => {
    start({ sessions: [alice] });
    fleet.hosts[0]?.faults.add({ on: "qwinsta", times: 2, trouble: { code: 3 } });
    assert.deepEqual([(await fleet.runOne()).status, people()], ["ok", []]);
  });

  it("fails the host if every attempt ends that way", async () => {
    start({ sessions: [alice] });
    fleet.hosts[0]?.faults.add({ on: "qwinsta", times: 1_000, trouble: { code: 3 } });
    const { error } = await fleet.runOne();
    assert.equal(error?.code, "output-unrecognised");
    assert.match(error.message, /qwinsta\.exe ended with exit code 3/);
    assert.deepEqual(people(), ["alice"]);
  });
});

describe("a Windows host", () => {
  it("is refused for a login without administrator rights, without a retry", async () => {
    start({ sessions: [alice, { ...bob, user: "admin" }], rights: "own-sessions" });
    const { error } = await fleet.runOne();
    assert.equal(error?.code, "permission-denied");
    assert.match(error.message, /the login is not an administrator's/);
    assert.equal(sentAtMs("qwinsta.exe").length, 1);
    assert.deepEqual(people(), ["alice", "admin"]);
  });

  it("runs where AutoRun prints text before the output of every command", async () => {
    const greeting =
      "\f\u001b[0mActive code page: 65001\r\nWelcome to RDSH01, it is 9:30\r\nError [5]:Access is denied.\r\n";
    start({ sessions: [alice, bob], greeting, drain: "open" });
    const report = await fleet.runOne({ drain: "until-restart" });
    assert.deepEqual([report.status, report.warnings, people()], ["ok", [], []]);
    assert.equal(report.drained, "until-restart");
  });

  it("runs where AutoRun prints an error number on standard error before every command", async () => {
    for (const missingTools of [[], ["chcp"]]) {
      for (const errorGreeting of ["Error [5]:Access is denied.\r\n", "Error [7022]:not found\r\n"]) {
        start({ sessions: [alice, bob], errorGreeting, missingTools, drain: "open" });
        const report = await fleet.runOne({ drain: "until-restart" });
        assert.deepEqual([report.error?.message ?? report.status, people()], ["ok", []]);
        assert.equal(report.drained, "until-restart");
      }
    }
  });

  it("runs without a code page, with a warning", async () => {
    start({ sessions: [alice], missingTools: ["chcp"] });
    const report = await fleet.runOne();
    assert.deepEqual([report.status, people()], ["ok", []]);
    assert.match(report.warnings.join(), /^The code page of the host is unknown/);
  });

  it("runs with names that contain blanks, in both layouts", async () => {
    for (const layout of ["classic", "wide"] as const) {
      start({
        layout,
        sessions: [
          { ...alice, name: "rdp tcp 2#3" },
          { ...bob, name: "Blast-TCP 1" },
        ],
        listeners: ["RDP Tcp 2"],
      });
      const report = await fleet.runOne();
      assert.deepEqual([report.status, people()], ["ok", []]);
      assert.deepEqual(
        report.sessions.map(({ session }) => [session.name, session.user]),
        [
          ["console", undefined],
          ["rdp tcp 2#3", "alice"],
          ["Blast-TCP 1", "bob"],
        ],
      );
    }
  });
});
