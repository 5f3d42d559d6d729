import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { describe, test } from "node:test";
import type { Language, LanguageName } from "../../tools/engine/language.mjs";
import { fakeGo, fakeMachine, type FakeMachine } from "./fake-machine.js";

async function ensure(
  machine: FakeMachine,
  name: LanguageName,
  engine = join(machine.folder, "engine", "pulumi"),
): Promise<Language & { log: string[] }> {
  const { ensureLanguage } = await import("../../tools/engine/language.mjs");
  const log: string[] = [];
  const language = await ensureLanguage(name, { engine, env: machine.env, log: (line) => log.push(line) });
  return { ...language, log };
}

/** A Python that makes a virtual environment of a copy of itself and logs what pip is to do. */
function fakePython(machine: FakeMachine, { canImport = true } = {}): void {
  machine.program(
    "python3",
    `const fs = require("node:fs"), path = require("node:path");
     const [option, ...args] = process.argv.slice(2);
     if (option === "--version") console.log("Python 3.11.7");
     if (option === "-c") process.exit(${canImport ? 0 : 1});
     if (option === "-m" && args[0] === "venv") {
       fs.mkdirSync(path.join(args[1], "bin"));
       fs.copyFileSync(__filename, path.join(args[1], "bin", "python3"));
     }
     if (option === "-m" && args[0] === "pip") fs.appendFileSync(process.env.FAKE_LOG, args.join(" ") + "\\n");`,
  );
}

const place = `${process.platform}-${process.arch}`;
const posixOnly = { skip: process.platform === "win32" && "the fake programs are scripts" };

describe("ensureLanguage", posixOnly, () => {
  test("leaves it to the engine if its host is beside it, also behind a link", async (t) => {
    const machine = fakeMachine(t);
    const bin = join(machine.folder, "official");
    mkdirSync(bin);
    const engine = machine.pulumi("v3.265.0", join(bin, "pulumi"));
    machine.program(join(bin, "pulumi-language-yaml"), "");
    const link = join(machine.bin, "pulumi");
    symlinkSync(engine, link);
    for (const path of [engine, link]) {
      const language = await ensure(machine, "yaml", path);
      assert.deepEqual([language.host, language.path], [undefined, []]);
    }
  });

  test("leaves it to the engine if its host is on PATH", async (t) => {
    const machine = fakeMachine(t);
    const host = machine.program("pulumi-language-yaml", "");
    const { host: handed, why, log } = await ensure(machine, "yaml");
    assert.deepEqual([handed, why], [undefined, `${host} runs it`]);
    assert.deepEqual(log, [`Using the language yaml: ${host} runs it`]);
  });

  test("builds the host for YAML once, also for two at a time, and keeps it", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine, { buildMs: 300 });
    const both = await Promise.all([ensure(machine, "yaml"), ensure(machine, "yaml")]);
    const folder = join(machine.engines, `language-yaml-1.25.0-${place}`, "bin");
    for (const { host, path } of [...both, await ensure(machine, "yaml")])
      assert.deepEqual([host, path], [{ folder, version: "1.25.0" }, []]);
    assert.equal(machine.calls().length, 1, "one build");
    assert.deepEqual(readdirSync(folder), ["pulumi-language-yaml"]);
  });

  test("builds the host for Python with its scripts, and fetches the SDK for this Python", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine);
    fakePython(machine);
    const { host, path } = await ensure(machine, "python");
    assert.ok(host);
    const expected = [
      "pulumi-language-python",
      "pulumi-language-python-exec",
      "pulumi-resource-pulumi-python",
    ];
    assert.deepEqual(readdirSync(host.folder).sort(), expected);
    for (const name of expected)
      assert.ok(statSync(join(host.folder, name)).mode & 0o100, `${name} is executable`);
    const sdk = /^python-sdk-3\.272\.0-[0-9a-f]{8}-python-3\.11\.7-/u;
    assert.match(relative(machine.engines, path[0] ?? ""), sdk);
    assert.deepEqual(
      path.map((one) => basename(one)),
      ["bin"],
    );
    const [, pip = "", ...more] = machine.calls();
    assert.deepEqual(more, []);
    assert.match(pip, /^pip install .*--no-deps --only-binary=:all: --requirement .*requirements\.txt$/);

    await ensure(machine, "python");
    assert.equal(machine.calls().length, 2, "nothing is made a second time");
  });

  test("keeps nothing of an SDK that cannot be loaded", async (t) => {
    const machine = fakeMachine(t);
    machine.program("pulumi-language-python", "");
    fakePython(machine, { canImport: false });
    await assert.rejects(ensure(machine, "python"), / -c import pulumi" exited with 1/);
    assert.deepEqual(readdirSync(machine.engines), []);
  });

  for (const [name, problem, advice] of [
    ["yaml", 'no "go" on PATH; Go X or later would do', ""],
    ["python", 'no "python3" on PATH', "; Python 3.10 or later with its module venv (Debian: python3-venv)"],
  ] as const)
    test(`says what is missing for ${name} and what to install`, async (t) => {
      const machine = fakeMachine(t);
      if (name === "python") machine.program("pulumi-language-python", "");
      await assert.rejects(ensure(machine, name), ({ message }: Error) => {
        assert.deepEqual(message.replace(/Go \d+\.\d+\.\d+/g, "Go X").split("\n"), [
          `Cannot run Pulumi programs in ${name}: ${problem}`,
          `To enable it, install an official Pulumi, which brings the host, or Go X or later, which builds it${advice}`,
        ]);
        return true;
      });
    });
});

describe("generateSdk", posixOnly, () => {
  const schema = resolve(__dirname, "..", "..", "schema", "pulumi.json");

  test("asks the engine if it brought the language's host", async (t) => {
    const machine = fakeMachine(t);
    const { generateSdk } = await import("../../tools/engine/sdk.mjs");
    const log =
      'require("node:fs").appendFileSync(process.env.FAKE_LOG, process.argv.slice(2).join(" ") + "\\n");';
    const engine = machine.program("pulumi", log);
    const language = { name: "python", path: [], why: "" } as const;
    const folder = join(machine.folder, "sdks");
    const sdk = await generateSdk({ language, engine, schema, folder, env: machine.env });
    assert.equal(sdk, join(folder, "python"));
    assert.deepEqual(machine.calls(), [`package gen-sdk ${schema} --language python --out ${folder}`]);
    // What the SDK finds its own version in.
    assert.match(readdirSync(sdk).join(), /^pulumi_session_logoff-\d+\.\d+\.\d+\.dist-info$/u);
  });

  test("builds the generator once if the host is one that was built", async (t) => {
    const machine = fakeMachine(t);
    fakeGo(machine);
    const { generateSdk } = await import("../../tools/engine/sdk.mjs");
    const options = {
      language: { name: "yaml", host: { folder: machine.bin, version: "1.25.0" }, path: [], why: "" },
      engine: join(machine.bin, "pulumi"),
      schema,
      folder: join(machine.folder, "sdks"),
      env: machine.env,
    } as const;
    await generateSdk(options);
    await generateSdk(options);
    assert.deepEqual(
      machine.calls().map((call) => call.split(" ").slice(0, 2)),
      [["build", "gen-sdk"]],
    );
  });
});
