import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Connect } from "../../../provider/connection";
import type { Plan, WarnPlan } from "../../../provider/plan/plan";
import type { HostReport, Report } from "../../../provider/report/report";
import { noExceptions } from "../../../provider/session/selector";
import { programsIn } from "../../lab/windows/command-line";
import type { LogoffBehavior } from "../../lab/windows/session-model";
import { aSelector } from "../../session/sample";
import { fleetOf, planFor, type Fleet, type MemoryHostOptions } from "../memory-fleet";

let fleet: Fleet;
function start(...options: readonly MemoryHostOptions[]): Fleet {
  fleet = fleetOf(...options);
  return fleet;
}
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0, `${host.model.name} has an open connection`);
});

const alice = { id: 2, user: "alice" };
const bob = { id: 3, user: "bob" };

function outcomes(report: HostReport): string[] {
  return report.sessions.map(
    (one) => `${one.session.id} ${one.outcome}${one.outcome === "kept" ? ` ${one.reason}` : ""}`,
  );
}

function sent(index = 0): string[] {
  return (fleet.hosts[index]?.commands ?? [])
    .map(({ command }) => command)
    .filter((command) => /^(logoff|rwinsta)/.test(command));
}

describe("one host", () => {
  it("lists, logs off by ID, and lists again, with five commands and a session selected twice only after two seconds", async () => {
    const [first, list] = ["chcp.com qwinsta.exe quser.exe reg.exe reg.exe", "qwinsta.exe quser.exe"];
    const logoffs = ["logoff.exe", "logoff.exe"];
    for (const [delayMs, expected] of [
      [1_900, [first, ...logoffs, list]],
      [2_000, [first, list, ...logoffs, list]],
    ] as const) {
      start({ sessions: [alice, bob], faults: [{ on: "chcp", trouble: { delayMs } }] });
      const report = await fleet.runOne();
      assert.equal(report.status, "ok");
      assert.deepEqual(outcomes(report), ["1 kept no-user", "2 logged-off", "3 logged-off"]);
      const sentLines = fleet.hosts[0]?.commands.map(({ command }) =>
        programsIn(command, "cmd")
          .map((program) => program.split(" ")[0])
          .join(" "),
      );
      assert.deepEqual(sentLines, expected);
      assert.deepEqual(fleet.hosts[0]?.model.people(), []);
      assert.equal(fleet.hosts[0].connections, 1);
    }
  });

  it("selects again before a logoff whose turn comes when the first listing is two seconds old", async () => {
    const slow = { kind: "closes", ms: 1_500 } as const;
    const people = [2, 3, 4, 5].map(
      (id) => ({ id, user: `u${id}`, onLogoff: slow, state: "disconnected" }) as const,
    );
    start({
      sessions: people,
      selector: aSelector({ all: true, states: ["disconnected"] }),
      faults: [{ on: "logoff.exe", times: 2, trouble: { delayMs: 2_500 } }],
    });
    fleet.clock.at(1_000, () => fleet.hosts[0]?.model.reconnect(5));
    const report = await fleet.runOne();
    assert.deepEqual(outcomes(report).slice(1), [
      "2 logged-off",
      "3 logged-off",
      "4 logged-off",
      "5 kept no-longer-matches",
    ]);
    assert.deepEqual(sent(), ["logoff.exe 2", "logoff.exe 3", "logoff.exe 4"]);
  });

  it("sends no logoff if no session is selected", async () => {
    start({
      sessions: [{ ...alice, user: "svc-backup" }],
      selector: aSelector({ all: true, except: { ...noExceptions, users: ["svc-*"] } }),
    });
    const report = await fleet.runOne();
    assert.deepEqual([report.status, outcomes(report)], ["ok", ["1 kept no-user", "2 kept excepted"]]);
    assert.deepEqual(sent(), []);
  });

  it("waits while a row has a blank user", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "closes", ms: 20_000 } }] });
    const report = await fleet.runOne();
    assert.deepEqual(outcomes(report), ["1 kept no-user", "2 logged-off"]);
    assert.ok(fleet.clock.now() >= 20_000);
    assert.deepEqual(sent(), ["logoff.exe 2"]);
  });

  it("does not trust a logoff that returns 0 without effect, and does not send it again", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "ignored" } }, bob] });
    const report = await fleet.runOne();
    assert.deepEqual(outcomes(report), ["1 kept no-user", "2 still-present", "3 logged-off"]);
    assert.equal(report.error?.code, "session-stuck");
    assert.match(
      report.error.message,
      /session 2 \(alice\) on "host1:22": it is still there 5m after the logoff was sent/,
    );
    assert.deepEqual(sent(), ["logoff.exe 2", "logoff.exe 3"]);
    assert.ok(fleet.clock.now() >= 300_000 && fleet.clock.now() < 320_000);
  });

  it("lists the sessions while a logoff blocks", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "blocks", closesAfterMs: 1_000 } }] });
    const report = await fleet.runOne();
    assert.deepEqual(outcomes(report), ["1 kept no-user", "2 logged-off"]);
    assert.ok(fleet.clock.now() < 5_000, `took ${fleet.clock.now()} ms`);
  });

  it("continues with the other sessions while one logoff blocks forever", async () => {
    const others = [3, 4, 5, 6].map((id) => ({ id, user: `user${id}` }));
    start({ sessions: [{ ...alice, onLogoff: { kind: "blocks" } }, ...others] });
    const report = await fleet.runOne();
    assert.deepEqual(
      report.sessions.map(({ outcome }) => outcome),
      ["kept", "still-present", "logged-off", "logged-off", "logged-off", "logged-off"],
    );
  });

  it("reads error 7022 as a session that ended by itself", async () => {
    start({ sessions: [alice, bob] });
    fleet.hosts[0]?.faults.add({
      on: "logoff.exe 2",
      trouble: { instead: true, stderr: "Error [7022]:x", code: 1 },
    });
    const [host] = fleet.hosts;
    fleet.clock.at(300, () => host?.model.leave(2));
    const report = await fleet.runOne();
    assert.deepEqual(outcomes(report), ["1 kept no-user", "2 already-gone", "3 logged-off"]);
    assert.equal(report.status, "ok");
  });

  it("waits while the host is busy, and never sends a logoff twice", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "busy", ms: 10_000 } }] });
    fleet.clock.at(30_000, () => fleet.hosts[0]?.model.leave(2));
    const report = await fleet.runOne();
    assert.equal(report.status, "ok");
    assert.deepEqual(sent(), ["logoff.exe 2"]);
  });

  it("stops at the first denied logoff, and names the missing right", async () => {
    const many = [2, 3, 4, 5, 6].map((id) => ({ id, user: `user${id}` }));
    start({ sessions: many, rights: "query-only" });
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "permission-denied");
    assert.match(report.error.message, /Full Control/);
    assert.ok(sent().length <= 2, sent().join());
    assert.equal(fleet.hosts[0]?.model.people().length, 5);
  });

  it("never reads missing rights as an empty list", async () => {
    for (const rights of ["none", "none-says-nobody"] as const) {
      start({ sessions: [alice], rights });
      const report = await fleet.runOne();
      assert.equal(report.status, "failed");
      assert.match(
        report.error?.code ?? "",
        rights === "none" ? /permission-denied/ : /permission-denied|output-unrecognised/,
      );
      assert.deepEqual(sent(), []);
    }
  });
});

describe("a session that stays", () => {
  const windows = ["csrss.exe", "winlogon.exe", "explorer.exe"];
  const stuck = { ...alice, onLogoff: { kind: "ignored" }, processes: [...windows, "winword.exe"] } as const;
  const asked = (): string[] =>
    (fleet.hosts[0]?.commands ?? []).map(({ command }) => command).filter((text) => text.startsWith("qproc"));
  const messageOf = (report: HostReport): string => {
    const stays = report.sessions.find(({ outcome }) => outcome === "still-present");
    return stays?.outcome === "still-present" ? stays.message : assert.fail("no session stays");
  };
  const named = "; still running: winword.exe, csrss.exe, winlogon.exe, explorer.exe";

  it("is named with at most five programs that still run, Windows' own last", async () => {
    const many = ["excel.exe", "dwm.exe", "EXCEL.EXE", "sap.exe", "a.exe"];
    start({ sessions: [{ ...stuck, processes: [...windows, "winword.exe", ...many] }, bob] });
    const report = await fleet.runOne();
    const message =
      /`ifStuck: reset` to end it; still running: winword\.exe, excel\.exe, sap\.exe, a\.exe, csrss\.exe and 3 more$/u;
    assert.match(messageOf(report), message);
    assert.match(report.error?.message ?? "", message);
    assert.deepEqual(asked(), ["qprocess.exe /id:2"], "who has gone is not asked about");
  });

  it("is named so in the warning of continue", async () => {
    start({ sessions: [stuck] });
    const report = await fleet.runOne({ ifStuck: "continue" });
    assert.equal(report.status, "ok");
    assert.ok(messageOf(report).endsWith(named));
    assert.ok(report.warnings.includes(messageOf(report)));
  });

  it("is named so while the host is still closing it: raise `timeouts.logoff` to give it more time, or restart the host", async () => {
    start({ sessions: [{ ...stuck, onLogoff: { kind: "stuck" } }] });
    assert.match(
      messageOf(await fleet.runOne()),
      /still closing it: .*; still running: winword\.exe, csrss/u,
    );
  });

  it("is named so after a reset that did not end it", async () => {
    start({ sessions: [{ ...stuck, onReset: "ignored" }] });
    const report = await fleet.runOne({ ifStuck: "reset" });
    assert.ok(messageOf(report).endsWith(`restart the host${named}`), messageOf(report));
    assert.deepEqual(asked(), ["qprocess.exe /id:2"]);
  });

  it("is not asked about if a reset ends it", async () => {
    start({ sessions: [stuck] });
    assert.equal((await fleet.runOne({ ifStuck: "reset" })).status, "ok");
    assert.deepEqual(asked(), []);
  });

  it("is named so on a server behind the host", async () => {
    start({ sessions: [] }, { sessions: [stuck] });
    const report = await fleet.runOne({ hosts: [planFor({ server: "host2" }, "host1")] });
    assert.ok(messageOf(report).endsWith(named));
    assert.deepEqual(asked(), ["qprocess.exe /id:2 /server:host2"]);
  });

  const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;
  const garbled = { instead: true, code: 0, stdout: "\u0000 2 2 \u0007\r\n" } as const;
  for (const trouble of [denied, garbled, "hang", "hang-after", "drop-before", "drop-after"] as const) {
    it(`is reported without them if the host does not say (${JSON.stringify(trouble)})`, async () => {
      const sessions = [2, 3, 4, 5].map((id) => ({ ...stuck, id, user: `user${id}` }));
      start({ sessions, faults: [{ on: "qprocess", times: 9, trouble }] });
      const report = await fleet.runOne();
      assert.deepEqual(
        outcomes(report).slice(1),
        [2, 3, 4, 5].map((id) => `${id} still-present`),
      );
      assert.equal(report.error?.code, "session-stuck");
      assert.match(
        report.error.message,
        /use `ifStuck: reset` to end it; 3 more of its sessions failed too$/u,
      );
      assert.equal(fleet.hosts[0]?.connections, 1, "no connection is opened for it");
      assert.ok(fleet.clock.now() < 320_000, `took ${fleet.clock.now()} ms`);
    });
  }

  it("does not keep a run waiting that is stopped", async () => {
    start({ sessions: [stuck], faults: [{ on: "qprocess", trouble: "hang" }] });
    fleet.clock.at(306_000, () => fleet.stop.abort(new LogoffError("aborted", "Stopped")));
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "session-stuck");
    assert.deepEqual(asked(), ["qprocess.exe /id:2"]);
    assert.ok(fleet.clock.now() < 308_000, `took ${fleet.clock.now()} ms`);
  });
});

describe("the selection of a host", () => {
  it("refuses the host before anything is changed if a protected session is named", async () => {
    start({ sessions: [alice], selector: aSelector({ operands: ["services", "2"] }) });
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "session-protected");
    assert.deepEqual(outcomes(report), ["1 kept no-user", "2 failed"].slice(0, report.sessions.length));
    assert.deepEqual(sent(), []);
  });

  it("reports a named session that does not exist: a warning by default, a failure on request", async () => {
    start({ sessions: [alice, bob], selector: aSelector({ operands: ["77", "2"] }) });
    const report = await fleet.runOne();
    assert.equal(report.status, "ok");
    assert.deepEqual(report.notFound, ["77"]);
    assert.match(report.warnings.join(), /no such session; logged on: 2 \(alice\), 3 \(bob\)/);
    start({ sessions: [alice, bob], selector: aSelector({ operands: ["77", "2"] }) });
    const strict = await fleet.runOne({ ifMissing: "fail" });
    assert.equal(strict.error?.code, "session-not-found");
    assert.deepEqual(sent(), ["logoff.exe 2"], "the others are logged off anyway");
  });

  it("does not touch another user who has the ID of a selected session", async () => {
    start({
      sessions: [alice],
      selector: aSelector({ ids: ["2"] }),
      faults: [{ on: "chcp", trouble: { delayMs: 2_500 } }],
    });
    const [host] = fleet.hosts;
    // Between the two listings: the first is printed at 70 ms and read 2.5 s later.
    fleet.clock.at(1_000, () => {
      host?.model.leave(2);
      host?.model.logon({ id: 2, user: "carol" });
    });
    const report = await fleet.runOne();
    assert.deepEqual(host?.model.people(), ["carol"]);
    assert.deepEqual(outcomes(report), ["1 kept no-user", "2 already-gone"]);
    assert.deepEqual(sent(), []);
  });

  it("keeps the console with a warning", async () => {
    start({ console: { user: "dave" }, sessions: [alice] });
    const report = await fleet.runOne();
    assert.equal(report.status, "ok");
    assert.deepEqual(outcomes(report), ["1 kept console", "2 logged-off"]);
    assert.match(report.warnings.join(), /1 \(dave\).*console: true/);
  });

  it("logs off sessions that arrived since in one more pass", async () => {
    start({ sessions: [{ ...alice, onLogoff: { kind: "closes", ms: 3_000 } }] });
    fleet.clock.at(2_000, () => void fleet.hosts[0]?.model.logon({ user: "carol" }));
    const report = await fleet.runOne();
    assert.equal(report.status, "ok");
    assert.deepEqual(fleet.hosts[0]?.model.people(), []);
  });

  it("fails with sessions-remain if new sessions keep arriving", async () => {
    const slow = { onLogoff: { kind: "closes", ms: 3_000 } } as const;
    start({ sessions: [{ ...alice, ...slow }] });
    fleet.clock.at(2_000, () => void fleet.hosts[0]?.model.logon({ user: "carol", ...slow }));
    fleet.clock.at(5_500, () => void fleet.hosts[0]?.model.logon({ user: "dora", ...slow }));
    const report = await fleet.runOne();
    assert.equal(report.error?.code, "sessions-remain");
    assert.match(report.error.message, /dora/);
    assert.deepEqual(fleet.hosts[0]?.model.people(), ["dora"]);
  });

  it("warns about an exception that matched no session in the whole run", async () => {
    const selector = aSelector({ all: true, except: { ...noExceptions, users: ["svc-*", "typo"] } });
    start({ sessions: [{ user: "svc-backup" }], selector }, { sessions: [alice], selector });
    const { warnings } = await fleet.run();
    assert.deepEqual(warnings, [
      'The exception "users typo" matched no session on any host: check its spelling',
    ]);
  });
});

describe("a connection that is lost", () => {
  it("repeats a listing whose answer was lost", async () => {
    start({ sessions: [alice], faults: [{ on: "qwinsta", trouble: "drop-before" }] });
    const report = await fleet.runOne();
    assert.equal(report.status, "ok");
    assert.equal(fleet.hosts[0]?.connections, 2);
  });

  for (const trouble of ["drop-before", "drop-after", "hang-after", "hang"] as const) {
    it(`settles a logoff whose answer was lost (${trouble}) by listing, never by sending it again`, async () => {
      start({ sessions: [alice, bob], faults: [{ on: "logoff.exe 2", trouble }] });
      const report = await fleet.runOne();
      assert.equal(sent().filter((command) => command === "logoff.exe 2").length, 1);
      const happened = trouble.endsWith("after");
      assert.equal(report.status, happened ? "ok" : "failed");
      // Bob's logoff used the same connection, so if that broke, its answer is lost too.
      const left = happened ? [] : trouble === "hang" ? ["alice"] : ["alice", "bob"];
      assert.deepEqual(fleet.hosts[0]?.model.people(), left);
    });
  }

  it("sends a logoff again if the host had no channel for it before the connection was lost", async () => {
    start({ sessions: [alice, bob] });
    let troubles = 1;
    const connect: Connect = async (host, signal) => {
      const connection = await fleet.connect(host, signal);
      return {
        ...connection,
        exec: async (command, options) => {
          if (command !== "logoff.exe 2" || troubles === 0) return connection.exec(command, options);
          troubles -= 1;
          await options.beforeSend?.();
          await connection.close();
          throw new LogoffError("connection-lost", "Lost the connection", { sent: false });
        },
      };
    };
    const report = await fleet.run({ ifStuck: "reset" }, { connect });
    assert.equal(report.totals.loggedOff, 2);
    assert.deepEqual(sent().sort(), ["logoff.exe 2", "logoff.exe 3"]);
  });

  it("reports what is known about each session if the host stays unreachable", async () => {
    start({ sessions: [alice, bob] });
    const [host] = fleet.hosts;
    host?.faults.add({ on: "logoff.exe 2", trouble: "drop-after" });
    fleet.clock.at(112, () => {
      if (host) host.down = new LogoffError("host-unreachable", "Cannot reach host1");
    });
    const report = await fleet.runOne();
    assert.equal(report.status, "failed");
    assert.equal(report.error?.code, "host-unreachable");
    const messages = report.sessions.map((one) => ("message" in one ? one.message : ""));
    assert.match(messages.join("\n"), /session 2 \(alice\).*the logoff was sent, but its effect is unknown/);
  });

  it("reports every host, whatever happens to the others", async () => {
    start({ sessions: [alice] }, { sessions: [bob] }, { sessions: [alice] });
    const [, second] = fleet.hosts;
    if (second) second.down = new LogoffError("host-unreachable", "Cannot reach host2");
    const report = await fleet.run();
    assert.deepEqual(
      report.hosts.map(({ status }) => status),
      ["ok", "failed", "ok"],
    );
    assert.deepEqual([report.totals.ok, report.totals.failed, report.totals.loggedOff], [2, 1, 2]);
  });
});

describe("a run that is stopped", () => {
  it("starts nothing new and finishes verifying what was sent", async () => {
    const hosts = [1, 2, 3].map(() => ({
      sessions: [{ ...alice, onLogoff: { kind: "closes", ms: 5_000 } as const }],
    }));
    start(...hosts);
    fleet.clock.at(1_000, () => fleet.stop.abort());
    const report = await fleet.run({ rollout: { parallel: 1, waves: [], pauseMs: 0, maxFailures: null } });
    assert.deepEqual(
      report.hosts.map(({ status }) => status),
      ["ok", "skipped", "skipped"],
    );
    assert.deepEqual(
      report.hosts.map(({ error }) => error?.code),
      [undefined, "aborted", "aborted"],
    );
    assert.deepEqual(
      report.hosts.map(({ contacted }) => contacted),
      [true, false, false],
    );
  });

  it("runs at most as many hosts at a time as the plan allows", async () => {
    start(...Array.from({ length: 12 }, () => ({ sessions: [alice] })));
    await fleet.run({ rollout: { parallel: 3, waves: [], pauseMs: 0, maxFailures: null } });
    assert.equal(fleet.mostOpen(), 3);
  });
});

describe("a read-only run of one host", () => {
  it("lists the sessions or the exact commands, and changes nothing", async () => {
    start({ sessions: [alice, bob], selector: aSelector({ ids: ["2"] }) });
    const listed = await fleet.runOne({}, { readOnly: "list" });
    assert.deepEqual(outcomes(listed), ["1 kept no-user", "2 listed", "3 kept not-selected"]);
    const dry = await fleet.runOne({}, { readOnly: "dry-run" });
    assert.deepEqual(outcomes(dry), ["1 kept no-user", "2 would-log-off", "3 kept not-selected"]);
    assert.deepEqual(dry.commands, ["logoff.exe 2"]);
    assert.deepEqual(sent(), []);
  });
});

describe("servers behind one host, which share its connection", () => {
  const servers = Array.from({ length: 10 }, (_, index) => `host${index + 2}`);
  const hosts = servers.map((server) => planFor({ server }, "host1"));
  const people = (onLogoff: LogoffBehavior): MemoryHostOptions => ({
    sessions: ["alice", "bob", "carol", "dave"].map((user, index) => ({ id: index + 2, user, onLogoff })),
  });
  const sentAt = (program: RegExp): { readonly command: string; readonly atMs: number }[] =>
    (fleet.hosts[0]?.commands ?? []).filter(({ command }) => program.test(command));

  it("send no logoff whose turn comes after the run was stopped", async () => {
    start({ sessions: [] }, ...servers.map(() => people({ kind: "blocks", closesAfterMs: 10_000 })));
    fleet.clock.at(15_000, () => fleet.stop.abort(new LogoffError("aborted", "Stopped")));
    const report = await fleet.run({ hosts });
    const logoffs = sentAt(/^logoff/u);
    assert.ok(logoffs.length > 0 && logoffs.length < 40);
    assert.ok(logoffs.every(({ atMs }) => atMs <= 15_000));
    const left = fleet.hosts.slice(1).flatMap(({ model }) => model.people());
    assert.equal(left.length, 40 - logoffs.length);
    const verified = report.hosts.flatMap(({ sessions }) =>
      sessions.filter(({ outcome }) => outcome === "logged-off"),
    );
    assert.equal(verified.length, logoffs.length, "what was sent is verified");
  });

  for (const ifStuck of ["fail", "reset", "continue"] as const) {
    it(`send every logoff even if the connection is lost while they wait (ifStuck ${ifStuck})`, async () => {
      const three = servers.slice(0, 3);
      start({ sessions: [] }, ...three.map(() => people({ kind: "blocks", closesAfterMs: 20_000 })));
      fleet.clock.at(5_000, () =>
        fleet.hosts[0]?.faults.add({ on: "qwinsta.exe /server:host2", trouble: "drop-before" }),
      );
      const report = await fleet.run({ hosts: hosts.slice(0, 3), ifStuck });
      assert.deepEqual(
        report.hosts.map(({ status }) => status),
        ["ok", "ok", "ok"],
      );
      assert.deepEqual(
        fleet.hosts.slice(1).flatMap(({ model }) => model.people()),
        [],
      );
      assert.deepEqual(sentAt(/^rwinsta/u), []);
      const logoffs = sentAt(/^logoff/u).map(({ command }) => command);
      assert.equal(new Set(logoffs).size, 12, "no logoff is sent twice");
      assert.equal(logoffs.length, 12);
    });
  }

  describe("the users of servers behind one host", () => {
    const three = servers.slice(0, 3);
    const warn: WarnPlan = {
      message: "Ends in {minutes} minutes",
      gracePeriodMs: 600_000,
      remindersMs: [60_000],
      ifUndelivered: "continue",
      cancelMessage: "Cancelled",
    };
    const startThree = (): void =>
      void start({ sessions: [] }, ...three.map(() => people({ kind: "instant" })));
    const hang = (on: RegExp): void => fleet.hosts[0]?.faults.add({ on, times: 8, trouble: "hang" });
    const run = (more: Partial<Plan> = {}): Promise<Report> =>
      fleet.run({ hosts: hosts.slice(0, 3), warn, ...more });
    const each = three.flatMap((server) => [2, 3, 4, 5].map((id) => ({ server, id })));

    it("have as much time as promised, even if it takes long to warn the others", async () => {
      startThree();
      hang(/msg\.exe .*\/server:host[23] /u);
      await run();
      for (const { server, id } of each) {
        const told = sentAt(new RegExp(`^msg\\.exe ${id} /server:${server} `, "u"))[0]?.atMs ?? NaN;
        const asked = sentAt(new RegExp(`^logoff\\.exe ${id} /server:${server}$`, "u"))[0]?.atMs ?? NaN;
        assert.ok(asked - told >= warn.gracePeriodMs, `${id} on ${server} had ${asked - told} ms`);
      }
    });

    it("are each warned once if the connection is lost while the warnings wait", async () => {
      startThree();
      fleet.hosts[0]?.faults.add({ on: /msg\.exe .*\/server:host2 /u, trouble: "drop-before" });
      await run({ warn: { ...warn, remindersMs: [] } });
      for (const { server, id } of each) {
        const told = sentAt(new RegExp(`^msg\\.exe ${id} /server:${server} `, "u"));
        assert.equal(told.length, 1, `${id} on ${server}`);
      }
    });

    it("are not warned after the run was stopped, and receive a cancel message only if they were warned", async () => {
      startThree();
      hang(/msg\.exe .*\/server:host[23] /u);
      fleet.clock.at(15_000, () => fleet.stop.abort(new LogoffError("aborted", "Stopped")));
      await run();
      const warnings = (fleet.hosts[0]?.commands ?? []).filter(
        ({ command, stdin }) => command.startsWith("msg") && stdin.startsWith("Ends"),
      );
      assert.ok(warnings.length > 0 && warnings.every(({ atMs }) => atMs <= 15_000));
      assert.equal(fleet.hosts[3]?.model.messages().length, 0);
    });

    it("receive no reminder whose time has passed when its turn comes", async () => {
      startThree();
      hang(/msg\.exe .*\/server:host[23] \/time:60$/u);
      const report = await run();
      const reminders = sentAt(/^msg\.exe .* \/time:60$/u);
      for (const { command, atMs } of reminders) {
        const [, id = "", server = ""] = /^msg\.exe (\d) \/server:(\w+) /u.exec(command) ?? [];
        const asked = sentAt(new RegExp(`^logoff\\.exe ${id} /server:${server}$`, "u"))[0]?.atMs ?? NaN;
        assert.ok(asked - atMs >= 29_000, `${command} came ${asked - atMs} ms before the end`);
      }
      const warnings = report.hosts.flatMap((host) => host.warnings);
      assert.ok(warnings.some((warning) => /the time of the reminder had passed/u.test(warning)));
    });
  });

  it("are reset only after each session had its own time to end", async () => {
    start({ sessions: [] }, ...servers.map(() => people({ kind: "blocks" })));
    await fleet.run({ hosts, ifStuck: "reset" });
    const resets = sentAt(/^rwinsta/u);
    assert.equal(resets.length, 40);
    for (const { command, atMs } of resets) {
      const logoff = sentAt(/^logoff/u).find((one) => one.command === command.replace("rwinsta", "logoff"));
      assert.ok(logoff !== undefined && atMs - logoff.atMs >= 300_000, `${command} came too early`);
    }
  });
});
