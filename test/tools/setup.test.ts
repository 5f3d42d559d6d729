import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { startScript } from "./child.js";
import { fakeMachine } from "./fake-machine.js";

/** A checkout with two sources, and an npm that "installs" the lock file and "compiles" the sources. */
function fakeCheckout(t: TestContext, npm = "") {
  const machine = fakeMachine(t);
  const root = join(machine.folder, "checkout");
  const write = (name: string, text: string) => {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const lockFile = (version: string) =>
    write(
      "package-lock.json",
      JSON.stringify({
        packages: {
          "": { version: "0.1.0" },
          "node_modules/zod": { version },
          "node_modules/only-elsewhere": { version: "1.0.0", optional: true },
        },
      }),
    );
  write("package.json", "{}");
  write("tsconfig.json", "{}");
  write("provider/index.ts", "");
  write("provider/ssh/connect.ts", "");
  lockFile("4.0.0");
  machine.env.npm_execpath = machine.program(
    join(machine.folder, "npm-cli.js"),
    `const fs = require("node:fs"), path = require("node:path");
     const [command, script] = process.argv.slice(2);
     fs.appendFileSync(process.env.FAKE_LOG, command === "run" ? "run " + script + "\\n" : command + "\\n");
     ${npm}
     if (command === "ci") {
       fs.rmSync("node_modules", { recursive: true, force: true });
       fs.mkdirSync("node_modules");
       const { packages } = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
       delete packages[""];
       delete packages["node_modules/only-elsewhere"];
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
       fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }));
     } else {
       for (const name of fs.readdirSync("provider", { recursive: true })) {
         if (!name.endsWith(".ts")) continue;
         const output = path.join("dist/provider", name.replace(/ts$/, "js"));
         fs.mkdirSync(path.dirname(output), { recursive: true });
         fs.writeFileSync(output, "");
       }
       fs.mkdirSync("dist/plugin", { recursive: true });
       fs.writeFileSync("dist/plugin/pulumi-resource-session-logoff", "");
       fs.mkdirSync("dist/command", { recursive: true });
       fs.writeFileSync("dist/command/session-logoff.js", "");
     }`,
  );
  return {
    root,
    write,
    lockFile,
    /** Sets up, and returns the npm calls and the output. */
    async setUp() {
      const before = machine.calls().length;
      const { code, stdout, stderr } = await startScript(t, "set-up.mjs", [root], machine.env).ended;
      return { code, calls: machine.calls().slice(before), printed: stdout + stderr };
    },
  };
}

const soon = new Date(Date.now() + 60_000);

describe("setUp", () => {
  test("installs and builds the first time, with one line each, and does nothing the second time", async (t) => {
    const checkout = fakeCheckout(t);
    const first = await checkout.setUp();
    assert.deepEqual(first.calls, ["ci", "run build"]);
    assert.deepEqual(first.printed.trim().split("\n"), [
      "Installing the dependencies in package-lock.json (npm ci)",
      "Building dist from provider (npm run build)",
    ]);
    assert.deepEqual(await checkout.setUp(), { code: 0, calls: [], printed: "" });
  });

  test("installs again when the lock file changes, but not when it is only touched", async (t) => {
    const checkout = fakeCheckout(t);
    await checkout.setUp();
    utimesSync(join(checkout.root, "package-lock.json"), soon, soon);
    assert.deepEqual((await checkout.setUp()).calls, []);
    checkout.lockFile("4.0.1");
    assert.deepEqual((await checkout.setUp()).calls, ["ci"]);
  });

  test("installs again after an interrupted install", async (t) => {
    const checkout = fakeCheckout(t);
    await checkout.setUp();
    rmSync(join(checkout.root, "node_modules", ".package-lock.json"));
    assert.deepEqual((await checkout.setUp()).calls, ["ci"]);
  });

  test("builds again if an output is missing or older than its source", async (t) => {
    const checkout = fakeCheckout(t);
    await checkout.setUp();
    rmSync(join(checkout.root, "dist/provider/ssh/connect.js"));
    assert.deepEqual((await checkout.setUp()).calls, ["run build"]);
    const past = new Date(Date.now() - 60_000);
    utimesSync(join(checkout.root, "dist/provider/index.js"), past, past);
    assert.deepEqual((await checkout.setUp()).calls, ["run build"]);
  });

  test("builds again if a bundle is missing, incomplete or older than what is in it", async (t) => {
    const checkout = fakeCheckout(t);
    checkout.write("schema/pulumi.json", "{}");
    checkout.write("tools/plugin/bundle.mjs", "");
    checkout.write("tools/bundle/bundle.mjs", "");
    await checkout.setUp();
    for (const name of ["dist/plugin/pulumi-resource-session-logoff", "dist/command/session-logoff.js"]) {
      rmSync(join(checkout.root, name));
      assert.deepEqual((await checkout.setUp()).calls, ["run build"], name);
    }
    for (const name of [
      "provider/index.ts",
      "schema/pulumi.json",
      "tools/plugin/bundle.mjs",
      "tools/bundle/bundle.mjs",
    ]) {
      const file = join(checkout.root, name);
      const { mtime } = statSync(file);
      utimesSync(file, soon, soon);
      // Only the bundle can be too old.
      if (name === "provider/index.ts") utimesSync(join(checkout.root, "dist/provider/index.js"), soon, soon);
      assert.deepEqual((await checkout.setUp()).calls, ["run build"], name);
      utimesSync(file, mtime, mtime);
      assert.deepEqual((await checkout.setUp()).calls, [], `${name} is as old as before`);
    }
  });

  test("builds again if a source is gone, and removes its outputs", async (t) => {
    const checkout = fakeCheckout(t);
    await checkout.setUp();
    checkout.write("dist/provider/ssh/connect.d.ts", "");
    rmSync(join(checkout.root, "provider/ssh/connect.ts"));
    assert.deepEqual((await checkout.setUp()).calls, ["run build"]);
    for (const ending of [".js", ".d.ts"]) {
      assert.ok(!existsSync(join(checkout.root, `dist/provider/ssh/connect${ending}`)));
    }
  });

  test("runs once for two concurrent calls", async (t) => {
    const checkout = fakeCheckout(t);
    const both = await Promise.all([checkout.setUp(), checkout.setUp()]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    const calls = both[0].calls.length > both[1].calls.length ? both[0].calls : both[1].calls;
    assert.deepEqual(calls, ["ci", "run build"]);
  });

  test("fails with npm's error output", async (t) => {
    const checkout = fakeCheckout(t, `console.error("npm error code ENOTFOUND"); process.exit(1);`);
    const { code, printed } = await checkout.setUp();
    assert.equal(code, 1);
    assert.match(printed, /npm-cli\.js ci --no-audit --no-fund" exited with 1:\s+npm error code ENOTFOUND/);
  });

  test("fails again after a build with errors, even if the compiler wrote its output", async (t) => {
    const checkout = fakeCheckout(t, `if (command === "run") process.exitCode = 2;`);
    assert.deepEqual((await checkout.setUp()).calls, ["ci", "run build"]);
    const { code, calls } = await checkout.setUp();
    assert.deepEqual([code, calls], [1, ["run build"]]);
  });

  test("fails without a valid lock file", async (t) => {
    const checkout = fakeCheckout(t);
    rmSync(join(checkout.root, "package-lock.json"));
    assert.match((await checkout.setUp()).printed, /Cannot read ".*package-lock\.json": it must be there/);
    appendFileSync(join(checkout.root, "package-lock.json"), "{");
    assert.equal((await checkout.setUp()).code, 1);
  });
});
