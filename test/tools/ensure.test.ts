import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Engine, EngineMaker } from "../../tools/engine/ensure.mjs";
import { fakeMachine, type FakeMachine } from "./fake-machine.js";

const posixOnly = { skip: process.platform === "win32" && "the fake programs are scripts" };

/** An engine maker that takes no time. */
function maker(machine: FakeMachine, name: string, fails?: string): EngineMaker & { made: number } {
  return {
    made: 0,
    source: name === "fetched" ? "official" : "built",
    version: () => "3.250.0",
    title: () => `engine ${name}`,
    folder: () => `${name}-3.250.0`,
    make(folder) {
      if (fails) return Promise.reject(new Error(fails));
      this.made++;
      mkdirSync(join(folder, "bin"));
      machine.pulumi("v3.250.0", join(folder, "bin", "pulumi"));
      return Promise.resolve();
    },
  };
}

async function ensure(machine: FakeMachine, ...makers: EngineMaker[]): Promise<Engine & { log: string[] }> {
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const log: string[] = [];
  const engine = await ensureEngine({ env: machine.env, makers, log: (line) => log.push(line) });
  return { ...engine, log };
}

describe("ensureEngine", posixOnly, () => {
  test("prefers the engine named by PULUMI_SESSION_LOGOFF_ENGINE to the one on PATH", async (t) => {
    const machine = fakeMachine(t);
    machine.pulumi("v3.260.0");
    const named = machine.pulumi("v3.1.0", join(machine.folder, "mine"));
    machine.env.PULUMI_SESSION_LOGOFF_ENGINE = named;
    const engine = await ensure(machine);
    assert.deepEqual([engine.source, engine.path, engine.version], ["variable", named, "3.1.0"]);
  });

  test("fails if PULUMI_SESSION_LOGOFF_ENGINE does not name an executable", async (t) => {
    const machine = fakeMachine(t);
    machine.pulumi("v3.260.0");
    machine.env.PULUMI_SESSION_LOGOFF_ENGINE = join(machine.folder, "nothing");
    await assert.rejects(ensure(machine), {
      message: `Cannot use PULUMI_SESSION_LOGOFF_ENGINE="${join(machine.folder, "nothing")}": it must be the path of a pulumi executable`,
    });
  });

  for (const version of ["v3.200.0", "3.259.0", "v3.300.1-beta.2", "v4.0.0"]) {
    test(`uses the engine on PATH if it is ${version}, and logs one line`, async (t) => {
      const machine = fakeMachine(t);
      const path = machine.pulumi(version);
      const engine = await ensure(machine, maker(machine, "built"));
      assert.deepEqual([engine.source, engine.path], ["path", path]);
      assert.deepEqual(engine.log, [`Using Pulumi ${engine.version}, ${path}: it is on PATH`]);
    });
  }

  for (const [what, version, why] of [
    ["too old", "v3.199.9", /bin\/pulumi on PATH is 3\.199\.9, older than 3\.200\.0/],
    ["an old major version", "v2.900.0", /older than 3\.200\.0/],
    ["no engine", "hello", /on PATH does not work: .* printed "hello", which is no version/],
  ] as const) {
    test(`uses another engine if the one on PATH is ${what}`, async (t) => {
      const machine = fakeMachine(t);
      machine.pulumi(version);
      const engine = await ensure(machine, maker(machine, "built"));
      assert.equal(engine.source, "built");
      assert.match(engine.why, why);
    });
  }

  test("uses another engine if the one on PATH fails", async (t) => {
    const machine = fakeMachine(t);
    machine.program("pulumi", `console.error("no such library\\nbye"); process.exit(127);`);
    const engine = await ensure(machine, maker(machine, "built"));
    assert.match(engine.why, /does not work: .* exited with 127: no such library$/);
  });

  test("uses the kept engine the second time, whichever maker made it", async (t) => {
    const machine = fakeMachine(t);
    const [fetched, built] = [maker(machine, "fetched", "no network"), maker(machine, "built")];
    const first = await ensure(machine, fetched, built);
    assert.deepEqual(
      [first.source, first.why],
      ["built", `no "pulumi" on PATH; no engine fetched: no network`],
    );

    const second = await ensure(machine, maker(machine, "fetched"), built);
    assert.deepEqual([second.source, second.path, built.made], ["cache", first.path, 1]);
    assert.equal(second.path, join(machine.engines, "built-3.250.0", "bin", "pulumi"));
    assert.deepEqual(second.log, [
      `Using Pulumi 3.250.0, ${first.path}: no "pulumi" on PATH; kept: engine built`,
    ]);
  });

  test("uses the first maker's engine and asks no other maker", async (t) => {
    const machine = fakeMachine(t);
    const [fetched, built] = [maker(machine, "fetched"), maker(machine, "built")];
    assert.equal((await ensure(machine, fetched, built)).source, "official");
    assert.deepEqual([fetched.made, built.made], [1, 0]);
  });

  test("rejects a new engine that does not start, and keeps nothing of it", async (t) => {
    const machine = fakeMachine(t);
    const broken = maker(machine, "built");
    broken.make = (folder) => {
      mkdirSync(join(folder, "bin"));
      writeFileSync(join(folder, "bin", "pulumi"), "#!/no/such/interpreter\n", { mode: 0o755 });
      return Promise.resolve();
    };
    await assert.rejects(ensure(machine, broken), /no engine built: Cannot start/);
    assert.deepEqual(readdirSync(machine.engines), []);
  });
});

test("ensureEngine fails with what was tried and what to do if nothing works", posixOnly, async (t) => {
  const machine = fakeMachine(t);
  await assert.rejects(
    ensure(machine, maker(machine, "fetched", "no network"), maker(machine, "built", "no Go")),
    ({ message }: Error) => {
      assert.deepEqual(message.replace(/Go \d+\.\d+\.\d+/, "Go X").split("\n"), [
        "Cannot find or make a Pulumi engine:",
        `  - no "pulumi" on PATH`,
        "  - no engine fetched: no network",
        "  - no engine built: no Go",
        "Do one of these and try again:",
        "  - install Pulumi 3.200.0 or later: https://www.pulumi.com/docs/install/",
        "  - install Go X or later, to build it: https://go.dev/dl/",
        "  - set PULUMI_SESSION_LOGOFF_ENGINE to the path of a pulumi executable",
      ]);
      return true;
    },
  );
});
