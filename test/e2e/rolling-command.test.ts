import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { HostOptions, LabHost } from "../lab/lab";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { access, openCommandStage, type CommandStage } from "./command-stage";

const run = join(checkout, "examples", "rolling-command", "run.sh");

/** Each with one person, and restarts that take seconds of the lab's time. */
function farm(size: number): readonly HostOptions[] {
  return Array.from({ length: size }, (_, index) => ({
    name: `rdsh${String(index + 1).padStart(2, "0")}`,
    sessions: [{ user: `user${index + 1}` }],
    onShutdown: { answersForMs: 2000, downForMs: 8000, listenersAfterMs: 3000 },
  }));
}

function changed(size: number, name: string, to: Partial<HostOptions>): readonly HostOptions[] {
  return farm(size).map((host) => (host.name === name ? { ...host, ...to } : host));
}

async function onStage(
  hosts: readonly HostOptions[],
  work: (stage: CommandStage) => Promise<void>,
): Promise<void> {
  const stage = await openCommandStage(hosts);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

/** What is the same in all tests: quick warnings, and the hosts of the stage. */
const args = ["--hosts-file", "rdsh.txt", ...access] as const;
const quick = { GRACE: "1s" } as const;

/** Whether a host was drained, then logged off, then told to restart, in this order and each once. */
function wentThrough(host: LabHost): boolean {
  const steps = host.commandTexts().flatMap((text) => /chglogon|logoff\.exe|shutdown/u.exec(text)?.[0] ?? []);
  return steps.join() === "chglogon,logoff.exe,shutdown,chglogon";
}

const isBack = (host: LabHost): boolean =>
  host.isUp() && host.restarts().length === 1 && host.model.drain() === "open";

describe("examples/rolling-command", { timeout: 600_000 }, () => {
  before(build);

  it("takes 50 hosts through waves of a fifth, of which at most 10 are closed at a time", () =>
    onStage(farm(50), async ({ lab, run: start, read }) => {
      const { status, stdout, stderr } = await start(run, args, quick);
      assert.equal(status, 0, stdout + stderr);
      const namesOf = (is: (host: LabHost) => boolean): readonly string[] =>
        lab.hosts.filter((host) => !is(host)).map(({ name }) => name);
      assert.deepEqual(namesOf(isBack), [], "are not back");
      assert.deepEqual(namesOf(wentThrough), [], "went another way");
      assert.deepEqual(
        namesOf(({ model }) => model.people().length === 0),
        [],
        "have people",
      );
      assert.equal(lab.mostClosed(), 10);
      assert.match(stderr, /^Patching wave 6 of 6$/mu);
      assert.match(stderr, /10 hosts back, the slowest \S+ after \d+s/u);
      assert.match(stdout, /50 sessions logged off on 50 hosts/u);
      assert.equal(read("not-done.txt"), "");
    }));

  it("stops after a wave that cannot be patched, and names its hosts", () =>
    onStage(farm(6), async ({ lab, run: start, read }) => {
      const trouble = { instead: true, code: 5, stderr: "Access is denied.(5)\r\n" } as const;
      lab.host("rdsh02").fault({ on: /shutdown/u, times: 9, trouble });
      const { status, stderr, stdout } = await start(run, args, { ...quick, WAVES: "2" });
      assert.equal(status, 1, stdout + stderr);
      const [first = "", second = "", ...later] = lab.hosts.map(({ name }) => lab.addressOf(name));
      assert.match(stderr, /Access is denied/u);
      assert.ok(stderr.includes(`${second} could not be patched`), stderr);
      const why = `Stopped: the command after wave 1 of 3 ended with status 1; its hosts are ${first}, ${second}`;
      assert.ok(stdout.includes(why), stdout);
      assert.equal(read("not-done.txt"), later.map((host) => `${host}\n`).join(""));
      for (const host of lab.hosts.slice(2)) assert.equal(host.counters().connections, 0, host.name);
      assert.deepEqual(
        lab.hosts.map(({ model }) => model.drain()),
        ["drain", "drain", "open", "open", "open", "open"],
      );
    }));

  it("leaves a host closed that does not restart, which counts against the budget, and opens it later", () =>
    onStage(
      changed(4, "rdsh02", { onShutdown: { answersForMs: "for-ever" } }),
      async ({ lab, run: start, read }) => {
        const env = { ...quick, WAVES: "2", BACK_WITHIN: "35s" };
        const { status, stdout, stderr } = await start(run, args, env);
        assert.equal(status, 1, stdout + stderr);
        const [first, stuck, ...later] = lab.hosts;
        assert.ok(first !== undefined && stuck !== undefined);
        assert.ok(isBack(first));
        assert.equal(stuck.model.drain(), "drain");
        assert.match(stdout, /failed: not-restarted\n.* did not restart within 35s/u);
        assert.match(stdout, /and 1 more host {2}skipped: budget-exceeded/u);
        for (const host of later) assert.equal(host.counters().connections, 0, host.name);
        const notDone = [stuck, ...later].map(({ name }) => `${lab.addressOf(name)}\n`);
        assert.equal(read("not-done.txt"), notDone.join(""));

        stuck.model.reboot({});
        const undrain = ["--undrain", "--wait", "30m", "--hosts-file", "not-done.txt", ...access];
        const opened = await start("session-logoff", undrain);
        assert.equal(opened.status, 0, opened.stdout + opened.stderr);
        assert.match(opened.stdout, /1 host accepts new logons again, 2 did already/u);
        assert.equal(stuck.model.drain(), "open");
      },
    ));
});
