import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cancelMessage, cancelScene, hourMs, up } from "./cancel-scene";
import { createPluginProject } from "./plugin-project";
import { endNow, lives, providerOf, startedBy, until } from "./processes";

describe(
  "cancelling pulumi up with the plugin",
  { timeout: 600_000, skip: process.platform !== "linux" && "looks for processes in /proc" },
  () => {
    const scene = cancelScene(createPluginProject);
    const { people, logoffs, bobLeavesAfter, resource, finishes } = scene;

    it("stops after the first Ctrl-C, however long a logoff takes, and saves what it knows", async () => {
      // Longer than the 4 s that a signal leaves.
      bobLeavesAfter(6000);
      const { pressCtrlC, prints, ended } = scene.project.start(...up);
      await prints("logging off 2 (bob)");
      pressCtrlC();
      const { code, output } = await ended;
      assert.notEqual(code, 0);
      assert.match(output, /pre-patch: 1 of 3 hosts not done \(1 skipped\)/u);
      assert.deepEqual([people("slow"), people("later"), logoffs("later")], [[], ["carol"], 0]);
      const { readyHosts } = await scene.project.saved("pre-patch");
      assert.deepEqual(
        readyHosts,
        ["quick", "slow"].map((name) => scene.lab.addressOf(name)),
      );
      const next = await finishes();
      assert.ok(next.includes("runs on 1 of 3 hosts (1 skipped)"), next);
      assert.deepEqual([logoffs("quick"), logoffs("slow"), logoffs("later")], [1, 1, 1]);
    });

    it("lifts drains and tells people when it is stopped in the grace period", async () => {
      bobLeavesAfter(100);
      const warn = { message: "Maintenance in {minutes} minutes", gracePeriod: "10m", cancelMessage };
      resource({ drain: "until-restart", warn, rollout: { parallel: 3 } });
      const { pressCtrlC, prints, ended } = scene.project.start(...up);
      for (const name of ["quick", "slow", "later"])
        await prints(`${scene.lab.addressOf(name)}: waiting up to 10m`);
      assert.equal(scene.lab.host("quick").model.drain(), "until-restart");
      pressCtrlC();
      const { output } = await ended;
      assert.match(output, /pre-patch: 3 of 3 hosts not done/u);
      for (const [name, user] of [
        ["quick", "alice"],
        ["slow", "bob"],
        ["later", "carol"],
      ] as const) {
        const { model } = scene.lab.host(name);
        assert.deepEqual([model.drain(), people(name), logoffs(name)], ["open", [user], 0]);
        assert.deepEqual(
          model.messages().map(({ text }) => text),
          ["Maintenance in 10 minutes", cancelMessage],
        );
      }
      assert.equal((await scene.project.saved("pre-patch")).totals.hosts, 3);
    });

    it("logs nobody else off after the second Ctrl-C, and finishes with the next up", async () => {
      bobLeavesAfter(hourMs);
      const { child, pressCtrlC, prints, ended } = scene.project.start(...up);
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
      const { child, prints, ended } = scene.project.start(...up);
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
      assert.equal((await scene.project.pulumi("cancel", "--yes")).code, 0);
      bobLeavesAfter(100);
      await finishes();
      assert.deepEqual([logoffs("quick"), logoffs("later")], [1, 1]);
    });

    it("fails when the plugin is killed, and finishes with the next up", async () => {
      bobLeavesAfter(hourMs);
      const { child, prints, ended } = scene.project.start(...up);
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
      const { child, prints, ended } = scene.project.start(...up);
      await prints("logging off 2 (bob)");
      process.kill(await providerOf(child.pid), "SIGTERM");
      const { code, output } = await ended;
      assert.notEqual(code, 0);
      assert.match(output, /pre-patch: 2 of 3 hosts not done \(1 failed, 1 skipped\)/u);
      assert.deepEqual((await scene.project.saved("pre-patch")).readyHosts, [scene.lab.addressOf("quick")]);
      bobLeavesAfter(100);
      const next = await finishes();
      assert.ok(next.includes("runs on 2 of 3 hosts (1 failed, 1 skipped)"), next);
    });
  },
);
