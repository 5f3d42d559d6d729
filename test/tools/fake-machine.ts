import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A user's machine in a temporary folder: an empty home, and a PATH with only what a test puts there. */
export interface FakeMachine {
  readonly folder: string;
  /** The only folder on PATH. */
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  /** The folder where engines are kept. */
  readonly engines: string;
  /** Writes an executable from Node source. The name is a command name or a path. */
  program(name: string, source: string): string;
  /** A `pulumi` that answers `pulumi version`. */
  pulumi(version: string, name?: string): string;
  /** The lines that programs wrote to the file named by `FAKE_LOG`. */
  calls(): string[];
}

/** Creates a fake machine, which is removed after the test. */
export function fakeMachine(t: TestContext): FakeMachine {
  const folder = mkdtempSync(join(tmpdir(), "fake machine "));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [bin, home, log] = [join(folder, "bin"), join(folder, "home"), join(folder, "calls")];
  mkdirSync(bin);
  mkdirSync(home);
  const cache = join(folder, "cache");

  const program = (name: string, source: string) => {
    const file = name.includes("/") ? name : join(bin, name);
    writeFileSync(file, `#!${process.execPath}\n${source}`);
    chmodSync(file, 0o755);
    return file;
  };
  return {
    folder,
    bin,
    env: { PATH: bin, HOME: home, XDG_CACHE_HOME: cache, FAKE_LOG: log },
    engines: join(cache, "pulumi-session-logoff", "engine"),
    program,
    pulumi: (version, name = "pulumi") =>
      program(name, `if (process.argv[2] === "version") console.log(${JSON.stringify(version)});`),
    calls: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []),
  };
}

/**
 * Puts a `go` on PATH that takes `buildMs` to build a program that answers `version`.
 *
 * It logs `build NAME PID` when a build begins.
 */
export function fakeGo(machine: FakeMachine, { version = "go1.99.0", buildMs = 0 } = {}): void {
  const sdk = join(machine.folder, "sdk");
  mkdirSync(join(sdk, "nodejs", "dist"), { recursive: true });
  writeFileSync(join(sdk, "nodejs", "dist", "pulumi-resource-pulumi-nodejs"), "#!/bin/sh\n");
  for (const folder of ["cmd", "dist"]) mkdirSync(join(sdk, "python", folder), { recursive: true });
  for (const script of [
    ["cmd", "pulumi-language-python-exec"],
    ["dist", "pulumi-resource-pulumi-python"],
    ["dist", "pulumi-analyzer-policy-python"],
  ])
    writeFileSync(join(sdk, "python", ...script), "#!/bin/sh\n");
  machine.program(
    "go",
    `const fs = require("node:fs"), path = require("node:path");
     const [command, ...args] = process.argv.slice(2);
     if (command === "env") console.log(${JSON.stringify(version)});
     if (command === "list") console.log(${JSON.stringify(sdk)});
     if (command === "build") {
       const name = path.basename(args.at(-1));
       fs.appendFileSync(process.env.FAKE_LOG, "build " + name + " " + process.pid + "\\n");
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${buildMs});
       const file = path.join(args[args.indexOf("-o") + 1], name);
       fs.writeFileSync(file, "#!${process.execPath}\\nconsole.log('v3.259.0')");
       fs.chmodSync(file, 0o755);
     }`,
  );
}
