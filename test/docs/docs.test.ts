import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { build } from "../pulumi/dynamic/built-package";
import { isRun, readBlocks, readPages, readWalk, runLanguages, walkPage } from "./blocks";
import { typeProblems } from "./programs";
import { needsEngine, runBlock, shown } from "./run-block";

const pages = readPages();
const walk = pages.filter(({ file }) => file === walkPage).flatMap(readWalk);
const elsewhere = new Set(walk.map(({ line }) => line));
const blocks = pages
  .flatMap((page) => readBlocks(page).blocks)
  .filter(({ file, line }) => file !== walkPage || !elsewhere.has(line));
const running = blocks.filter((block) => runLanguages.some((language) => isRun(block, language)));

describe("the code blocks of the documents", { timeout: 600_000, concurrency: 3 }, () => {
  before(build);

  it("have the types of the package", () => {
    assert.equal(shown(typeProblems(running.filter(({ language }) => language === "ts"))), "");
  });

  for (const block of running) {
    if (needsEngine(block)) continue;
    it(`${block.file}:${block.line} (${block.language})`, async () => {
      assert.equal(shown(await runBlock(block)), "");
    });
  }
});
