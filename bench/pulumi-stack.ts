import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { measure } from "./command";
import type { Fleet } from "./fleet";
import { peakMemoryOfProvider } from "./provider-memory";

/** The job.json that the programs in bench/pulumi/ read: ten thousand hosts do not fit into the environment. */
export interface StackJob {
  readonly hosts: readonly string[];
  readonly privateKeyFile: string;
  readonly knownHostsFile: string;
  readonly parallel: number;
  /** The number of resources that the hosts are divided among. Default: the program decides. */
  readonly resources?: number;
}

/** A new stack of a program in bench/pulumi/, with its own engine home and state. */
export interface Stack {
  /** `pulumi up` without a preview. */
  up(): Promise<{ readonly wallMs: number; readonly providerPeakMb: number }>;
  /** Size of the stack's state file. */
  stateBytes(): number;
}

const timeoutMs = 15 * 60_000;
const checkout = resolve(__dirname, "..");

/** The first hosts of a fleet, in the form that a program reads. */
export function stackJob({ folder, port, addresses }: Fleet, hosts: number, parallel: number): StackJob {
  return {
    hosts: addresses.slice(0, hosts).map((address) => `${address}:${port}`),
    privateKeyFile: join(folder, "id_ed25519"),
    knownHostsFile: join(folder, "known_hosts"),
    parallel,
  };
}

/** Creates a stack, passes it to `use` and removes it. `engine` is the path of the CLI. */
export async function withStack<T>(
  engine: string,
  program: string,
  job: StackJob,
  use: (stack: Stack) => Promise<T>,
): Promise<T> {
  const { engineEnvironment } = await import("../tools/engine/environment.mjs");
  const folder = mkdtempSync(join(tmpdir(), "slb-pulumi-"));
  const stateDir = join(folder, "state");
  const env = engineEnvironment({ engine, home: join(folder, "home"), stateDir, passphrase: "bench" });
  const quiet = ["--non-interactive", "--color=never"];
  try {
    const cwd = projectIn(folder, program);
    writeFileSync(join(cwd, "job.json"), JSON.stringify(job));
    await measure({ program: engine, args: ["stack", "init", "bench", ...quiet], cwd, env }, timeoutMs);
    return await use({
      up: async () => {
        const args = ["up", "--yes", "--skip-preview", `--parallel=${job.parallel}`, ...quiet];
        const memory = peakMemoryOfProvider();
        try {
          const { wallMs } = await measure({ program: engine, args, cwd, env }, timeoutMs, memory.watch);
          return { wallMs, providerPeakMb: memory.peakMb() };
        } finally {
          memory.end();
        }
      },
      stateBytes: () => {
        const files = readdirSync(stateDir, { recursive: true }).map((name) => join(stateDir, String(name)));
        const states = files.filter((file) => /[\\/]stacks[\\/].*bench\.json$/u.test(file));
        return states.reduce((sum, file) => sum + statSync(file).size, 0);
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lays out a project as a user has it: the program, and the installed package. */
function projectIn(folder: string, program: string): string {
  const project = join(folder, "project");
  cpSync(join(__dirname, "pulumi", program), project, { recursive: true });
  // Only a program with the plugin looks for it there.
  const plugin = `plugins:\n  providers:\n    - name: session-logoff\n      path: ${join(checkout, "dist", "plugin")}\n`;
  writeFileSync(join(project, "Pulumi.yaml"), `name: bench\nruntime: nodejs\nmain: index.js\n${plugin}`);
  writeFileSync(join(project, "package.json"), '{ "name": "bench", "private": true }\n');
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@pulumi"), { recursive: true });
  symlinkSync(checkout, join(modules, "pulumi-session-logoff"), "dir");
  for (const name of ["ssh2", "@pulumi/pulumi"])
    symlinkSync(join(checkout, "node_modules", name), join(modules, name), "dir");
  return project;
}
