import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { build } from "../pulumi/built-package";
import { lives, providerAmong, startedBy, until } from "./processes";
import { createProject, type Project } from "./project";

describe(
  "cancelling pulumi up",
  { timeout: 300_000, skip: process.platform !== "linux" && "looks for processes in /proc" },
  () => {
    let lab: Lab;
    let project: Project;
    before(async () => {
      await build();
      lab = await startLab({
        hosts: [
          { name: "quick", sessions: [{ user: "alice" }] },
          { name: "slow", sessions: [{ user: "bob", onLogoff: { kind: "closes", ms: 60_000 } }] },
        ],
      });
      project = await createProject();
      project.resources({
        "pre-patch": {
          hosts: [lab.addressOf("quick"), lab.addressOf("slow")],
          sessions: { all: true },
          connection: { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts },
        },
      });
    });
    after(async () => {
      project.remove();
      await lab.close();
    });

    it("ends the provider after a killed engine", async () => {
      const { child, prints, ended } = project.start("up", "--yes", "--skip-preview");
      await prints("logging off 2 (bob)");
      const processes = startedBy(child.pid);
      const provider = providerAmong(processes);
      child.kill("SIGKILL");
      await ended;
      const isGone = await until(() => !lives(provider), 60_000);
      // The engine's language host is left behind as well, which is none of our doing.
      for (const id of processes.filter(lives)) process.kill(id, "SIGKILL");
      assert.ok(isGone, "the provider lives on");
      await project.pulumi("cancel", "--yes");
    });

    it("keeps what is done when the provider is told to stop", async () => {
      lab.host("slow").model.logon({ user: "dora", onLogoff: { kind: "closes", ms: 60_000 } });
      const { child, prints, ended } = project.start("up", "--yes", "--skip-preview");
      await prints(`${lab.addressOf("quick")}: done`);
      await prints("(dora)");
      const provider = providerAmong(startedBy(child.pid));
      const since = performance.now();
      process.kill(provider, "SIGINT");
      const { code, output } = await ended;
      assert.ok(performance.now() - since < 8000);
      assert.notEqual(code, 0);
      assert.match(output, /pre-patch: 1 of 2 hosts not done \(1 failed\)/u);
      const out = await project.saved("pre-patch");
      assert.deepEqual(out.readyHosts, [lab.addressOf("quick")]);
      assert.equal(out.hostResults[lab.addressOf("slow")]?.error?.code, "aborted");
    });

    it("and the next run finishes it", async () => {
      const { model } = lab.host("slow");
      for (const { id, user } of model.sessions()) if (user === "dora") model.leave(id);
      const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      assert.ok(output.includes("pre-patch: runs on 1 of 2 hosts (1 failed)"), output);
    });
  },
);
