import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Plan, WarnPlan } from "../../../provider/plan/plan";
import type { HostReport, Report } from "../../../provider/report/report";
import type { PreviousRun } from "../../../provider/run/host/state";
import type { RolloutDeps } from "../../../provider/run/rollout";
import { fleetOf, type Fleet, type MemoryHostOptions } from "../memory-fleet";

let fleet: Fleet;
afterEach(() => assert.deepEqual(fleet.unexpected, []));

const minute = 60_000;
const hour = 60 * minute;
const alice = { id: 2, user: "alice" };
const bob = { id: 3, user: "bob" };
const people = ["alice", "bob", "carol", "dave", "erin"].map((user, index) => ({ id: index + 2, user }));
const abandoned = new LogoffError("aborted", "The program ends");
const warn: WarnPlan = {
  message: "Maintenance in {minutes} minutes.",
  gracePeriodMs: 15 * minute,
  remindersMs: [5 * minute, minute],
  ifUndelivered: "continue",
};

interface Scenario {
  readonly hosts: readonly MemoryHostOptions[];
  readonly plan?: Partial<Plan>;
  readonly deps?: Partial<RolloutDeps>;
  /** Events from outside. */
  readonly outside?: (fleet: Fleet) => void;
}

interface Watched {
  /** One for each of the times. */
  readonly snapshots: readonly Report[];
  /** The report of the run, and a snapshot after it. */
  readonly report: Report;
  readonly ended: Report;
}

/** Runs hosts, and takes snapshots at these times. */
async function watch({ hosts, plan, deps, outside }: Scenario, timesMs: readonly number[]): Promise<Watched> {
  fleet = fleetOf(...hosts);
  outside?.(fleet);
  const run = fleet.start(plan, deps);
  const snapshots: Report[] = [];
  for (const atMs of timesMs) fleet.clock.at(atMs, () => snapshots.push(run.snapshot(abandoned)));
  const report = await run.report;
  assert.equal(snapshots.length, timesMs.length, "the run ended before the last snapshot");
  return { snapshots, report, ended: run.snapshot(abandoned) };
}

/** The first host in snapshots that are taken at these times. */
async function first(scenario: Scenario, timesMs: readonly number[]): Promise<readonly HostReport[]> {
  return (await watch(scenario, timesMs)).snapshots.map(({ hosts }) => hosts[0] ?? assert.fail());
}

/** When the first host receives the first of these commands. */
async function timeOf(command: RegExp, { hosts, plan, deps, outside }: Scenario): Promise<number> {
  fleet = fleetOf(...hosts);
  outside?.(fleet);
  await fleet.run(plan, deps);
  const found = fleet.hosts[0]?.commands.find((one) => command.test(one.command));
  return found?.atMs ?? assert.fail(`${String(command)} was not sent`);
}

/** The first host right before and right after it receives the first of these commands. */
async function around(command: RegExp, scenario: Scenario): Promise<readonly [HostReport, HostReport]> {
  const atMs = await timeOf(command, scenario);
  const [before, after] = await first(scenario, [atMs - 1, atMs + 1]);
  assert.ok(before !== undefined && after !== undefined);
  return [before, after];
}

function previous(label: string, run: PreviousRun): Partial<RolloutDeps> {
  return { previous: new Map([[label, run]]) };
}

function warnedUsers({ warned }: HostReport): readonly string[] {
  return warned.map(({ user }) => user);
}

function askedUsers({ asked }: HostReport): readonly string[] {
  return (asked ?? []).map(({ user }) => user);
}

const zoeWarned = { id: "8", user: "zoe", warnedAt: "2026-11-23T21:50:00.000Z", remindersMs: [5 * minute] };
const zoeAsked = { id: "9", user: "zoe", logoffSent: true } as const;
const left: PreviousRun = { drained: "until-destroy", warned: [zoeWarned], asked: [zoeAsked] };

describe("the snapshot of a host", () => {
  const oneByOne: Partial<Plan> = { rollout: { parallel: 1, waves: [], pauseMs: 0, maxFailures: null } };
  const hangs: MemoryHostOptions = { sessions: [bob], faults: [{ on: "logoff.exe", trouble: "hang" }] };

  it("is skipped before the host starts, with what the previous run recorded", async () => {
    const scenario = {
      hosts: [hangs, { sessions: [alice] }],
      plan: oneByOne,
      deps: previous("host2:22", left),
    };
    const { snapshots } = await watch(scenario, [5_000]);
    assert.deepEqual(
      snapshots[0]?.hosts.map(({ host, status, contacted }) => [host, status, contacted]),
      [
        ["host1:22", "failed", true],
        ["host2:22", "skipped", false],
      ],
    );
    const { drained, warned, asked, error, sessions } = snapshots[0].hosts[1] ?? assert.fail();
    assert.deepEqual({ drained, warned, asked }, left);
    assert.deepEqual([error, sessions], [{ code: "aborted", message: "The program ends" }, []]);
    assert.deepEqual([snapshots[0].totals.failed, snapshots[0].totals.skipped], [1, 1]);
  });

  it("is skipped when the run has just begun", async () => {
    fleet = fleetOf({ sessions: [alice] }, { sessions: [] });
    const run = fleet.start();
    const { hosts, startedAt, finishedAt } = run.snapshot(abandoned);
    assert.deepEqual(
      hosts.map(({ host, status }) => [host, status]),
      [
        ["host1:22", "skipped"],
        ["host2:22", "skipped"],
      ],
    );
    assert.deepEqual([startedAt, finishedAt], ["2026-11-23T22:00:00.000Z", "2026-11-23T22:00:00.000Z"]);
    await run.report;
  });

  it("is failed while the host is contacted, with what the previous run recorded", async () => {
    const [host] = await first({ hosts: [{ sessions: [alice] }], deps: previous("host1:22", left) }, [10]);
    assert.ok(host !== undefined);
    const { status, contacted, drained, warned, asked } = host;
    assert.deepEqual([status, contacted], ["failed", true]);
    assert.deepEqual({ drained, warned, asked }, left);
  });

  it("has no record of the previous run once the sessions are selected", async () => {
    const previousRun: PreviousRun = { warned: [zoeWarned], asked: [zoeAsked] };
    const [host] = await first({ hosts: [hangs], deps: previous("host1:22", previousRun) }, [5_000]);
    assert.ok(host !== undefined);
    assert.deepEqual([host.warned, askedUsers(host)], [[], ["bob"]]);
  });

  it("is the report of a finished host", async () => {
    const hosts = [{ sessions: [alice] }, hangs];
    const { snapshots, report } = await watch({ hosts, plan: oneByOne }, [5_000]);
    assert.equal(snapshots[0]?.hosts[0]?.status, "ok");
    assert.equal(snapshots[0].hosts[0], report.hosts[0]);
    assert.equal(snapshots[0].hosts[1]?.status, "failed");
  });

  it("has every session, with what is known of it", async () => {
    const closing = { ...alice, onLogoff: { kind: "closes", ms: 10_000 } } as const;
    const scenario: Scenario = { hosts: [{ sessions: [closing, bob] }], plan: { warn } };
    const [early, late] = await first(
      { ...scenario, outside: ({ clock, hosts: [host] }) => clock.at(minute, () => host?.model.leave(3)) },
      [minute / 2, 15 * minute + 5_000],
    );
    const sessionsOf = (host: HostReport | undefined): readonly string[] =>
      (host?.sessions ?? []).map((one) => {
        const message = "message" in one ? `: ${one.message}` : "";
        return `${one.session.id} ${one.outcome}${message}`;
      });
    assert.deepEqual(sessionsOf(early), [
      "1 kept",
      '2 failed: Cannot finish session 2 (alice) on "host1:22" (no logoff was sent): The program ends',
      '3 failed: Cannot finish session 3 (bob) on "host1:22" (no logoff was sent): The program ends',
    ]);
    assert.deepEqual(sessionsOf(late), [
      "1 kept",
      '2 failed: Cannot finish session 2 (alice) on "host1:22" (the logoff was sent, but its effect is unknown): The program ends',
      "3 left",
    ]);
  });
});

describe("our drain", () => {
  const command = /^chglogon\.exe \/drain/u;
  const plan: Partial<Plan> = { drain: "until-restart" };

  it("is in the snapshot from the moment at which its command is sent", async () => {
    const [before, after] = await around(command, { hosts: [{ sessions: [alice] }], plan });
    assert.deepEqual([before.drained, after.drained], ["no", "until-restart"]);
  });

  it("is in the snapshot while its command hangs", async () => {
    const faults = [{ on: command, trouble: "hang" }] as const;
    const hosts = [{ sessions: [alice], faults }];
    assert.equal((await first({ hosts, plan }, [20_000]))[0]?.drained, "until-restart");
  });

  it("is in the snapshot after its answer was lost, until it is lifted", async () => {
    const faults = [
      { on: command, trouble: "drop-after" },
      { on: "/enable", trouble: "hang-after" },
    ] as const;
    const scenario = { hosts: [{ sessions: [alice], faults }], plan };
    const { snapshots, report } = await watch(scenario, [10_000]);
    assert.deepEqual(
      [snapshots[0]?.hosts[0]?.drained, report.hosts[0]?.drained],
      ["until-restart", "undrained"],
    );
  });

  it("is not in the snapshot after it was refused", async () => {
    const refusal = { instead: true, code: 1, stderr: "Error [5]:Access is denied." };
    const hosts = [{ sessions: [alice], faults: [{ on: command, trouble: refusal }] }];
    const [, sent] = await around(command, { hosts, plan });
    assert.equal(sent.drained, "until-restart", "the answer takes a while");
    const { ended } = await watch({ hosts, plan }, []);
    assert.deepEqual([ended.hosts[0]?.error?.code, ended.hosts[0]?.drained], ["permission-denied", "no"]);
  });

  it("is not in the snapshot after it had no effect", async () => {
    const hosts = [{ sessions: [alice], faults: [{ on: command, trouble: { instead: true } }] }];
    const { ended } = await watch({ hosts, plan }, []);
    assert.deepEqual([ended.hosts[0]?.error?.code, ended.hosts[0]?.drained], ["drain-failed", "no"]);
  });

  it("is not in the snapshot if somebody else has drained the host", async () => {
    const hosts = [{ sessions: [alice], drain: "drain" }] as const;
    assert.equal((await first({ hosts, plan: { ...plan, warn } }, [minute]))[0]?.drained, "already");
  });

  it("of the previous run is in the snapshot until it is replaced", async () => {
    const hosts = [{ sessions: [alice], drain: "drain" }] as const;
    const deps = previous("host1:22", { drained: "until-destroy", warned: [] });
    const [before, after] = await around(command, { hosts, plan, deps });
    assert.deepEqual([before.drained, after.drained], ["until-destroy", "until-restart"]);
  });
});

describe("a warning", () => {
  const plan: Partial<Plan> = { warn };

  it("is in the snapshot from the moment at which it is sent, even if its command hangs", async () => {
    const scenario: Scenario = {
      hosts: [{ sessions: [alice], faults: [{ on: "msg.exe", trouble: "hang" }] }],
      plan,
    };
    const [before, after] = await around(/^msg/u, scenario);
    assert.deepEqual(before.warned, []);
    const atMs = (await timeOf(/^msg/u, scenario)) + Date.parse("2026-11-23T22:00:00Z");
    const [{ warnedAt, ...rest }] = after.warned as [HostReport["warned"][number]];
    assert.equal(Date.parse(warnedAt), atMs);
    assert.deepEqual(rest, { id: "2", user: "alice", logonTime: "3/3/2025 9:32 AM", remindersMs: [] });
  });

  it("is in the snapshot with the reminders that were sent", async () => {
    const times = [minute, 10 * minute + 1_000, 14 * minute + 1_000];
    const snapshots = await first({ hosts: [{ sessions: [alice, bob] }], plan }, times);
    assert.deepEqual(
      snapshots.map(({ warned }) => warned.map(({ user, remindersMs }) => [user, ...remindersMs])),
      [
        [["alice"], ["bob"]],
        [
          ["alice", 5 * minute],
          ["bob", 5 * minute],
        ],
        [
          ["alice", 5 * minute, minute],
          ["bob", 5 * minute, minute],
        ],
      ],
    );
    const [told] = snapshots.map(({ warned }) => warned.map(({ warnedAt }) => warnedAt));
    for (const { warned } of snapshots)
      assert.deepEqual(
        warned.map(({ warnedAt }) => warnedAt),
        told,
      );
  });

  it("has a reminder from the moment at which it is sent, even if its command hangs", async () => {
    const [before, after] = await around(/\/time:300$/u, {
      hosts: [{ sessions: [alice], faults: [{ on: "/time:300", trouble: "hang" }] }],
      plan,
    });
    assert.deepEqual(
      [before, after].map(({ warned }) => warned[0]?.remindersMs),
      [[], [5 * minute]],
    );
  });

  it("of the previous run keeps its time, and has the reminders of both runs", async () => {
    const warnedAt = "2026-11-23T21:50:30.000Z";
    const warned = [{ id: "2", user: "ALICE", warnedAt, remindersMs: [10 * minute, 5 * minute] }];
    const [host] = await first(
      { hosts: [{ sessions: [alice] }], plan, deps: previous("host1:22", { warned }) },
      [5 * minute],
    );
    assert.deepEqual(
      host?.warned.map((one) => [one.user, one.warnedAt, one.remindersMs]),
      [["alice", warnedAt, [10 * minute, 5 * minute, minute]]],
    );
  });

  it("is not in the snapshot if the host did not show it", async () => {
    const trouble = { instead: true, code: 1, stderr: "Error [87]:x" };
    const hosts = [{ sessions: [alice, bob], faults: [{ on: "msg.exe 2", trouble, times: 9 }] }];
    const snapshots = await first({ hosts, plan }, [minute, 14 * minute + 1_000]);
    assert.deepEqual(snapshots.map(warnedUsers), [["bob"], ["bob"]]);
  });

  it("is not in the snapshot after its user has left", async () => {
    const snapshots = await first(
      {
        hosts: [{ sessions: [alice, bob] }],
        plan,
        outside: ({ clock, hosts: [host] }) => clock.at(2 * minute, () => host?.model.leave(2)),
      },
      [minute, 5 * minute],
    );
    assert.deepEqual(snapshots.map(warnedUsers), [["alice", "bob"], ["bob"]]);
  });

  it("is not in the snapshot from the moment at which its user is sent the cancel message", async () => {
    const cancelled: Partial<Plan> = { warn: { ...warn, cancelMessage: "The maintenance is cancelled." } };
    // Four are told at once.
    const faults = [{ on: "/time:3600", trouble: "hang", times: 5 }] as const;
    const snapshots = await first(
      {
        hosts: [{ sessions: people, faults }],
        plan: cancelled,
        outside: ({ clock, stop }) => clock.at(5 * minute, () => stop.abort()),
      },
      [5 * minute - 1, 5 * minute + 10_000, 5 * minute + 40_000],
    );
    assert.deepEqual(snapshots.map(warnedUsers), [people.map(({ user }) => user), ["erin"], []]);
  });

  it("stays in the snapshot of a cancelled run without a cancel message", async () => {
    const outside = ({ clock, stop }: Fleet): void => clock.at(5 * minute, () => stop.abort());
    const { report } = await watch({ hosts: [{ sessions: [alice] }], plan, outside }, []);
    assert.deepEqual(report.hosts.map(warnedUsers), [["alice"]]);
  });
});

describe("a logoff", () => {
  it("is in the snapshot from the moment at which it is sent, even if its command hangs", async () => {
    const hosts = [{ sessions: [alice], faults: [{ on: "logoff.exe", trouble: "hang" }] }] as const;
    const [before, after] = await around(/^logoff/u, { hosts });
    assert.deepEqual(before.asked, undefined);
    assert.deepEqual(after.asked, [
      { id: "2", user: "alice", logonTime: "3/3/2025 9:32 AM", logoffSent: true },
    ]);
  });

  it("is in the snapshot until the session is gone", async () => {
    const closing = { ...alice, onLogoff: { kind: "closes", ms: 10_000 } } as const;
    const stuck = { ...bob, onLogoff: { kind: "ignored" } } as const;
    const snapshots = await first({ hosts: [{ sessions: [closing, stuck] }] }, [5_000, 20_000]);
    assert.deepEqual(snapshots.map(askedUsers), [["alice", "bob"], ["bob"]]);
  });

  it("is in the snapshot for those alone whose turn has come", async () => {
    const hosts = [{ sessions: people, faults: [{ on: "logoff.exe", trouble: "hang", times: 2 }] }] as const;
    assert.deepEqual((await first({ hosts }, [5_000])).map(askedUsers), [["alice", "bob"]]);
  });

  it("of a warned user is in the snapshot beside the warning", async () => {
    const hosts = [{ sessions: [alice], faults: [{ on: "logoff.exe", trouble: "hang" }] }] as const;
    const [host] = await first({ hosts, plan: { warn } }, [15 * minute + 1_000]);
    assert.ok(host !== undefined);
    assert.deepEqual([warnedUsers(host), askedUsers(host)], [["alice"], ["alice"]]);
  });

  it("of the previous run is in the snapshot while its session is closing", async () => {
    const closing = { id: 9, user: "zoe", onLogoff: { kind: "stuck" } } as const;
    const snapshots = await first(
      {
        hosts: [{ sessions: [closing] }],
        deps: previous("host1:22", { warned: [], asked: [zoeAsked] }),
        outside: ({ clock, hosts: [host] }) => {
          host?.model.logOff(9);
          clock.at(minute, () => host?.model.reset(9));
        },
      },
      [10, 30_000, minute - 1],
    );
    assert.deepEqual(snapshots.map(askedUsers), [["zoe"], ["zoe"], ["zoe"]]);
    assert.deepEqual(
      fleet.hosts[0]?.commands.filter(({ command }) => command.startsWith("logoff")),
      [],
    );
  });
});

describe("a logon time", () => {
  const outside = ({ clock, hosts: [host] }: Fleet): void =>
    clock.at(3 * minute, () => host?.model.moveLogonTime(hour));
  const timesOf = (sessions: readonly { readonly logonTime?: string }[] = []): readonly unknown[] =>
    sessions.map(({ logonTime }) => logonTime);

  it("is in the snapshot as the host prints it after its clock changed", async () => {
    const hosts = [
      { sessions: [alice, bob], faults: [{ on: "logoff.exe", trouble: "hang", times: 2 }] },
    ] as const;
    const snapshots = await first({ hosts, plan: { warn }, outside }, [
      2 * minute,
      5 * minute,
      15 * minute + 1_000,
    ]);
    const before = ["3/3/2025 9:32 AM", "3/3/2025 9:33 AM"];
    const after = ["3/3/2025 10:32 AM", "3/3/2025 10:33 AM"];
    assert.deepEqual(
      snapshots.map(({ warned }) => timesOf(warned)),
      [before, after, after],
    );
    assert.deepEqual(timesOf(snapshots[2]?.asked), after);
  });
});
