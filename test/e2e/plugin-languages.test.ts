import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { Language, LanguageName } from "../../tools/engine/language.mjs";
import { labUser, startLab, type Lab } from "../lab/lab";
import { createLanguageProject, findLanguage, pluginIn, type LanguageProject } from "./language-project";

/** The program in each language: the same resource, and the same two outputs. */
const programs: Readonly<
  Record<LanguageName, (plugin: string, hosts: readonly string[]) => Readonly<Record<string, string>>>
> = {
  yaml: (plugin, hosts) => ({
    "Pulumi.yaml": `name: patch-night
runtime: yaml
${pluginIn(plugin)}resources:
  pre-patch:
    type: session-logoff:SessionLogoff
    properties:
      hosts: ${JSON.stringify(hosts)}
      sessions: { all: true, except: { users: [svc-*] } }
      triggers: ["2026-11"]
outputs:
  readyHosts: \${pre-patch.readyHosts}
  loggedOff: \${pre-patch.totals.loggedOff}
`,
  }),
  python: (plugin, hosts) => ({
    "Pulumi.yaml": `name: patch-night\nruntime: python\n${pluginIn(plugin)}`,
    "__main__.py": `import pulumi

pre_patch = pulumi.CustomResource(
    "session-logoff:index:SessionLogoff",
    "pre-patch",
    {
        "hosts": ${JSON.stringify(hosts)},
        "sessions": {"all": True, "except": {"users": ["svc-*"]}},
        "triggers": ["2026-11"],
        "readyHosts": None,
        "totals": None,
    },
)
pulumi.export("readyHosts", pre_patch.readyHosts)
pulumi.export("loggedOff", pre_patch.totals["loggedOff"])
`,
  }),
};

describe("a program with the plugin", { timeout: 900_000 }, () => {
  const plugin = mkdtempSync(join(tmpdir(), "session-logoff-plugin-"));
  before(async () => {
    const { bundlePlugin } = await import("../../tools/plugin/bundle.mjs");
    await bundlePlugin(plugin);
  });
  after(() => rmSync(plugin, { recursive: true, force: true }));

  for (const name of ["yaml", "python"] as const)
    describe(`in ${name}`, () => {
      let language: Language | string;
      let lab: Lab;
      let project: LanguageProject | undefined;
      const hosts = (): readonly string[] => lab.hosts.map((host) => lab.addressOf(host.name));
      const people = (): readonly string[] => lab.hosts.flatMap(({ model }) => model.people());

      before(async () => {
        language = await findLanguage(name);
      });
      beforeEach(async () => {
        // Node runs no afterEach after a test that is skipped.
        if (typeof language === "string") return;
        lab = await startLab({
          hosts: [
            { name: "a", sessions: [{ user: "alice" }, { user: "svc-backup" }] },
            { name: "b", sessions: [{ user: "bob", state: "disconnected" }] },
          ],
        });
      });
      afterEach(async () => {
        project?.remove();
        project = undefined;
        await lab.close();
      });

      it("previews, logs off, does nothing the second time, and is destroyed", async (t) => {
        if (typeof language === "string") {
          t.skip(language);
          return;
        }
        project = await createLanguageProject({ language, files: programs[name](plugin, hosts()) });
        await project.configure(lab);

        assert.match(await project.succeed("preview"), /\+ +session-logoff:index:SessionLogoff pre-patch/u);
        assert.deepEqual(people(), ["alice", "svc-backup", "bob"], "a preview logs nobody off");

        const up = await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(people(), ["svc-backup"]);
        assert.doesNotMatch(up, /warning/u);
        assert.deepEqual(await project.outputs(), { readyHosts: hosts(), loggedOff: 2 });

        const connections = (): readonly number[] => lab.hosts.map((host) => host.counters().connections);
        const before = connections();
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        assert.deepEqual(connections(), before, "no host is contacted");
        await project.succeed("destroy", "--yes", "--skip-preview");

        assert.ok(!existsSync(join(project.folder, "node_modules")), "it needs no packages of its own");
        for (const text of [project.said(), project.written()])
          assert.ok(!text.includes(labUser.password), "the password stays secret");
      });

      it("is told which host failed, and runs only that one again", async (t) => {
        if (typeof language === "string") {
          t.skip(language);
          return;
        }
        project = await createLanguageProject({ language, files: programs[name](plugin, hosts()) });
        await project.configure(lab);
        lab.host("b").fault({
          on: "qwinsta",
          times: 1000,
          trouble: { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" },
        });
        const failed = await project.pulumi("up", "--yes", "--skip-preview");
        assert.notEqual(failed.code, 0, failed.output);
        assert.ok(failed.output.includes("permission-denied"), failed.output);
        assert.deepEqual(people(), ["svc-backup", "bob"]);

        lab.host("b").clearFaults();
        const connected = lab.host("a").counters().connections;
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(people(), ["svc-backup"]);
        assert.equal(lab.host("a").counters().connections, connected, "the other host is not contacted");
      });
    });
});
