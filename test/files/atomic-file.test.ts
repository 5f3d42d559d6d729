import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import { checkWritable, writeFileAtomically } from "../../provider/files/atomic-file";
import { reportText } from "../../provider/report/report-text";
import { hostReport, report } from "../report/sample";

const folder = mkdtempSync(join(tmpdir(), "report-files-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const failed = (error: unknown): boolean => error instanceof LogoffError && error.code === "command-failed";

describe("a report file", () => {
  it("has the format that its extension names", () => {
    const sample = report([hostReport()]);
    const context = { dryRun: false, exitStatus: 0 };
    assert.match(reportText("a/b.JSON", sample, context), /^\{\n {2}"version": 1,/u);
    assert.match(reportText("a/b.xml", sample, context), /^<\?xml version="1\.0"/u);
    assert.match(reportText("a/b.html", sample, context), /^<!doctype html>/u);
    assert.match(reportText("a/b.html", sample, { ...context, dryRun: true }), /<title>[^<]*dry run/u);
  });

  it("is readable only by its owner, even if it replaces another file", async () => {
    const path = join(folder, "r.json");
    writeFileSync(path, "old", { mode: 0o644 });
    await writeFileAtomically(path, "new");
    assert.equal(readFileSync(path, "utf8"), "new");
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ["r.json"]);
  });

  it("leaves no temporary file when it cannot be written", async () => {
    mkdirSync(join(folder, "taken"));
    await assert.rejects(writeFileAtomically(join(folder, "taken"), "x"), failed);
    await assert.rejects(writeFileAtomically(join(folder, "no", "such", "folder.json"), "x"), failed);
    assert.deepEqual(readdirSync(folder).sort(), ["r.json", "taken"]);
  });

  it("is checked before a run", async () => {
    await checkWritable(join(folder, "new.json"));
    await checkWritable(join(folder, "r.json"));
    await assert.rejects(checkWritable(join(folder, "taken")), failed);
    await assert.rejects(checkWritable(join(folder, "no", "x.json")), failed);
  });
});

describe("a special file or link at a report path", { skip: process.platform === "win32" }, () => {
  const special = mkdtempSync(join(tmpdir(), "report-files-"));
  after(() => rmSync(special, { recursive: true, force: true }));
  const path = (name: string): string => join(special, name);
  const refused = /^Cannot write ".*": it is not a regular file$/u;

  it("is refused and left unchanged if it is a pipe, a device or a link to one", async () => {
    assert.equal(spawnSync("mkfifo", [path("pipe")]).status, 0);
    symlinkSync("/dev/null", path("null"));
    for (const file of [path("pipe"), path("null")]) {
      await assert.rejects(checkWritable(file), { code: "command-failed", message: refused });
      await assert.rejects(writeFileAtomically(file, "x"), { code: "command-failed", message: refused });
    }
    await assert.rejects(checkWritable("/dev/null"), { message: refused });
    assert.ok(lstatSync(path("pipe")).isFIFO());
    assert.ok(lstatSync(path("null")).isSymbolicLink());
  });

  it("is kept if it is a link, and its target is written in the folder of the target", async () => {
    mkdirSync(path("there"));
    mkdirSync(path("links"));
    writeFileSync(path("there/old.json"), "old");
    symlinkSync("../there/old.json", path("links/old.json"));
    symlinkSync("../there/new.json", path("links/new.json"));
    symlinkSync("new.json", path("links/chain.json"));
    symlinkSync("links", path("folder"));
    for (const name of ["links/old.json", "links/chain.json", "folder/new.json"]) {
      await checkWritable(path(name));
      await writeFileAtomically(path(name), name);
      assert.ok(lstatSync(path(name)).isSymbolicLink(), name);
      assert.equal(readFileSync(path(name), "utf8"), name);
    }
    assert.deepEqual(readdirSync(path("there")).sort(), ["new.json", "old.json"]);
    assert.deepEqual(readdirSync(path("links")).sort(), ["chain.json", "new.json", "old.json"]);
  });

  it("is refused if it is a link to a missing folder or to itself", async () => {
    symlinkSync("no/such/folder.json", path("nowhere"));
    symlinkSync("circle", path("circle"));
    for (const name of ["nowhere", "circle"]) {
      await assert.rejects(checkWritable(path(name)), failed);
      await assert.rejects(writeFileAtomically(path(name), "x"), failed);
      assert.ok(lstatSync(path(name)).isSymbolicLink());
    }
  });
});

const notRoot = process.geteuid?.() === 0 ? false : "only root can create links of another user";

describe("a link to a report file in a sticky folder", { skip: notRoot }, () => {
  const [me, other] = [0, 65534];
  const base = mkdtempSync(join(tmpdir(), "report-files-"));
  after(() => rmSync(base, { recursive: true, force: true }));
  const path = (name: string): string => join(base, name);
  mkdirSync(path("sticky"));
  chmodSync(path("sticky"), 0o1777);
  mkdirSync(path("plain"));
  mkdirSync(path("mine"));
  const linked = (name: string, target: string, owner: number): string => {
    symlinkSync(target, path(name));
    lchownSync(path(name), owner, owner);
    return path(name);
  };
  const foreign = /^Cannot write ".*": ".*" is a link that another user created$/u;
  const isRefused = async (file: string): Promise<void> => {
    await assert.rejects(checkWritable(file), { code: "command-failed", message: foreign });
    await assert.rejects(writeFileAtomically(file, "x"), { code: "command-failed", message: foreign });
  };

  it("is not followed when another user created it", async () => {
    writeFileSync(path("mine/target"), "precious");
    await isRefused(linked("sticky/report.json", "../mine/target", other));
    assert.equal(readFileSync(path("mine/target"), "utf8"), "precious");
    assert.ok(lstatSync(path("sticky/report.json")).isSymbolicLink());
  });

  it("is not followed when another user created it, even if its target is missing or a folder in the path", async () => {
    await isRefused(linked("sticky/new.json", path("mine/new.json"), other));
    await isRefused(join(linked("sticky/folder", path("mine"), other), "new.json"));
    await isRefused(join(linked("sticky/up", "../mine/../mine", other), "new.json"));
    assert.deepEqual(readdirSync(path("mine")), ["target"]);
  });

  it("is not followed when it is reached through another link", async () => {
    await isRefused(linked("plain/through.json", "../sticky/report.json", me));
  });

  it("is followed when the current user created it", async () => {
    await writeFileAtomically(linked("sticky/own.json", "../mine/own.json", me), "own");
    assert.equal(readFileSync(path("mine/own.json"), "utf8"), "own");
  });

  it("is followed when only the owner can write to the folder", async () => {
    await writeFileAtomically(linked("plain/theirs.json", "../mine/theirs.json", other), "theirs");
    assert.equal(readFileSync(path("mine/theirs.json"), "utf8"), "theirs");
  });
});
