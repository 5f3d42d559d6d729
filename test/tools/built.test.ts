import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Engine } from "../../tools/engine/ensure.mjs";
import { until } from "../lab/until.js";
import { isAlive, startScript, type Child } from "./child.js";
import { fakeGo, fakeMachine, type FakeMachine } from "./fake-machine.js";

const posixOnly = { skip: process.platform === "win32" && "the fake programs are scripts" };

const start = (t: TestContext, { env }: FakeMachine): Child => startScript(t, "ensure-built.mjs", [], env);

async function succeed(child: Child): Promise<Engine> {
  const { code, stdout, stderr } = await child.ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Engine;
}

/** The process ID of the fake Go that builds. Kills it after the test, because nothing else does once its parent is killed. */
function builder(t: TestContext, machine: FakeMachine): number {
  const pid = Number(machine.calls().at(-1)?.split(" ")[2]);
  t.after(() => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
  return pid;
}

describe("the built engine", posixOnly, () => {
  test("consists of the engine, its language host and the SDK's scripts", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine);
    const { path, source } = await succeed(start(t, machine));
    assert.equal(source, "built");
    const bin = dirname(path);
    const expected = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
    assert.deepEqual(readdirSync(bin).sort(), expected);
    for (const name of expected) assert.ok(statSync(join(bin, name)).mode & 0o100, `${name} is executable`);
    assert.deepEqual(readdirSync(machine.engines), [
      `built-3.259.0-nodejs-3.60.0-${process.platform}-${process.arch}`,
    ]);
  });

  test("is built once for two concurrent requests", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine, { buildMs: 700 });
    const engines = await Promise.all([start(t, machine), start(t, machine)].map(succeed));
    assert.deepEqual(engines.map(({ source }) => source).sort(), ["built", "cache"]);
    assert.equal(engines[0]?.path, engines[1]?.path);
    assert.equal(machine.calls().length, 2, "one build of each program");
  });

  test("does not exist after its builder is killed; the next builder takes over and cleans up", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine, { buildMs: 60_000 });
    const killed = start(t, machine);
    await until("the build begins", () => machine.calls().length > 0);
    builder(t, machine);
    killed.process.kill("SIGKILL");
    await killed.ended;
    const left = readdirSync(machine.engines);
    assert.ok(left.includes("lock"), "the lock of the dead is still there");
    assert.ok(!left.some((name) => existsSync(join(machine.engines, name, "bin", "pulumi"))), "no engine");

    fakeGo(machine);
    assert.equal((await succeed(start(t, machine))).source, "built");
    assert.equal(readdirSync(machine.engines).length, 1, "only the engine is left");
  });

  test("is abandoned at once on SIGTERM, and Go is stopped", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine, { buildMs: 60_000 });
    const child = start(t, machine);
    await until("the build begins", () => machine.calls().length > 0);
    const go = builder(t, machine);
    child.process.kill("SIGTERM");
    assert.equal((await child.ended).code, 143);
    await until("Go ends", () => !isAlive(go));
    assert.ok(!existsSync(join(machine.engines, "lock")), "the lock is given back");
  });
});

describe("the error of a failed build", posixOnly, () => {
  test("says that Go is missing", async (t) => {
    const { code, stderr } = await start(t, fakeMachine(t)).ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /no Pulumi 3\.259\.0 built from source: no "go" on PATH; Go 1\.\d+\.\d+ or later would do/,
    );
  });

  test("says that Go is too old and cannot fetch a newer version", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine, { version: "go1.20.3" });
    const { stderr } = await start(t, machine).ended;
    assert.match(
      stderr,
      /Go 1\.20\.3 \(.*\/go\) is older than 1\.\d+\.\d+, and fetching that one failed: it stays at 1\.20\.3/,
    );
    assert.deepEqual(machine.calls(), [], "nothing was built");
  });

  test("contains Go's error output", async (t) => {
    const machine = fakeMachine(t);
    machine.program(
      "go",
      `if (process.argv[2] === "env") console.log("go1.99.0");
       else { console.error("proxy.example: connection refused"); process.exit(1); }`,
    );
    const { code, stderr } = await start(t, machine).ended;
    assert.equal(code, 1);
    assert.match(stderr, /" exited with 1:\s+proxy\.example: connection refused/);
    assert.deepEqual(readdirSync(machine.engines), []);
  });
});
