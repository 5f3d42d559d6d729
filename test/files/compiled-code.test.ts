import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as nodeModule from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { keepCompiledCode, ownCacheFolder } from "../../provider/files/compiled-code";

const isRoot = process.getuid?.() === 0;
const stranger = 54_321;

describe("the folder for compiled code", { skip: process.platform === "win32" && "asks for owners" }, () => {
  const above = mkdtempSync(join(tmpdir(), "session-logoff-compiled-"));
  let cache: string;
  let count = 0;
  beforeEach(() => {
    cache = join(above, String((count += 1)));
    mkdirSync(cache);
  });
  after(() => rmSync(above, { recursive: true, force: true }));
  const folderIn = (folder: string): string | undefined => ownCacheFolder({ XDG_CACHE_HOME: folder });

  it("is made for this user alone, and found again", () => {
    const folder = folderIn(cache);
    assert.equal(folder, join(cache, "pulumi-session-logoff", "compiled"));
    for (const one of [folder, join(folder, "..")]) assert.equal(statSync(one).mode & 0o777, 0o700);
    assert.equal(folderIn(cache), folder);
  });

  it("is made with the cache folder, if the user has none yet", () => {
    assert.equal(folderIn(join(cache, "a", "b")), join(cache, "a", "b", "pulumi-session-logoff", "compiled"));
  });

  it("is the one that a link leads to", () => {
    symlinkSync(cache, join(above, "link"));
    assert.equal(folderIn(join(above, "link")), join(cache, "pulumi-session-logoff", "compiled"));
  });

  const refusals: readonly (readonly [why: string, arrange: () => string | undefined])[] = [
    ["others can write to it", () => made(0o777, "pulumi-session-logoff", "compiled")],
    ["its group can write to it", () => made(0o770, "pulumi-session-logoff", "compiled")],
    ["others can rename it", () => made(0o777, "pulumi-session-logoff")],
    ["others can rename the cache folder", () => made(0o777)],
    ["anybody could make it first, as in /tmp", () => made(0o1777)],
  ];
  function made(mode: number, ...path: readonly string[]): string {
    mkdirSync(join(cache, ...path), { recursive: true });
    chmodSync(join(cache, ...path), mode);
    return cache;
  }
  for (const [why, arrange] of refusals) {
    it(`is not used if ${why}`, () => {
      arrange();
      const before = readdirSync(cache, { recursive: true });
      assert.equal(folderIn(cache), undefined);
      assert.deepEqual(readdirSync(cache, { recursive: true }), before, "nothing was made");
    });
  }

  for (const [what, path] of [
    ["it", ["pulumi-session-logoff", "compiled"]],
    ["the folder above it", ["pulumi-session-logoff"]],
    ["the cache folder, as when root has the HOME of a user", []],
  ] as const)
    it(
      `is not used if ${what} belongs to somebody else`,
      { skip: !isRoot && "only root gives folders away" },
      () => {
        mkdirSync(join(cache, ...path), { recursive: true });
        chownSync(join(cache, ...path), stranger, stranger);
        const before = readdirSync(cache, { recursive: true });
        assert.equal(folderIn(cache), undefined);
        assert.deepEqual(readdirSync(cache, { recursive: true }), before, "nothing was made");
      },
    );

  it("is used although it is in a sticky folder, where nobody can rename it", () => {
    const folder = folderIn(cache);
    chmodSync(cache, 0o1777);
    assert.equal(folderIn(cache), folder);
  });

  it("is never below a relative path, which would be in the current folder", () => {
    assert.equal(folderIn("cache"), undefined);
  });

  it("is where each system has it", () => {
    assert.equal(ownCacheFolder({}, "win32"), undefined);
    assert.equal(
      ownCacheFolder({ LOCALAPPDATA: cache }, "win32"),
      join(cache, "pulumi-session-logoff", "compiled"),
    );
    assert.ok(ownCacheFolder({}, "linux")?.startsWith(join(homedir(), ".cache")) ?? true);
  });

  it("fails silently where nothing can be written", () => {
    writeFileSync(join(cache, "file"), "");
    keepCompiledCode({ XDG_CACHE_HOME: join(cache, "file") });
    assert.deepEqual(readdirSync(cache), ["file"]);
  });

  it("is not made if Node cannot use it, or the user has decided otherwise", () => {
    keepCompiledCode({ XDG_CACHE_HOME: cache, NODE_DISABLE_COMPILE_CACHE: "1" });
    keepCompiledCode({ XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: join(above, "elsewhere") });
    if (!("enableCompileCache" in nodeModule)) keepCompiledCode({ XDG_CACHE_HOME: cache });
    assert.deepEqual(readdirSync(cache), []);
  });
});
