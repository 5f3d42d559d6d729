import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { createPluginProject } from "./plugin-project";
import { endNow, lives, providerOf, startedBy, until } from "./processes";
import type { Project } from "./project";

const up = ["up", "--yes", "--skip-preview"] as const;
const cancelMessage = "The maintenance is cancelled.";
/** Longer than any test waits: a run that ends sooner has not waited for it. */
const hourMs = 3_600_000;

/** As in pulumi-cancel.test.ts: one finished host, one that is logging bob off, and one that has not been contacted. */
describe(
  "cancelling pulumi up with the plugin",
  { timeout: 600_000, skip: process.platform !== "linux" && "looks for processes in /proc" },
  () => {
    let lab: Lab;
    let project: Project;
    let bob: number | undefined;
    const people = (name: string): readonly string[] => lab.host(name).model.people();
    const logoffs = (name: string): number =>
      lab
        .host(name)
        .commandTexts()
        .filter((text) => text.startsWith("logoff.exe")).length;
    const bobLeavesAfter = (ms: number): void => {
      const { model } = lab.host("slow");
      if (bob !== undefined) model.leave(bob);
      bob = model.logon({ user: "bob", onLogoff: { kind: "closes", ms } }).id;
    };
    const resource = (more: object = {}): void =>
      project.resources({
        "pre-patch": {
          hosts: ["quick", "slow", "later"].map((name) => lab.addressOf(name)),
          sessions: { all: true },
          connection: { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts },
          rollout: { parallel: 1 },
          ...more,
        },
      });
    const finishes = async (): Promise<string> => {
      const { code, output } = await project.pulumi(...up);
      assert.equal(code, 0, output);
      assert.deepEqual([people("quick"), people("slow"), people("later")], [[], [], []]);
      return output;
    };

    beforeEach(async () => {
      lab = await startLab({
        hosts: [
          { name: "quick", sessions: [{ user: "alice" }] },
          { name: "slow", sessions: [] },
          { name: "later", sessions: [{ user: "carol" }] },
        ],
      });
      bob = undefined;
      project = await createPluginProject();
      resource();
    });
    afterEach(async () => {
      project.remove();
      await lab.close();
    });

    it("stops after the first Ctrl-C, however long a logoff takes, and saves what it knows", async () => {
      // Longer than the 4 s that a signal leaves.
      bobLeavesAfter(6000);
      const { pressCtrlC, prints, ended } = project.start(...up);
      await prints("logging off 2 (bob)");
      pressCtrlC();
      const { code, output } = await ended;
      assert.notEqual(code, 0);
      assert.match(output, /pre-patch: 1 of 3 hosts not done \(1 skipped\)/u);
      assert.deepEqual([people("slow"), people("later"), logoffs("later")], [[], ["carol"], 0]);
      const { readyHosts } = await project.saved("pre-patch");
      assert.deepEqual(
        readyHosts,
        ["quick", "slow"].map((name) => lab.addressOf(name)),
      );
      const next = await finishes();
      assert.ok(next.includes("runs on 1 of 3 hosts (1 skipped)"), next);
      assert.deepEqual([logoffs("quick"), logoffs("slow"), logoffs("later")], [1, 1, 1]);
    });

    it("lifts drains and tells people when it is stopped in the grace period", async () => {
      bobLeavesAfter(100);
      const warn = { message: "Maintenance in {minutes} minutes", gracePeriod: "10m", cancelMessage };
      resource({ drain: "until-restart", warn, rollout: { parallel: 3 } });
      const { pressCtrlC, prints, ended } = project.start(...up);
      for (const name of ["quick", "slow", "later"])
        await prints(`${lab.addressOf(name)}: waiting up to 10m`);
      assert.equal(lab.host("quick").model.drain(), "until-restart");
      pressCtrlC();
      const { output } = await ended;
      assert.match(output, /pre-patch: 3 of 3 hosts not done/u);
      for (const [name, user] of [
        ["quick", "alice"],
        ["slow", "bob"],
        ["later", "carol"],
      ] as const) {
        const { model } = lab.host(name);
        assert.deepEqual([model.drain(), people(name), logoffs(name)], ["open", [user], 0]);
        assert.deepEqual(
          model.messages().map(({ text }) => text),
          ["Maintenance in 10 minutes", cancelMessage],
        );
      }
      assert.equal((await project.saved("pre-patch")).totals.hosts, 3);
    });

    it("logs nobody else off after the second Ctrl-C, and finishes with the next up", async () => {
      bobLeavesAfter(hourMs);
      const { child, pressCtrlC, prints, ended } = project.start(...up);
      await prints("logging off 2 (bob)");
      const provider = await providerOf(child.pid);
      pressCtrlC();
      await prints("^C received");
      assert.ok(lives(provider), "the provider ends on the first Ctrl-C");
      pressCtrlC();
      await ended;
      assert.ok(await until(() => !lives(provider), 60_000), "the provider lives on");
      assert.deepEqual([people("later"), logoffs("later")], [["carol"], 0]);
      bobLeavesAfter(100);
      await finishes();
      assert.deepEqual([logoffs("quick"), logoffs("later")], [1, 1], "who is gone is not asked again");
    });

    it("logs nobody else off when the engine is killed, and continues after pulumi cancel", async () => {
      bobLeavesAfter(hourMs);
      const { child, prints, ended } = project.start(...up);
      await prints("logging off 2 (bob)");
      const processes = startedBy(child.pid);
      const provider = await providerOf(child.pid);
      child.kill("SIGKILL");
      await ended;
      const isGone = await until(() => !lives(provider), 60_000);
      // The engine's language host is left behind too, which is not our doing.
      for (const id of processes.filter(lives)) endNow(id);
      assert.ok(isGone, "the provider lives on");
      assert.deepEqual([people("later"), logoffs("later")], [["carol"], 0]);
      assert.equal((await project.pulumi("cancel", "--yes")).code, 0);
      bobLeavesAfter(100);
      await finishes();
      assert.deepEqual([logoffs("quick"), logoffs("later")], [1, 1]);
    });

    it("fails when the plugin is killed, and finishes with the next up", async () => {
      bobLeavesAfter(hourMs);
      const { child, prints, ended } = project.start(...up);
      await prints("logging off 2 (bob)");
      endNow(await providerOf(child.pid));
      const { code } = await ended;
      assert.notEqual(code, 0);
      bobLeavesAfter(100);
      await finishes();
      assert.deepEqual([logoffs("quick"), logoffs("later")], [1, 1]);
    });

    it("saves finished hosts when the plugin itself receives SIGTERM", async () => {
      bobLeavesAfter(hourMs);
      const { child, prints, ended } = project.start(...up);
      await prints("logging off 2 (bob)");
      process.kill(await providerOf(child.pid), "SIGTERM");
      const { code, output } = await ended;
      assert.notEqual(code, 0);
      assert.match(output, /pre-patch: 2 of 3 hosts not done \(1 failed, 1 skipped\)/u);
      assert.deepEqual((await project.saved("pre-patch")).readyHosts, [lab.addressOf("quick")]);
      bobLeavesAfter(100);
      const next = await finishes();
      assert.ok(next.includes("runs on 2 of 3 hosts (1 failed, 1 skipped)"), next);
    });
  },
);
