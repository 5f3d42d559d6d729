import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "../pulumi/dynamic/built-package";
import { argsOf, recordedFile, recordedResource } from "../pulumi/recorded/recorded-state";
import { createProject, type Project } from "./project";

describe("a stack that version 0.1.0 wrote, with pulumi", { timeout: 120_000 }, () => {
  let project: Project;
  before(async () => {
    await build();
    project = await createProject();
  });
  after(() => project.remove());

  /** Imports the recorded stack, whose secrets the engine encrypts with the key of this project's stack. */
  const importRecorded = async (): Promise<void> => {
    const settings = readFileSync(join(project.folder, "Pulumi.test.yaml"), "utf8");
    const [, salt] = /^encryptionsalt: (\S+)$/mu.exec(settings) ?? [];
    const recorded = JSON.parse(readFileSync(recordedFile, "utf8")) as { readonly deployment: object };
    const deployment = {
      ...recorded.deployment,
      secrets_providers: { type: "passphrase", state: { salt } },
    };
    const file = join(project.folder, "recorded.json");
    writeFileSync(file, JSON.stringify({ ...recorded, deployment }));
    const { code, output } = await project.pulumi("stack", "import", "--file", file);
    assert.equal(code, 0, output);
  };

  it("keeps its finished resource unchanged and continues its unfinished one", async () => {
    await importRecorded();
    project.resources({
      done: argsOf(recordedResource("done")),
      unfinished: argsOf(recordedResource("unfinished")),
    });
    const { code, output } = await project.pulumi("preview");
    assert.equal(code, 0, output);
    assert.ok(output.includes("unfinished: runs on 3 of 4 hosts (2 failed, 1 skipped)"), output);
    // The other unchanged resource is the stack itself.
    assert.match(output, /Resources:\s+~ 1 to update\s+2 unchanged/u);
    assert.doesNotMatch(output, /done: (?:runs|may run|stores|undrains)/u);
  });
});
