import assert from "node:assert/strict";
import { symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { createProject, type Project, type Ran } from "./project";

const up = ["up", "--yes", "--skip-preview"] as const;
const destroy = ["destroy", "--yes", "--skip-preview"] as const;
const refresh = ["refresh", "--yes", "--skip-preview"] as const;

describe(
  "a program that removes its resource and uninstalls the package at once",
  { timeout: 300_000 },
  () => {
    let lab: Lab;
    let project: Project;
    const installed = (): string => join(project.folder, "node_modules", "pulumi-session-logoff");
    const succeed = async (...args: readonly string[]): Promise<void> => {
      const { code, output } = await project.pulumi(...args);
      assert.equal(code, 0, output);
    };
    /** Logs alice off, then removes the resource and the package. */
    const runAndUninstall = async (more: object): Promise<void> => {
      project.resources({
        "pre-patch": {
          hosts: [lab.addressOf("a")],
          sessions: { all: true },
          connection: { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts },
          ...more,
        },
      });
      await succeed(...up);
      assert.deepEqual(lab.host("a").model.people(), []);
      writeFileSync(join(project.folder, "index.js"), "");
      unlinkSync(installed());
    };

    before(build);
    beforeEach(async () => {
      lab = await startLab({ hosts: [{ name: "a", sessions: [{ user: "alice" }] }] });
      project = await createProject();
    });
    afterEach(async () => {
      project.remove();
      await lab.close();
    });

    for (const [what, command] of [
      ["pulumi up", up],
      ["pulumi destroy", destroy],
    ] as const) {
      it(`removes the resource with ${what} if no host is drained`, async () => {
        await runAndUninstall({ mode: "ensure" });
        await succeed(...refresh);
        assert.equal((await project.saved("pre-patch")).readyHosts.length, 1, "a refresh forgets nothing");
        await succeed(...command);
        await assert.rejects(project.saved("pre-patch"), /the state has no pre-patch/u);
      });
    }

    it("keeps the resource while a host is drained, reports why in one sentence, and undrains once the package is back", async () => {
      await runAndUninstall({ drain: "until-destroy" });
      await succeed(...refresh);
      const refused = ({ code, output }: Ran): void => {
        assert.notEqual(code, 0, output);
        assert.ok(
          output.includes(
            `Cannot undrain ${lab.addressOf("a")}: "pulumi-session-logoff" is not installed in`,
          ),
          output,
        );
        assert.doesNotMatch(output, /^\s+at /mu);
      };
      refused(await project.pulumi(...up));
      refused(await project.pulumi(...destroy));
      assert.equal(lab.host("a").model.drain(), "drain");

      symlinkSync(checkout, installed(), "dir");
      await succeed(...up);
      assert.equal(lab.host("a").model.drain(), "open");
      await assert.rejects(project.saved("pre-patch"), /the state has no pre-patch/u);
    });
  },
);
