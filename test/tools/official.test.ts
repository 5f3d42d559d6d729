import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import type { Engine } from "../../tools/engine/ensure.mjs";
import { startScript } from "./child.js";
import { fakeMachine, type FakeMachine } from "./fake-machine.js";

/** An npm that installs a package `pulumi` which "fetches" the engine into PULUMI_HOME, as the real one does. */
function fakeNpm(machine: FakeMachine, runScript: string): void {
  machine.env.npm_execpath = machine.program(
    join(machine.folder, "npm-cli.js"),
    `const fs = require("node:fs"), path = require("node:path");
     const folder = path.join(process.cwd(), "node_modules", "pulumi");
     if (!fs.existsSync("package-lock.json") || process.argv[2] !== "ci") process.exit(2);
     fs.mkdirSync(folder, { recursive: true });
     fs.writeFileSync(path.join(folder, "run.js"), ${JSON.stringify(runScript)});`,
  );
}

const fetches = `
  const fs = require("node:fs"), path = require("node:path");
  if (process.env.PULUMI_VERSION) process.exit(3);
  const bin = path.join(process.env.PULUMI_HOME, "versions", "3.265.0", "bin");
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(bin, "pulumi"), "#!" + process.execPath + "\\nconsole.log('v3.265.0')", { mode: 0o755 });
  fs.writeFileSync(path.join(bin, "pulumi-language-nodejs"), "");`;

describe(
  "the official engine",
  { skip: process.platform === "win32" && "the fake programs are scripts" },
  () => {
    test("is what the npm package fetched, with nothing else kept", async (t) => {
      const machine = fakeMachine(t);
      fakeNpm(machine, fetches);
      machine.env.PULUMI_VERSION = "3.1.0";
      const { stdout, stderr } = await startScript(t, "ensure-official.mjs", ["200"], machine.env).ended;
      const engine = JSON.parse(stdout || "{}") as Partial<Engine>;
      assert.equal(engine.source, "official", stderr);
      assert.equal(engine.version, "3.265.0");
      const kept = dirname(dirname(engine.path ?? ""));
      assert.deepEqual(readdirSync(kept), ["bin"]);
      assert.deepEqual(readdirSync(join(kept, "bin")).sort(), ["pulumi", "pulumi-language-nodejs"]);
      assert.deepEqual(readdirSync(machine.engines).length, 1);
    });

    test("is abandoned before npm is run if the site does not answer", async (t) => {
      const machine = fakeMachine(t);
      const { code, stderr } = await startScript(t, "ensure-official.mjs", ["503"], machine.env).ended;
      assert.equal(code, 1);
      assert.match(stderr, /no official Pulumi 3\.265\.0: Cannot reach get\.pulumi\.com: HTTP status 503/);
    });

    test("is abandoned if the package cannot fetch it, leaving nothing behind", async (t) => {
      const machine = fakeMachine(t);
      fakeNpm(machine, `console.error("pulumi: fetch failed"); process.exit(1);`);
      const { code, stderr } = await startScript(t, "ensure-official.mjs", ["200"], machine.env).ended;
      assert.equal(code, 1);
      assert.match(stderr, /run\.js version" exited with 1:\s+pulumi: fetch failed/);
      assert.deepEqual(readdirSync(machine.engines), []);
    });
  },
);
