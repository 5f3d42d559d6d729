import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ConnectionSlots, unlimitedFiles, type OpenFiles } from "../../provider/base/connection-slots";
import { LogoffError } from "../../provider/base/errors";
import type { FindJumpHosts } from "../../provider/connection";
import type { HostPlan, Plan, WarnPlan } from "../../provider/plan/plan";
import { fleetOf, planFor, type Fleet, type MemoryHostOptions } from "./memory-fleet";

let fleet: Fleet;
function start(count: number, options: MemoryHostOptions = { sessions: [{ user: "alice" }] }): Fleet {
  fleet = fleetOf(...Array.from({ length: count }, () => options));
  return fleet;
}
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0);
});

const minute = 60_000;
const down = new LogoffError("host-unreachable", "Cannot reach it");
const warn: WarnPlan = {
  message: "Go",
  gracePeriodMs: 10 * minute,
  remindersMs: [],
  ifUndelivered: "continue",
};

function rollout(fields: Partial<Plan["rollout"]>): Partial<Plan> {
  return { rollout: { parallel: 20, waves: [], pauseMs: 0, maxFailures: null, ...fields } };
}

function breakHosts(...indexes: readonly number[]): void {
  for (const index of indexes) {
    const host = fleet.hosts[index];
    assert.ok(host);
    host.down = down;
  }
}

describe("waves", () => {
  it("begin after the previous wave and the pause are over", async () => {
    start(5);
    const report = await fleet.run(rollout({ waves: [{ hosts: 1 }, { hosts: 2 }], pauseMs: minute }));
    assert.equal(report.totals.ok, 5);
    const begins = fleet.hosts.map(({ commands: [first] }) => Math.floor((first?.atMs ?? 0) / minute));
    assert.deepEqual(begins, [0, 1, 1, 2, 2]);
  });

  it("report hosts in plan order", async () => {
    start(4);
    const report = await fleet.run(rollout({ waves: [{ hosts: 2 }] }));
    assert.deepEqual(
      report.hosts.map(({ host }) => host),
      ["host1:22", "host2:22", "host3:22", "host4:22"],
    );
  });
});

describe("a jump host named only in ssh_config", () => {
  const behind = (name: string): HostPlan => {
    const { host, selector } = planFor({}, name);
    return { host: { ...host, sshConfig: true }, selector };
  };
  it("runs last", async () => {
    start(3);
    const report = await fleet.run(
      { hosts: ["host1", "host2", "host3"].map(behind) },
      { findJumpHosts: () => Promise.resolve(new Map([["host2:22", ["host1:22"]]])) },
    );
    assert.equal(report.totals.ok, 3);
    const [last, ...others] = fleet.hosts.map(({ commands }) => commands);
    const endsAtMs = Math.max(...others.map((commands) => commands.at(-1)?.atMs ?? Infinity));
    assert.ok((last?.[0]?.atMs ?? 0) >= endsAtMs);
  });
});

describe("an ssh_config that does not answer", () => {
  const hosts = [planFor({}, "host1")].map(({ host, selector }) => ({
    host: { ...host, sshConfig: true as const, connectTimeoutMs: 5 * minute },
    selector,
  }));
  const given: (AbortSignal | undefined)[] = [];
  const findJumpHosts: FindJumpHosts = (_hosts, signal) => {
    given.push(signal);
    return new Promise(() => undefined);
  };

  it("does not delay a run beyond its total time", async () => {
    start(1);
    const timeouts = { commandMs: 1000, logoffMs: 1000, totalMs: minute };
    const report = await fleet.run({ hosts, timeouts }, { findJumpHosts });
    assert.deepEqual([report.hosts[0]?.status, report.hosts[0]?.error?.code], ["skipped", "timed-out"]);
    assert.deepEqual([fleet.clock.now(), given.at(-1)?.aborted], [minute, true]);
  });

  it("does not delay a run beyond the connection deadline", async () => {
    start(1);
    const report = await fleet.run({ hosts }, { findJumpHosts });
    assert.equal(report.hosts[0]?.status, "ok");
    const elapsedMs = fleet.clock.now();
    assert.ok(elapsedMs >= 5 * minute && elapsedMs < 6 * minute, `${elapsedMs} ms`);
    assert.equal(given.at(-1)?.aborted, true);
  });

  it("does not delay a stopped run", async () => {
    start(1);
    fleet.clock.at(minute, () => fleet.stop.abort());
    const report = await fleet.run({ hosts }, { findJumpHosts });
    assert.deepEqual([report.hosts[0]?.status, report.hosts[0]?.error?.code], ["skipped", "aborted"]);
  });

  it("leaves no timer behind when reading it fails", async () => {
    start(1);
    let timers = 0;
    const clock = {
      ...fleet.clock,
      sleep: (ms: number, signal: AbortSignal) => {
        timers += 1;
        return fleet.clock.sleep(ms, signal).finally(() => (timers -= 1));
      },
    };
    const timeouts = { commandMs: 1000, logoffMs: 1000, totalMs: minute };
    const broken = (): Promise<never> => Promise.reject(new Error("broken"));
    await assert.rejects(fleet.run({ hosts, timeouts }, { clock, findJumpHosts: broken }), /broken/u);
    await new Promise(setImmediate);
    assert.equal(timers, 0);
  });
});

describe("the failure budget", () => {
  it("stops before the next wave, and reports why each remaining host was skipped", async () => {
    start(6);
    breakHosts(0);
    const report = await fleet.run(
      rollout({ waves: [{ hosts: 1 }, { hosts: 5 }], maxFailures: { hosts: 0 } }),
    );
    assert.deepEqual([report.totals.failed, report.totals.skipped], [1, 5]);
    assert.ok(
      report.hosts.slice(1).every(({ error, contacted }) => error?.code === "budget-exceeded" && !contacted),
    );
    assert.match(report.hosts[1]?.error?.message ?? "", /`rollout\.maxFailures` allows 0/);
  });

  it("is not exceeded by exactly as many failures as it allows", async () => {
    start(6);
    breakHosts(0, 3);
    const report = await fleet.run(rollout({ maxFailures: { hosts: 2 } }));
    assert.deepEqual([report.totals.ok, report.totals.failed], [4, 2]);
  });

  it("applies to each wave separately if it is a percentage", async () => {
    start(8);
    breakHosts(0, 4);
    const report = await fleet.run(rollout({ waves: [{ hosts: 4 }], maxFailures: { percent: 25 } }));
    assert.deepEqual([report.totals.ok, report.totals.failed], [6, 2]);
  });

  it("undrains the hosts in their grace period and sends no more logoffs when it is exceeded", async () => {
    start(4);
    fleet.hosts[3]?.faults.add({
      on: "msg.exe",
      trouble: { instead: true, code: 1, stderr: "Error [87]:x" },
    });
    const report = await fleet.run({
      ...rollout({ maxFailures: { hosts: 0 } }),
      warn: { ...warn, ifUndelivered: "fail" },
      drain: "until-restart",
    });
    assert.deepEqual(
      report.hosts.map(({ status, drained, error }) => `${status} ${drained} ${error?.code ?? ""}`),
      [
        "skipped undrained budget-exceeded",
        "skipped undrained budget-exceeded",
        "skipped undrained budget-exceeded",
        "failed undrained command-failed",
      ],
    );
    assert.ok(
      fleet.hosts.every(
        ({ model, commands }) =>
          model.drain() === "open" && !commands.some(({ command }) => command.startsWith("logoff")),
      ),
    );
    assert.ok(fleet.clock.now() < minute);
  });

  it("does not prevent verification of a logoff that was already sent", async () => {
    start(2, { sessions: [{ user: "alice", onLogoff: { kind: "closes", ms: 30_000 } }] });
    fleet.clock.at(5_000, () => breakHosts(1));
    const second = fleet.hosts[1];
    second?.faults.add({ on: "qwinsta", after: 1, times: 9, trouble: "drop-before" });
    const report = await fleet.run(rollout({ maxFailures: { hosts: 0 } }));
    assert.equal(report.hosts[0]?.status, "ok");
  });
});

describe("a failure budget that the last hosts exceed", () => {
  it("is in the report even if no host was skipped for it", async () => {
    start(3);
    breakHosts(0, 1, 2);
    const report = await fleet.run(rollout({ maxFailures: { hosts: 1 } }));
    assert.equal(report.totals.failed, 3);
    assert.equal(report.ended?.code, "budget-exceeded");
    assert.match(report.warnings.join(), /Stopped after 2 failed hosts: `rollout.maxFailures` allows 1/u);
  });

  it("is not in the report of a run that does not exceed it", async () => {
    start(3);
    breakHosts(0);
    const report = await fleet.run(rollout({ maxFailures: { hosts: 1 } }));
    assert.deepEqual([report.ended, report.warnings], [undefined, []]);
  });
});

describe("a window that holds back a wave", () => {
  // The clock starts at 22:00.
  const fromEleven: Partial<Plan> = {
    window: { dailyFrom: "23:00", dailyTo: "05:00", timeZone: "UTC" },
  };
  it("holds back the next waves too, so that no large wave runs without its canary", async () => {
    start(5);
    const report = await fleet.run({
      ...rollout({ waves: [{ hosts: 1 }, { hosts: 4 }], pauseMs: 90 * minute }),
      ...fromEleven,
    });
    assert.deepEqual([report.totals.skipped, report.ended?.code], [5, "outside-window"]);
    assert.ok(report.hosts.every(({ error, contacted }) => error?.code === "outside-window" && !contacted));
    assert.equal(fleet.clock.now(), 0, "no pause precedes a wave that is held back");
  });

  it("ends the run if it closes during a wave", async () => {
    start(3, { sessions: [{ user: "alice", onLogoff: { kind: "closes", ms: 2 * minute } }] });
    const report = await fleet.run({
      ...rollout({ waves: [{ hosts: 1 }], pauseMs: 90 * minute }),
      window: { dailyFrom: "20:00", dailyTo: "22:01", timeZone: "UTC" },
    });
    assert.deepEqual(
      report.hosts.map(({ status, error }) => `${status} ${error?.code ?? ""}`),
      ["ok ", "skipped outside-window", "skipped outside-window"],
    );
    assert.ok(fleet.clock.now() < 5 * minute);
  });
});

describe("a read-only run", () => {
  const everything: Partial<Plan> = {
    ...rollout({ waves: [{ hosts: 1 }], pauseMs: 90 * minute, maxFailures: { hosts: 0 } }),
    window: { dailyFrom: "23:00", dailyTo: "05:00", timeZone: "UTC" },
  };
  for (const readOnly of ["list", "dry-run"] as const) {
    it(`(${readOnly}) is not held back by waves, pause, budget or window`, async () => {
      start(4);
      breakHosts(0);
      const report = await fleet.run(everything, { readOnly });
      assert.deepEqual(
        report.hosts.map(({ status, error }) => `${status} ${error?.code ?? ""}`),
        ["failed host-unreachable", "ok ", "ok ", "ok "],
      );
      assert.ok(fleet.clock.now() < minute, "it does not pause");
    });
  }
});

describe("hosts that a previous run drained", () => {
  it("are counted in one warning if this run did not try them, and named if it did", async () => {
    start(30);
    breakHosts(0);
    const earlier = new Map(
      Array.from({ length: 30 }, (_, index) => [
        `host${index + 1}:22`,
        { drained: "until-restart" as const, warned: [] },
      ]),
    );
    const report = await fleet.run(
      { ...rollout({ parallel: 1, maxFailures: { hosts: 0 } }), drain: "until-restart" },
      { previous: earlier },
    );
    assert.match(report.hosts[0]?.warnings.join() ?? "", /The host may still refuse new logons/u);
    assert.deepEqual(
      report.hosts.slice(1).flatMap(({ warnings }) => warnings),
      [],
    );
    const untried = report.hosts.filter(({ contacted }) => !contacted);
    assert.ok(untried.length > 20 && untried.every(({ drained }) => drained === "until-restart"));
    assert.deepEqual(report.warnings, [
      `${untried.length} hosts, including "${untried[0]?.host ?? ""}", were not touched and may still refuse new logons because of a previous run; run again`,
    ]);
  });
});

describe("limits.sessions", () => {
  const limited = (sessions: number): Partial<Plan> => ({ limits: { sessionsPerHost: null, sessions } });
  it("allows a run within the limit", async () => {
    start(3);
    assert.equal((await fleet.run(limited(3))).totals.loggedOff, 3);
  });
  it("refuses the run before any change", async () => {
    start(3);
    const report = await fleet.run({ ...limited(2), drain: "until-restart" });
    assert.deepEqual([report.totals.skipped, report.hosts[0]?.error?.code], [3, "limit-exceeded"]);
    assert.match(
      report.hosts[0]?.error?.message ?? "",
      /3 sessions would be logged off, and `limits.sessions` allows 2/,
    );
    const changing = fleet.hosts
      .flatMap(({ commands }) => commands)
      .filter(({ command }) => /logoff|chglogon|msg/.test(command));
    assert.deepEqual(changing, []);
  });
  it("counts a host that cannot be listed as exceeding the limit, and reports why", async () => {
    start(3);
    breakHosts(1);
    const report = await fleet.run(limited(100));
    assert.deepEqual(
      report.hosts.map(({ status, error }) => `${status} ${error?.code ?? ""}`),
      ["skipped limit-exceeded", "failed host-unreachable", "skipped limit-exceeded"],
    );
    assert.match(
      report.hosts[0]?.error?.message ?? "",
      /1 host could not be listed, "host2:22" \(Cannot reach it\)/,
    );
    assert.equal(report.hosts[1]?.error?.message, "Cannot reach it");
    const finished = fleet.events.filter(({ type }) => type === "host-finished");
    assert.equal(finished.length, 3);
  });
  it("reports every host as contacted and keeps the record of previous warnings", async () => {
    start(2);
    const warned = [{ id: "2", user: "alice", warnedAt: "2026-11-23T21:59:00Z", remindersMs: [] }];
    const earlier = new Map([["host1:22", { warned }]]);
    const report = await fleet.run({ ...limited(1), warn }, { previous: earlier });
    assert.deepEqual(
      report.hosts.map(({ contacted, platform }) => [contacted, platform]),
      [
        [true, "windows"],
        [true, "windows"],
      ],
    );
    assert.deepEqual(report.hosts[0]?.warned, warned);
  });
  it("is not the error of a run that is stopped while listing", async () => {
    for (const stops of ["cancelled", "out of time"] as const) {
      start(4);
      const totalMs = stops === "out of time" ? 150 : null;
      if (totalMs === null)
        fleet.clock.at(150, () => fleet.stop.abort(new LogoffError("aborted", "Cancelled")));
      const report = await fleet.run({
        ...limited(100),
        ...rollout({ parallel: 1 }),
        timeouts: { commandMs: 30_000, logoffMs: 300_000, totalMs },
      });
      const expected = `skipped ${totalMs === null ? "aborted" : "timed-out"}`;
      assert.deepEqual(
        report.hosts.map(({ status, error }) => `${status} ${error?.code ?? ""}`),
        [expected, expected, expected, expected],
      );
      assert.equal(report.ended?.code, totalMs === null ? undefined : "timed-out");
    }
  });
  it("reports a host that was not tried as skipped", async () => {
    start(3);
    const [, second, third] = fleet.hosts;
    assert.ok(second && third);
    second.down = new LogoffError("auth-rejected", "Rejected");
    third.down = new LogoffError("auth-rejected", "Not tried", { untried: true });
    const report = await fleet.run(limited(100));
    assert.deepEqual(report.hosts.map(({ status, error }) => `${status} ${error?.message ?? ""}`).slice(1), [
      "failed Rejected",
      "skipped Not tried",
    ]);
  });
  it("names hosts that a previous run drained and that stay drained", async () => {
    start(2);
    const earlier = new Map([["host1:22", { drained: "until-restart" as const, warned: [] }]]);
    const report = await fleet.run({ ...limited(1), drain: "until-restart" }, { previous: earlier });
    assert.deepEqual(
      report.hosts.map(({ drained }) => drained),
      ["until-restart", "no"],
    );
    assert.deepEqual(report.warnings, [
      '"host1:22" was not touched and may still refuse new logons because of a previous run; run again',
    ]);
  });
  it("lists no host outside the window", async () => {
    start(2);
    breakHosts(1);
    const report = await fleet.run({
      ...limited(100),
      window: { dailyFrom: "23:00", dailyTo: "05:00", timeZone: "UTC" },
    });
    assert.ok(report.hosts.every(({ error }) => error?.code === "outside-window"));
    assert.ok(fleet.hosts.every(({ connections }) => connections === 0));
  });
});

describe("the total time", () => {
  it("ends the run as a stop does", async () => {
    start(3);
    const report = await fleet.run({
      ...rollout({ parallel: 1 }),
      warn,
      timeouts: { commandMs: 30_000, logoffMs: 300_000, totalMs: 5 * minute },
    });
    assert.deepEqual(
      [...new Set(report.hosts.map(({ status, error }) => `${status} ${error?.code ?? ""}`))],
      ["skipped timed-out"],
    );
    assert.ok(fleet.clock.now() < 6 * minute);
    assert.ok(
      fleet.hosts.every(({ commands }) => !commands.some(({ command }) => command.startsWith("logoff"))),
    );
  });
});

describe("resuming", () => {
  it("runs only the given hosts and warns no user twice", async () => {
    start(2);
    fleet.clock.at(2 * minute, () => fleet.stop.abort());
    const first = await fleet.run({ warn });
    assert.deepEqual(
      first.hosts.map(({ warned }) => warned.map(({ user }) => user)),
      [["alice"], ["alice"]],
    );
    const earlier = new Map(first.hosts.map(({ host, warned }) => [host, { warned }]));
    const startedAt = fleet.clock.now();
    const second = await fleet.run(
      { warn },
      { previous: earlier, hosts: new Set(["host2:22"]), stop: new AbortController().signal },
    );
    assert.deepEqual([second.totals.hosts, second.totals.loggedOff], [1, 1]);
    assert.equal(fleet.hosts[1]?.model.messages().length, 1);
    assert.ok(fleet.clock.now() - startedAt < 9 * minute);
    assert.deepEqual(fleet.hosts[0]?.model.people(), ["alice"]);
  });
});

describe("a thousand hosts", () => {
  it("share the connections of the process", async () => {
    start(1_000, { sessions: [] });
    const report = await fleet.run(rollout({ parallel: 200 }));
    assert.equal(report.totals.ok, 1_000);
    assert.equal(fleet.mostOpen(), 200);
    assert.deepEqual(report.warnings, []);
  });
});

describe("the connections of a process", () => {
  const few: () => OpenFiles = () => ({ limit: 128, others: 50 });

  it("are as many as the run with the most hosts at a time asks for", async () => {
    start(300, { sessions: [{ user: "alice" }] });
    const slots = new ConnectionSlots(unlimitedFiles);
    const report = await fleet.run(rollout({ parallel: 300 }), { slots });
    assert.equal(report.totals.loggedOff, 300);
    assert.ok(fleet.mostOpen() > 64 && fleet.mostOpen() <= 300, `${fleet.mostOpen()} at a time`);
  });

  it("are 64 for several runs that ask for fewer each", async () => {
    start(150, { sessions: [] });
    const slots = new ConnectionSlots(unlimitedFiles);
    const parts = [0, 1, 2].map((part) => new Set(labels().slice(50 * part, 50 * part + 50)));
    await Promise.all(parts.map((hosts) => fleet.run(rollout({ parallel: 50 }), { slots, hosts })));
    assert.equal(fleet.mostOpen(), 64);
  });

  it("are fewer, with one warning that says what to set, where few files may be open", async () => {
    start(100);
    const report = await fleet.run(rollout({ parallel: 100 }), { slots: new ConnectionSlots(few) });
    assert.equal(report.totals.loggedOff, 100);
    assert.equal(fleet.mostOpen(), 39);
    assert.deepEqual(report.warnings, [
      "at most 39 of 100 hosts at a time are connected, because this process may have only 128 open files; set the hard limit (`ulimit -Hn`) to 250 or more, or `rollout.parallel` to 39 or less",
    ]);
  });

  it("leave room for the pipes of proxy commands and of the machine's ssh", () => {
    const hosts = Array.from({ length: 100 }, () => ({ jumpHosts: [] }));
    const advice = (changes: object): string =>
      new ConnectionSlots(few)
        .makeRoomFor(
          100,
          hosts.map((host, index) => ({ host: { ...host, ...(index === 99 && changes) } })),
        )
        .join();
    assert.match(advice({ proxyCommand: "nc %h %p" }), /at most 19 of 100 hosts.* to 450 or more/u);
    assert.match(advice({ sshConfig: true }), /at most 19 of 100/u);
    assert.match(advice({ client: "openssh" }), /at most 6 of 100 hosts.* to 1350 or more/u);
    assert.match(advice({ sshConfig: true, jumpHosts: [{}] }), /at most 39 of 100/u);
  });

  it("are no reason for a warning if a run has no more hosts than there is room for", async () => {
    start(39);
    const report = await fleet.run(rollout({ parallel: 512 }), { slots: new ConnectionSlots(few) });
    assert.deepEqual(report.warnings, []);
  });

  function labels(): readonly string[] {
    return fleet.hosts.map((_host, index) => `host${index + 1}:22`);
  }
});
