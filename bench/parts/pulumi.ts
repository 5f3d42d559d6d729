import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { measure } from "../command";
import type { BenchContext } from "../context";
import { startFleet, type Fleet } from "../fleet";
import { medianOf } from "../statistics";

export interface PulumiResult {
  readonly hosts: number;
  readonly parallel: number;
  readonly rounds: number;
  /** `pulumi up` of a new stack with one SessionLogoff for all hosts. */
  readonly oneResourceSeconds: number;
  /** The same with a small dynamic resource for each host, which lists, logs off and lists again. */
  readonly resourcePerHostSeconds: number;
  readonly ratio: number;
}

const programs = ["one-resource", "resource-per-host"] as const;
const timeoutMs = 10 * 60_000;
const checkout = resolve(__dirname, "..", "..");

/** Part 5: what a resource for each host costs the engine, which rewrites the state after every one. */
export async function pulumiUp(context: BenchContext): Promise<PulumiResult> {
  const { sizes, go, log } = context;
  const { pulumiHosts: hosts, parallel, people, rounds } = sizes;
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const { engineEnvironment } = await import("../../tools/engine/environment.mjs");
  const engine = await ensureEngine({ log });
  const fleet = await startFleet(go.fleet, { hosts, people });
  const seconds = new Map(programs.map((program): [string, number[]] => [program, []]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const program of programs) {
        const folder = mkdtempSync(join(tmpdir(), "slb-pulumi-"));
        try {
          const env = {
            ...engineEnvironment({
              engine: engine.path,
              home: join(folder, "home"),
              stateDir: join(folder, "state"),
              passphrase: "bench",
            }),
            BENCH_JOB: JSON.stringify(jobOf(fleet, hosts, parallel)),
          };
          await fleet.reset(hosts);
          const wallMs = await up(engine.path, projectIn(folder, program), env, parallel);
          const { people: left } = await fleet.stats();
          if (left > 0) throw new Error(`${program} left ${left} people logged on`);
          seconds.get(program)?.push(wallMs / 1000);
          log(`  ${round}/${rounds} ${program}: ${(wallMs / 1000).toFixed(1)} s`);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      }
    }
  } finally {
    await fleet.close();
  }
  const [one, each] = programs.map((program) => medianOf(seconds.get(program) ?? [])) as [number, number];
  return {
    hosts,
    parallel,
    rounds,
    oneResourceSeconds: one,
    resourcePerHostSeconds: each,
    ratio: each / one,
  };
}

function jobOf({ folder, port, addresses }: Fleet, hosts: number, parallel: number): object {
  return {
    hosts: addresses.slice(0, hosts).map((address) => `${address}:${port}`),
    privateKeyFile: join(folder, "id_ed25519"),
    knownHostsFile: join(folder, "known_hosts"),
    parallel,
  };
}

/** A project as a user has it: the program, and the package installed. */
function projectIn(folder: string, program: string): string {
  const project = join(folder, "project");
  cpSync(resolve(__dirname, "..", "pulumi", program), project, { recursive: true });
  writeFileSync(join(project, "Pulumi.yaml"), "name: bench\nruntime: nodejs\nmain: index.js\n");
  writeFileSync(join(project, "package.json"), '{ "name": "bench", "private": true }\n');
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@pulumi"), { recursive: true });
  symlinkSync(checkout, join(modules, "pulumi-session-logoff"), "dir");
  for (const name of ["ssh2", "@pulumi/pulumi"])
    symlinkSync(join(checkout, "node_modules", name), join(modules, name), "dir");
  return project;
}

/** A new stack, then the one command that is measured. @returns its wall-clock milliseconds */
async function up(
  program: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  parallel: number,
): Promise<number> {
  const quiet = ["--non-interactive", "--color=never"];
  await measure({ program, args: ["stack", "init", "bench", ...quiet], cwd, env }, timeoutMs);
  const args = ["up", "--yes", "--skip-preview", `--parallel=${parallel}`, ...quiet];
  return (await measure({ program, args, cwd, env }, timeoutMs)).wallMs;
}
