import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Plan } from "../../provider/plan/plan";
import { exitStatusOf } from "../../provider/report/outcome";
import type { Report } from "../../provider/report/report";
import type { AfterWave, ReadyWave } from "../../provider/run/after-wave";
import { fleetOf, plainPlan, type Fleet, type MemoryHost, type MemoryHostOptions } from "./memory-fleet";

const minute = 60_000;

function fleetOfSize(count: number, options: MemoryHostOptions = {}): Fleet {
  return fleetOf(...Array.from({ length: count }, () => ({ sessions: [{ user: "alice" }], ...options })));
}

/** A plan in waves of these sizes that drains its hosts until they are undrained. */
function inWaves(sizes: readonly number[], more: Partial<Plan["rollout"]> = {}): Partial<Plan> {
  const waves = sizes.map((hosts) => ({ hosts }));
  return {
    drain: "until-destroy",
    rollout: { ...plainPlan.rollout, waves, maxFailures: { hosts: 0 }, ...more },
  };
}

function hostOf(fleet: Fleet, label: string): MemoryHost {
  const found = fleet.hosts.find(({ model }) => `${model.name}:22` === label);
  assert.ok(found !== undefined, label);
  return found;
}

/** A patch command that restarts the hosts, which are away for two minutes. */
function patching(
  fleet: Fleet,
  more: { readonly spares?: readonly string[]; readonly mustRestart?: boolean } = {},
): { readonly afterWave: AfterWave; readonly waves: ReadyWave[] } {
  const waves: ReadyWave[] = [];
  const { spares = [], mustRestart = true } = more;
  const command = async (wave: ReadyWave): Promise<undefined> => {
    waves.push(wave);
    for (const label of wave.hosts)
      if (!spares.includes(label))
        hostOf(fleet, label).restart({ answersForMs: 5000, downForMs: 2 * minute });
    await fleet.clock.sleep(1000, new AbortController().signal);
  };
  return { waves, afterWave: { command, undrain: { totalMs: 10 * minute, mustRestart } } };
}

const failing = (code: string): AfterWave => ({
  command: () => Promise.resolve(new LogoffError("then-failed", `the command ended with status ${code}`)),
});

function outcomes({ hosts }: Report): readonly string[] {
  return hosts.map(({ status, drained, error }) => `${status} ${drained} ${error?.code ?? ""}`.trim());
}

describe("the command after a wave", () => {
  it("is run for each wave in turn, with its ready hosts in the order of the plan", async () => {
    const fleet = fleetOfSize(5);
    const waves: ReadyWave[] = [];
    const afterWave: AfterWave = {
      command: (wave) => {
        waves.push(wave);
        return Promise.resolve(undefined);
      },
    };
    const report = await fleet.run(inWaves([1, 2]), { afterWave });
    assert.deepEqual(waves, [
      { number: 1, waves: 3, hosts: ["host1:22"], isResumed: false },
      { number: 2, waves: 3, hosts: ["host2:22", "host3:22"], isResumed: false },
      { number: 3, waves: 3, hosts: ["host4:22", "host5:22"], isResumed: false },
    ]);
    assert.deepEqual(new Set(outcomes(report)), new Set(["ok until-destroy"]));
  });

  it("is not given hosts that are not done", async () => {
    const fleet = fleetOfSize(3);
    (fleet.hosts[1] as MemoryHost).down = new LogoffError("host-unreachable", "away");
    const { waves, afterWave } = patching(fleet);
    await fleet.run(inWaves([3], { maxFailures: { hosts: 1 } }), { afterWave });
    assert.deepEqual(waves, [{ number: 1, waves: 1, hosts: ["host1:22", "host3:22"], isResumed: false }]);
  });

  it("is not run when the failure budget of its wave is exceeded", async () => {
    const fleet = fleetOfSize(4);
    (fleet.hosts[1] as MemoryHost).down = new LogoffError("host-unreachable", "away");
    const { waves, afterWave } = patching(fleet);
    await fleet.run(inWaves([2]), { afterWave });
    assert.deepEqual(waves, []);
  });

  it("is not run without a ready host", async () => {
    const fleet = fleetOfSize(1);
    (fleet.hosts[0] as MemoryHost).down = new LogoffError("host-unreachable", "away");
    const { waves, afterWave } = patching(fleet);
    await fleet.run(inWaves([1], { maxFailures: null }), { afterWave });
    assert.deepEqual(waves, []);
  });

  for (const readOnly of ["list", "dry-run"] as const)
    it(`is not run in a read-only run (${readOnly})`, async () => {
      const fleet = fleetOfSize(2);
      const { waves, afterWave } = patching(fleet);
      await fleet.run(inWaves([1]), { afterWave, readOnly });
      assert.deepEqual(waves, []);
    });

  it("stops the run if it fails: the hosts of its wave keep their outcome, and later ones are skipped", async () => {
    const fleet = fleetOfSize(3);
    const report = await fleet.run(inWaves([1]), { afterWave: failing("3") });
    assert.deepEqual(outcomes(report), [
      "ok until-destroy",
      "skipped no then-failed",
      "skipped no then-failed",
    ]);
    assert.equal(report.ended?.code, "then-failed");
    assert.match(report.hosts[1]?.error?.message ?? "", /status 3/);
  });

  it("is not followed by a wait if it fails, and the hosts that stay closed are named", async () => {
    const fleet = fleetOfSize(2);
    const { command } = failing("1");
    const undrain = { totalMs: minute, mustRestart: true };
    const report = await fleet.run(inWaves([2]), { afterWave: { command, undrain } });
    assert.deepEqual(outcomes(report), ["ok until-destroy", "ok until-destroy"]);
    assert.ok(report.warnings.includes("host1:22, host2:22 refuse new logons until somebody undrains them"));
    assert.equal(report.ended?.code, "then-failed");
  });

  it("is waited for when the run is stopped, and nothing new begins", async () => {
    const fleet = fleetOfSize(2);
    const { waves, afterWave } = patching(fleet);
    let hasEnded = false;
    const command: AfterWave["command"] = async (wave) => {
      waves.push(wave);
      fleet.stop.abort(new LogoffError("aborted", "Ctrl-C"));
      await fleet.clock.sleep(minute, new AbortController().signal);
      hasEnded = true;
      return undefined;
    };
    const report = await fleet.run(inWaves([1]), { afterWave: { ...afterWave, command } });
    assert.ok(hasEnded);
    assert.equal(waves.length, 1);
    assert.deepEqual(outcomes(report), ["ok until-destroy", "skipped no aborted"]);
  });

  it("is told to end when the total time is over", async () => {
    const fleet = fleetOfSize(2);
    const command: AfterWave["command"] = async (_wave, end) => {
      await fleet.clock.sleep(60 * minute, end).catch(() => undefined);
      return new LogoffError("then-failed", "ended by SIGTERM");
    };
    const timeouts = { ...plainPlan.timeouts, totalMs: 5 * minute };
    const report = await fleet.run({ ...inWaves([1]), timeouts }, { afterWave: { command } });
    assert.equal(report.ended?.code, "then-failed");
    assert.deepEqual(outcomes(report), ["ok until-destroy", "skipped no timed-out"]);
  });

  it("fails the run when the total time is over after the last wave, where no host shows it", async () => {
    const fleet = fleetOfSize(1);
    const command: AfterWave["command"] = async (_wave, end) => {
      await fleet.clock.sleep(60 * minute, end).catch(() => undefined);
      return new LogoffError("then-failed", "ended by SIGTERM");
    };
    const timeouts = { ...plainPlan.timeouts, totalMs: 5 * minute };
    const report = await fleet.run({ ...inWaves([1]), timeouts }, { afterWave: { command } });
    assert.deepEqual(outcomes(report), ["ok until-destroy"]);
    assert.ok(report.warnings.includes("ended by SIGTERM"));
    assert.equal(exitStatusOf(report, "any", false), 1);
  });
});

describe("the wait after a wave", () => {
  it("opens each wave before the next one is closed", async () => {
    const fleet = fleetOfSize(7);
    const { afterWave } = patching(fleet);
    const report = await fleet.run(inWaves([1, 3]), { afterWave });
    assert.deepEqual(new Set(outcomes(report)), new Set(["ok undrained"]));
    assert.ok(fleet.mostClosed() <= 3, String(fleet.mostClosed()));
    assert.ok(fleet.hosts.every(({ model }) => model.drain() === "open" && model.people().length === 0));
    assert.ok(fleet.hosts.every((host) => host.restarts().length === 1));
  });

  it("fails a host that has not restarted, which stays closed, and counts it as a failure", async () => {
    const fleet = fleetOfSize(3);
    const { afterWave, waves } = patching(fleet, { spares: ["host1:22"] });
    const report = await fleet.run(inWaves([2]), { afterWave });
    assert.deepEqual(outcomes(report), [
      "failed until-destroy not-restarted",
      "ok undrained",
      "skipped no budget-exceeded",
    ]);
    assert.equal(waves.length, 1);
    assert.equal(hostOf(fleet, "host1:22").model.drain(), "drain");
    assert.equal(report.totals.failed, 1);
  });

  it("fails a host that is away for ever", async () => {
    const fleet = fleetOfSize(2);
    const { afterWave } = patching(fleet, { spares: ["host1:22"] });
    const command: AfterWave["command"] = (wave, end) => {
      hostOf(fleet, "host1:22").restart({ downForMs: "for-ever" });
      return afterWave.command(wave, end);
    };
    const report = await fleet.run(inWaves([2], { maxFailures: null }), {
      afterWave: { ...afterWave, command },
    });
    assert.deepEqual(outcomes(report), ["failed until-destroy not-back", "ok undrained"]);
  });

  it("needs no restart where none is required", async () => {
    const fleet = fleetOfSize(2);
    const { afterWave } = patching(fleet, { spares: ["host1:22", "host2:22"], mustRestart: false });
    const report = await fleet.run(inWaves([2]), { afterWave });
    assert.deepEqual(outcomes(report), ["ok undrained", "ok undrained"]);
  });

  it("reports a drain that ended with the restart as lifted", async () => {
    const fleet = fleetOfSize(1);
    const { afterWave } = patching(fleet);
    const report = await fleet.run({ ...inWaves([1]), drain: "until-restart" }, { afterWave });
    assert.deepEqual(outcomes(report), ["ok undrained"]);
    assert.ok(fleet.hosts[0]?.commands.every(({ command }) => command !== "chglogon.exe /enable"));
  });

  it("fails a host whose boot ID could not be read before", async () => {
    const fleet = fleetOf({ bootIds: { shutdownTime: null, bootId: null } });
    const { afterWave } = patching(fleet);
    const report = await fleet.run(inWaves([1]), { afterWave });
    assert.deepEqual(outcomes(report), ["failed until-destroy not-restarted"]);
    assert.ok(report.hosts[0]?.warnings.some((text) => text.startsWith("Its boot ID cannot be read")));
  });

  it("leaves a host that somebody else had closed before, and fails it", async () => {
    const fleet = fleetOf({ drain: "drain" });
    const { afterWave } = patching(fleet);
    const report = await fleet.run(inWaves([1]), { afterWave });
    assert.deepEqual(outcomes(report), ["failed already drain-failed"]);
    assert.equal(hostOf(fleet, "host1:22").model.drain(), "drain");
  });

  it("ends when the run is stopped, and the hosts are not done", async () => {
    const fleet = fleetOfSize(1);
    const { afterWave } = patching(fleet);
    fleet.clock.at(minute, () => fleet.stop.abort(new LogoffError("aborted", "Ctrl-C")));
    const report = await fleet.run(inWaves([1]), { afterWave });
    assert.deepEqual(outcomes(report), ["failed until-destroy aborted"]);
    assert.match(
      report.hosts[0]?.error?.message ?? "",
      /^Stopped waiting for "host1:22": it may still refuse new logons/,
    );
    assert.ok(report.warnings.includes("host1:22 refuses new logons until somebody undrains it"));
  });
});

describe("the boot ID of a host", () => {
  it("is in the report of a real run", async () => {
    const { bootId } = await fleetOfSize(1).runOne();
    assert.match(bootId ?? "", /^ShutdownTime=[0-9A-F]{16};BootId=0x[0-9a-f]+$/);
  });

  it("is not read in a read-only run", async () => {
    const fleet = fleetOfSize(1);
    const { bootId, warnings } = await fleet.runOne({}, { readOnly: "list" });
    assert.deepEqual([bootId, warnings], [undefined, []]);
    assert.ok(fleet.hosts[0]?.commands.every(({ command }) => !command.includes("BootId")));
  });

  it("is one value if the other cannot be read", async () => {
    const { bootId } = await fleetOf({ bootIds: { bootId: null } }).runOne();
    assert.match(bootId ?? "", /^ShutdownTime=[0-9A-F]{16}$/);
  });

  it("is not that of a relay: a server behind a host has none", async () => {
    const fleet = fleetOf({ server: "host1" });
    const { bootId, warnings } = await fleet.runOne();
    assert.deepEqual([bootId, warnings], [undefined, []]);
  });
});
