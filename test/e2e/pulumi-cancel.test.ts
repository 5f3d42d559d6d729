import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { build } from "../pulumi/dynamic/built-package";
import { cancelMessage, cancelScene, hourMs, up } from "./cancel-scene";
import { createProject } from "./project";
import { endNow, lives, providerOf, startedBy, until } from "./processes";

const message = "Maintenance in {minutes} minutes";

describe(
  "cancelling pulumi up",
  { timeout: 600_000, skip: process.platform !== "linux" && "looks for processes in /proc" },
  () => {
    before(build);
    const scene = cancelScene(createProject);
    const { people, logoffs, messages, bobLeavesAfter, resource } = scene;

    it("finishes the run after the first Ctrl-C and saves everything", async () => {
      bobLeavesAfter(6_000);
      const { pressCtrlC, prints, ended } = scene.project.start(...up);
      await prints("logging off 2 (bob)");
      pressCtrlC();
      await ended;
      assert.deepEqual([people("quick"), people("slow"), people("later")], [[], [], []]);
      assert.equal((await scene.project.saved("pre-patch")).readyHosts.length, 3);
      const { code, output } = await scene.project.pulumi(...up);
      assert.equal(code, 0, output);
      assert.deepEqual([logoffs("quick"), logoffs("slow"), logoffs("later")], [1, 1, 1]);
    });

    it("logs nobody else off after the second Ctrl-C, and finishes with the next up", async () => {
      bobLeavesAfter(hourMs);
      const { child, pressCtrlC, prints, ended } = scene.project.start(...up);
      await prints("logging off 2 (bob)");
      const provider = await providerOf(child.pid);
      pressCtrlC();
      await prints("^C received");
      pressCtrlC();
      await ended;
      // A provider that is still alive would continue once bob is gone.
      assert.ok(await until(() => !lives(provider), 60_000), "the provider lives on");
      assert.deepEqual([people("later"), logoffs("later")], [["carol"], 0]);
      bobLeavesAfter(100);
      const { code, output } = await scene.project.pulumi(...up);
      assert.equal(code, 0, output);
      assert.deepEqual([people("quick"), people("slow"), people("later")], [[], [], []]);
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

      const locked = await scene.project.pulumi(...up);
      assert.match(locked.output, /lock/u);
      assert.notEqual(locked.code, 0);
      assert.equal((await scene.project.pulumi("cancel", "--yes")).code, 0);
      bobLeavesAfter(100);
      const { code, output } = await scene.project.pulumi(...up);
      assert.equal(code, 0, output);
      assert.deepEqual([people("slow"), people("later")], [[], []]);
      assert.deepEqual([logoffs("quick"), logoffs("later")], [1, 1]);
    });

    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      it(`saves finished hosts when the provider receives ${signal}, and finishes with the next up`, async () => {
        bobLeavesAfter(hourMs);
        const { child, prints, ended } = scene.project.start(...up);
        await prints("logging off 2 (bob)");
        process.kill(await providerOf(child.pid), signal);
        const { code, output } = await ended;
        assert.notEqual(code, 0);
        assert.match(output, /pre-patch: 2 of 3 hosts not done \(1 failed, 1 skipped\)/u);
        const out = await scene.project.saved("pre-patch");
        assert.deepEqual(out.readyHosts, [scene.lab.addressOf("quick")]);
        assert.equal(out.hostResults[scene.lab.addressOf("slow")]?.error?.code, "aborted");
        assert.deepEqual([people("later"), logoffs("later")], [["carol"], 0]);

        bobLeavesAfter(100);
        const next = await scene.project.pulumi(...up);
        assert.equal(next.code, 0, next.output);
        assert.ok(next.output.includes("pre-patch: runs on 2 of 3 hosts (1 failed, 1 skipped)"), next.output);
        assert.deepEqual([people("slow"), people("later")], [[], []]);
        assert.equal(logoffs("quick"), 1);
      });
    }

    it("undrains and sends the cancel message when cancelled during the grace period", async () => {
      bobLeavesAfter(100);
      resource({
        drain: "until-restart",
        warn: { message, gracePeriod: "10m", cancelMessage },
        rollout: { parallel: 3 },
      });
      const { child, prints, ended } = scene.project.start(...up);
      for (const name of ["quick", "slow", "later"])
        await prints(`${scene.lab.addressOf(name)}: waiting up to 10m`);
      assert.equal(scene.lab.host("quick").model.drain(), "until-restart");
      process.kill(await providerOf(child.pid), "SIGTERM");
      const { output } = await ended;
      assert.match(output, /pre-patch: 3 of 3 hosts not done/u);
      for (const [name, user] of [
        ["quick", "alice"],
        ["slow", "bob"],
        ["later", "carol"],
      ] as const) {
        assert.equal(scene.lab.host(name).model.drain(), "open");
        assert.deepEqual(
          [people(name), logoffs(name)],
          [[user], 0],
          `${user} was told that nothing happens and is logged off`,
        );
        assert.deepEqual(messages(name), [`${user}: Maintenance in 10 minutes`, `${user}: ${cancelMessage}`]);
      }
    });
  },
);
