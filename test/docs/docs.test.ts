import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { build } from "../pulumi/dynamic/built-package";
import { isRun, readBlocks, readPages, runLanguages } from "./blocks";
import { typeProblems } from "./programs";
import { needsEngine, runBlock, shown } from "./run-block";

/** Runs as a whole, in getting-started.test.ts. */
const ofItsOwn = "docs/getting-started.md";

const blocks = readPages().flatMap((page) => readBlocks(page).blocks);
const running = blocks.filter((block) => runLanguages.some((language) => isRun(block, language)));

describe("the code blocks of the documents", { timeout: 600_000, concurrency: 3 }, () => {
  before(build);

  it("have the types of the package", () => {
    assert.equal(shown(typeProblems(running.filter(({ language }) => language === "ts"))), "");
  });

  for (const block of running) {
    if (needsEngine(block) || (block.file === ofItsOwn && block.language !== "ts")) continue;
    it(`${block.file}:${block.line} (${block.language})`, async () => {
      assert.equal(shown(await runBlock(block)), "");
    });
  }
});
