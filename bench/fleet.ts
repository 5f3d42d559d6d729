import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endWithUs } from "./command";

export interface FleetOptions {
  readonly hosts: number;
  readonly people: number;
  readonly roundTripMs?: number;
  /** How long a command with one program takes. */
  readonly commandMs?: number;
  /** How long each further program of a command takes, as a share of `commandMs`. Default: 0. */
  readonly furtherPrograms?: number;
}

/** Counters since the last reset. */
export interface FleetStats {
  /** Users still logged on. */
  readonly people: number;
  readonly connections: number;
  readonly commands: number;
  /** The peak number of open connections. */
  readonly mostOpen: number;
  /** Command lines that no host recognizes. */
  readonly unexpected: readonly string[];
  /** Processor time of the process that simulates the hosts. */
  readonly cpuMs: number;
  readonly elapsedMs: number;
}

/** Simulated hosts on loopback addresses, in a process of their own. */
export interface Fleet {
  /** Contains `id_ed25519`, `known_hosts`, and `hosts` with one address per line. */
  readonly folder: string;
  readonly port: number;
  readonly addresses: readonly string[];
  /** Logs everybody on to the first `hosts` hosts again, drops all connections and clears the counters. */
  reset(hosts: number): Promise<void>;
  stats(): Promise<FleetStats>;
  close(): Promise<void>;
}

export async function startFleet(program: string, options: FleetOptions): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), "slb-"));
  const child = spawn(
    program,
    [
      `-hosts=${options.hosts}`,
      `-people=${options.people}`,
      `-rtt=${options.roundTripMs ?? 0}ms`,
      `-command-delay=${options.commandMs ?? 0}ms`,
      ...(options.furtherPrograms === undefined ? [] : [`-further-programs=${options.furtherPrograms}`]),
      `-dir=${folder}`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const unhook = endWithUs(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error("the simulated hosts ended too early");
    return JSON.parse(line.value);
  };
  const ask = (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    return nextLine();
  };
  const { port } = (await nextLine()) as { readonly port: number };
  return {
    folder,
    port,
    addresses: readFileSync(join(folder, "hosts"), "utf8").trim().split("\n"),
    reset: async (hosts) => {
      await ask(`reset ${hosts}`);
    },
    stats: async () => (await ask("stats")) as FleetStats,
    close: async () => {
      unhook();
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
