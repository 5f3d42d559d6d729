import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Plan } from "../../provider/plan/plan";
import type { Report } from "../../provider/report/report";
import type { AfterWave, ReadyWave } from "../../provider/run/after-wave";
import type { Journal, Note } from "../../provider/run/journal";
import { resumedFrom, type Resumed } from "../../provider/run/resumed";
import { hostReport } from "../report/sample";
import { fleetOf, plainPlan, planFor, type Fleet } from "./memory-fleet";

const minute = 60_000;
const never = new AbortController().signal;

/** A journal that another process can read. */
function keeping(): { readonly journal: Journal; readonly readAgain: () => Resumed } {
  const notes: string[] = [];
  const add = (note: Note): void => void notes.push(JSON.stringify(note));
  return {
    journal: {
      add,
      write: (note) => {
        add(note);
        return Promise.resolve();
      },
    },
    readAgain: () => resumedFrom(notes.map((note) => JSON.parse(note) as Note)),
  };
}

function fleetOfSize(count: number): Fleet {
  return fleetOf(...Array.from({ length: count }, () => ({ sessions: [{ user: "alice" }] })));
}

function inWaves(sizes: readonly number[], more: Partial<Plan["rollout"]> = {}): Partial<Plan> {
  const waves = sizes.map((hosts) => ({ hosts }));
  return { drain: "until-destroy", rollout: { ...plainPlan.rollout, waves, ...more } };
}

/** A command that keeps what it was given, and how each run of it ends. */
function commands(...ends: readonly (string | undefined)[]): AfterWave & { readonly ran: ReadyWave[] } {
  const ran: ReadyWave[] = [];
  return {
    ran,
    command: (wave) => {
      const failure = ends[ran.push(wave) - 1];
      return Promise.resolve(failure === undefined ? undefined : new LogoffError("then-failed", failure));
    },
  };
}

function outcomes({ hosts }: Report): readonly string[] {
  return hosts.map(({ status, drained, error }) => `${status} ${drained} ${error?.code ?? ""}`.trim());
}

describe("the command of a wave in a resumed run", () => {
  it("is told that it may run for the second time if it failed, or was ended, before", async () => {
    const fleet = fleetOfSize(2);
    const { journal, readAgain } = keeping();
    await fleet.run(inWaves([1]), { journal, afterWave: commands("it was ended by SIGTERM") });
    const again = commands();
    const report = await fleet.run(inWaves([1]), { journal, resumed: readAgain(), afterWave: again });
    assert.deepEqual(again.ran, [
      { number: 1, waves: 2, hosts: ["host1:22"], isResumed: true },
      { number: 2, waves: 2, hosts: ["host2:22"], isResumed: false },
    ]);
    assert.deepEqual(outcomes(report), ["ok until-destroy", "ok until-destroy"]);
  });

  it("runs again for hosts that are not contacted before, and these are awaited from their old boot ID", async () => {
    const fleet = fleetOfSize(1);
    const [host] = fleet.hosts;
    const { journal, readAgain } = keeping();
    const undrain = { totalMs: 10 * minute, mustRestart: true };
    await fleet.run(inWaves([1]), { journal, afterWave: { ...commands("status 1"), undrain } });
    const before = host?.connections;
    const command = async (): Promise<undefined> => {
      assert.equal(host?.connections, before);
      host?.restart({ answersForMs: 5_000, downForMs: minute });
      await fleet.clock.sleep(1_000, never);
    };
    const afterWave: AfterWave = { command, undrain };
    const report = await fleet.run(inWaves([1]), { journal, resumed: readAgain(), afterWave });
    assert.deepEqual(outcomes(report), ["ok undrained"]);
    assert.equal(host?.model.drain(), "open");
  });

  it("runs once for each host, although the host is in another wave now", async () => {
    const fleet = fleetOfSize(3);
    const { journal, readAgain } = keeping();
    const [one, two, three] = ["host1", "host2", "host3"].map((name) => planFor({}, name));
    assert.ok(one && two && three);
    // The second host is in the way of the third, until the operator reaches it in another way.
    const behind = { ...three, host: { ...three.host, jumpHosts: [two.host] } };
    const first = commands(undefined, "status 1");
    await fleet.run({ ...inWaves([1, 1]), hosts: [one, two, behind] }, { journal, afterWave: first });
    assert.deepEqual(
      first.ran.map(({ hosts }) => hosts),
      [["host1:22"], ["host3:22"]],
    );
    const again = commands();
    await fleet.run(
      { ...inWaves([2, 1]), hosts: [one, two, three] },
      { journal, resumed: readAgain(), afterWave: again },
    );
    assert.deepEqual(
      again.ran.map(({ hosts, isResumed }) => [...hosts, isResumed]),
      [
        ["host2:22", false],
        ["host3:22", true],
      ],
    );
  });
});

describe("hosts that were awaited when the run was ended", () => {
  for (const [how, timeouts, stopMs] of [
    ["by a stop", {}, 2 * minute],
    ["after its total time", { totalMs: 2 * minute }, undefined],
  ] as const)
    it(`are awaited again if it was ended ${how}, and not logged off again`, async () => {
      const fleet = fleetOfSize(2);
      const { journal, readAgain } = keeping();
      const command = async ({ hosts }: ReadyWave): Promise<undefined> => {
        for (const host of fleet.hosts)
          if (hosts.includes(`${host.model.name}:22`))
            host.restart({ answersForMs: 5_000, downForMs: 5 * minute });
        await fleet.clock.sleep(1_000, never);
      };
      const afterWave: AfterWave = { command, undrain: { totalMs: 20 * minute, mustRestart: true } };
      const stop = new AbortController();
      if (stopMs !== undefined)
        fleet.clock.after(stopMs, () => stop.abort(new LogoffError("aborted", "stopped")));
      const plan = inWaves([1]);
      const limited = { ...plan, timeouts: { ...plainPlan.timeouts, ...timeouts } };
      await fleet.run(limited, { journal, afterWave, stop: stop.signal });
      const ran: ReadyWave[] = [];
      const again: AfterWave = {
        ...afterWave,
        command: (wave) => {
          ran.push(wave);
          return command(wave);
        },
      };
      const report = await fleet.run(plan, { journal, resumed: readAgain(), afterWave: again });
      assert.deepEqual(outcomes(report), ["ok undrained", "ok undrained"]);
      assert.deepEqual(
        ran.map(({ hosts }) => hosts),
        [["host2:22"]],
      );
    });
});

describe("a host that the total time cut short", () => {
  it("runs again, although somebody was logged off there", async () => {
    const users = ["alice", "bob", "carol"];
    const fleet = fleetOf({
      sessions: users.map((user) => ({ user })),
      faults: [{ on: "logoff.exe", times: 2, trouble: { delayMs: 10_000 } }],
    });
    const { journal, readAgain } = keeping();
    const timeouts = { ...plainPlan.timeouts, totalMs: 5_000 };
    const first = await fleet.run({ timeouts }, { journal });
    assert.deepEqual(outcomes(first), ["failed no timed-out"]);
    const report = await fleet.run({}, { journal, resumed: readAgain() });
    assert.deepEqual(outcomes(report), ["ok no"]);
    assert.equal(report.totals.loggedOff, 3);
  });
});

describe("the failures of an interrupted run", () => {
  it("count before anything begins in their wave", async () => {
    const fleet = fleetOfSize(3);
    const error = { code: "session-stuck", message: "it is still there" } as const;
    const report = hostReport({ host: "host3:22", status: "failed", error });
    const resumed = resumedFrom([{ host: "host3:22", note: "done", run: { report, usedExceptions: [] } }]);
    const plan = inWaves([3], { maxFailures: { hosts: 0 } });
    const after = await fleet.run(plan, { journal: keeping().journal, resumed });
    assert.deepEqual(
      after.hosts.map((one) => one.error?.code),
      ["budget-exceeded", "budget-exceeded", "session-stuck"],
    );
    assert.deepEqual(
      fleet.hosts.map(({ commands: { length } }) => length),
      [0, 0, 0],
    );
  });
});

describe("the pause between two waves", () => {
  const plan = inWaves([1], { pauseMs: 30 * minute });

  /** How long the run takes that goes on after a stop. */
  async function resumedTakesMs(stopMs: number): Promise<number> {
    const fleet = fleetOfSize(2);
    fleet.hosts[1]?.faults.add({ on: "logoff.exe", trouble: { delayMs: 2 * minute } });
    const { journal, readAgain } = keeping();
    const stop = new AbortController();
    fleet.clock.after(stopMs, () => stop.abort(new LogoffError("aborted", "stopped")));
    await fleet.run(plan, { journal, afterWave: commands(), stop: stop.signal });
    const startedAtMs = fleet.clock.now();
    const report = await fleet.run(plan, { journal, afterWave: commands(), resumed: readAgain() });
    assert.deepEqual(outcomes(report), ["ok until-destroy", "ok until-destroy"]);
    return fleet.clock.now() - startedAtMs;
  }

  it("is waited for again by a resumed run that begins the second wave", async () => {
    assert.ok((await resumedTakesMs(10 * minute)) >= 30 * minute);
  });

  it("is over in a resumed run whose second wave had begun", async () => {
    assert.ok((await resumedTakesMs(31 * minute)) < 5 * minute);
  });
});

describe("a resumed run that its limit refuses", () => {
  it("opens the hosts that the killed process had drained", async () => {
    const fleet = fleetOfSize(2);
    const [host] = fleet.hosts;
    assert.ok(host);
    host.model.setDrain("drain");
    const resumed = resumedFrom([{ host: "host1:22", note: "drain", mode: "until-destroy" }]);
    const plan = { ...inWaves([2]), limits: { sessionsPerHost: null, sessions: 1 } };
    const report = await fleet.run(plan, { journal: keeping().journal, resumed });
    assert.deepEqual(outcomes(report), ["skipped undrained limit-exceeded", "skipped no limit-exceeded"]);
    assert.equal(host.model.drain(), "open");
    assert.deepEqual(host.model.people(), ["alice"]);
  });
});
