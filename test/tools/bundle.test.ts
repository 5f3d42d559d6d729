import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

describe("compiledAtOnce", () => {
  it("puts the functions around modules in parentheses, and changes nothing else", async () => {
    const { compiledAtOnce } = await import("../../tools/bundle/bundle.mjs");
    const script = [
      "var a = (t, e) => () => e;",
      "var b = k((t) => {",
      "  x(() => {",
      "  });",
      "});",
      "var c = k((t, e) => {",
      "});",
      "y(() => {",
      "});",
    ];
    const [first, , ...rest] = script;
    assert.deepEqual(compiledAtOnce(script.join("\n")).split("\n"), [
      first,
      "var b = k((function (t) {",
      ...rest.slice(0, 2),
      "}));",
      "var c = k((function (t, e) {",
      "}));",
      "y(() => {",
      "});",
    ]);
  });

  it("fails if esbuild writes them in another way", async () => {
    const { compiledAtOnce } = await import("../../tools/bundle/bundle.mjs");
    assert.throws(() => compiledAtOnce("var b=k(t=>{});"), /in another way/u);
    assert.throws(() => compiledAtOnce("var b = k((t) => {\n}, 1);"), /in another way/u);
  });
});

describe("the bundle of the command", { timeout: 60_000 }, () => {
  it("starts without any other file of ours, and needs no dependency to answer by itself", async (test) => {
    const { bundleCommand } = await import("../../tools/bundle/command.mjs");
    const above = mkdtempSync(join(tmpdir(), "session-logoff-bundle-"));
    test.after(() => rmSync(above, { recursive: true, force: true }));
    writeFileSync(
      join(above, "package.json"),
      JSON.stringify({ name: "pulumi-session-logoff", version: "1.2.3" }),
    );
    const folder = await bundleCommand(join(above, "dist", "command"));
    const main = join(folder, "session-logoff.js");
    assert.ok(readFileSync(main, "utf8").startsWith("#!/usr/bin/env node\n"));
    if (process.platform !== "win32") assert.equal(statSync(main).mode & 0o111, 0o111);
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, [main, ...args], {
        encoding: "utf8",
        env: { ...process.env, XDG_CACHE_HOME: join(above, "cache") },
      });
    assert.equal(run("--version").stdout, "1.2.3\n");
    assert.match(run("--help").stdout, /session-logoff/u);
    assert.match(run("--completion", "bash").stdout, /complete/u);
    assert.equal(run("--no-such-option").status, 2);
  });
});
