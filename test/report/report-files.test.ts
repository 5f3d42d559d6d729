import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { LogoffError } from "../../provider/errors";
import { checkWritable, reportText, writePrivately } from "../../provider/report-files";
import { hostReport, report } from "./sample";

const folder = mkdtempSync(join(tmpdir(), "report-files-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const failed = (error: unknown): boolean => error instanceof LogoffError && error.code === "command-failed";

describe("report files", () => {
  it("have the form that their path asks for", () => {
    const one = report([hostReport()]);
    const context = { dryRun: false, exitStatus: 0 };
    assert.match(reportText("a/b.JSON", one, context), /^\{\n {2}"version": 1,/u);
    assert.match(reportText("a/b.xml", one, context), /^<\?xml version="1\.0"/u);
    assert.match(reportText("a/b.html", one, context), /^<!doctype html>/u);
  });

  it("belong to their owner alone, also where another file was before", async () => {
    const path = join(folder, "r.json");
    writeFileSync(path, "old", { mode: 0o644 });
    await writePrivately(path, "new");
    assert.equal(readFileSync(path, "utf8"), "new");
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ["r.json"]);
  });

  it("leave nothing beside when they cannot be written", async () => {
    mkdirSync(join(folder, "taken"));
    await assert.rejects(writePrivately(join(folder, "taken"), "x"), failed);
    await assert.rejects(writePrivately(join(folder, "no", "such", "folder.json"), "x"), failed);
    assert.deepEqual(readdirSync(folder).sort(), ["r.json", "taken"]);
  });

  it("are tried before a run", async () => {
    await checkWritable(join(folder, "new.json"));
    await checkWritable(join(folder, "r.json"));
    await assert.rejects(checkWritable(join(folder, "taken")), failed);
    await assert.rejects(checkWritable(join(folder, "no", "x.json")), failed);
  });
});
