import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { endWithUs } from "../command";
import type { BenchContext } from "../context";
import { medianOf } from "../statistics";

/** How long a process takes until something, and how many times as long as Node alone in the same round. */
export interface Start {
  readonly what: string;
  readonly ms: number;
  readonly timesNode: number;
}

export interface StartResult {
  readonly rounds: number;
  readonly nodeMs: number;
  readonly command: Start;
  readonly refused: Start;
  readonly plugin: Start;
  readonly firstConnection: Start;
}

const dist = resolve(__dirname, "..", "..", "dist");
const commandFile = join(dist, "command", "session-logoff.js");
const pluginFile = join(dist, "plugin", "plugin.js");
const timeoutMs = 30_000;

/** Part 7: how long a process takes to start, against `node -e 0`. Each is started once before, so that files and compiled code are cached. */
export async function start({ sizes: { startRounds: rounds }, log }: BenchContext): Promise<StartResult> {
  // In a cache folder of its own, so that nothing depends on what ran before.
  const cache = mkdtempSync(join(tmpdir(), "slb-start-"));
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  const server = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const list = [
    "--list",
    "--host",
    `127.0.0.1:${port}`,
    "--user",
    "u",
    "--password-env",
    "BENCH_PASSWORD",
    "--known-hosts",
    "/dev/null",
  ];
  const starts = {
    node: () => msUntil(env, ["-e", "0"], "its end"),
    command: () => msUntil(env, [commandFile, "--version"], "its end"),
    refused: () => msUntil(env, [commandFile, "--no-such-option"], "its end"),
    plugin: () => msUntil(env, [pluginFile, "127.0.0.1:1"], "its output"),
    firstConnection: () =>
      msUntil({ ...env, BENCH_PASSWORD: "p" }, [commandFile, ...list], once(server, "connection")),
  };
  const times = { node: [], command: [], refused: [], plugin: [], firstConnection: [] } as Record<
    keyof typeof starts,
    number[]
  >;
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const [name, run] of Object.entries(starts) as [keyof typeof starts, () => Promise<number>][]) {
        const ms = await run();
        if (round > 0) times[name].push(ms);
      }
    }
  } finally {
    server.close();
    rmSync(cache, { recursive: true, force: true });
  }
  const startOf = (what: string, name: keyof typeof starts): Start => ({
    what,
    ms: medianOf(times[name]),
    timesNode: medianOf(times[name].map((ms, round) => ms / (times.node[round] ?? NaN))),
  });
  const result = {
    rounds,
    nodeMs: medianOf(times.node),
    command: startOf("session-logoff --version", "command"),
    refused: startOf("a wrong option, until it is refused", "refused"),
    plugin: startOf("the plugin, until the engine knows its port", "plugin"),
    firstConnection: startOf("session-logoff --list, until its first connection", "firstConnection"),
  };
  log(`  node ${result.nodeMs.toFixed(0)} ms, command ${result.command.timesNode.toFixed(2)}×`);
  return result;
}

/** Milliseconds from the start of a process of this Node until something; it is ended then. */
async function msUntil(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  what: "its end" | "its output" | Promise<unknown>,
): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "ignore"], timeout: timeoutMs });
  const stop = endWithUs(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const output = once(child.stdout, "data");
  output.catch(() => undefined);
  await (what === "its end" ? ended : Promise.race([what === "its output" ? output : what, ended]));
  const ms = performance.now() - started;
  const endedEarly = what !== "its end" && child.exitCode !== null;
  child.kill("SIGKILL");
  await ended;
  stop();
  if (endedEarly) throw new Error(`${args.join(" ")} ended with ${String(child.exitCode)}`);
  return ms;
}
