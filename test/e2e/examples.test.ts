import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { examples, type Example } from "../../tools/demo/examples";
import { demoHosts } from "../../tools/demo/fleet";
import { demonstrate } from "../../tools/demo/pre-patch";
import { openStage } from "../../tools/demo/stage";
import { build, checkout } from "../pulumi/dynamic/built-package";
import { findLanguage } from "./language-project";

/** `npm run demo -- NAME` does the same; without a name, the demo is examples/pre-patch. */
const all: Readonly<Record<string, Example>> = {
  ...examples,
  "pre-patch": { hosts: demoHosts, run: (stage, shown) => demonstrate(stage, shown) },
};

describe("the examples", { timeout: 900_000 }, () => {
  before(build);

  it("are all tested", () => {
    const folders = readdirSync(join(checkout, "examples"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    const isProgram = (name: string): boolean => existsSync(join(checkout, "examples", name, "Pulumi.yaml"));
    assert.deepEqual(folders.filter(isProgram), Object.keys(all).sort());
    // rolling-command.test.ts runs it.
    assert.deepEqual(
      folders.filter((name) => !isProgram(name)),
      ["rolling-command"],
    );
  });

  for (const [name, example] of Object.entries(all)) {
    it(name, async (t) => {
      const language = example.language && (await findLanguage(example.language));
      if (typeof language === "string") {
        t.skip(language);
        return;
      }
      const stage = await openStage(name, example);
      try {
        for (const [what, holds] of await example.run(stage, false)) assert.ok(holds, `not so: ${what}`);
      } finally {
        await stage.close();
      }
    });
  }
});
