/** Runs the built command, kills it at the moments of a scenario, and goes on with its journal until it ends by itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { clientKey, labUser } from "../../lab/lab";
import { until } from "../../lab/until";
import { runs as isRunning } from "../../local/processes";
import { exceptedUser, type KillMoment, type Scenario } from "./scenario";
import { setStage, type Stage } from "./stage";

const root = join(__dirname, "..", "..", "..");
export const builtMain = join(root, "dist", "command", "session-logoff.js");

/** A line of the journal; its fields are those of the notes, by name. */
export type Line = Readonly<Record<string, unknown>>;

/** One process of the command. */
export interface Process {
  readonly startedMs: number;
  /** Null: it was killed. */
  readonly status: number | null;
  readonly endedMs: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The whole lines of the journal when it started. */
  readonly found: readonly Line[];
}

/** A run of the command of `--then`, as it tells itself. */
export interface ThenRun {
  readonly wave: number;
  readonly isResumed: boolean;
  /** The number of the process that ran it. */
  readonly process: number;
  readonly pid: number;
  readonly hasEnded: boolean;
}

export interface Story {
  readonly scenario: Scenario;
  readonly stage: Stage;
  readonly processes: readonly Process[];
  readonly journal: readonly Line[];
  readonly journalBytes: number;
  readonly thenRuns: readonly ThenRun[];
  /** What is left in the folder besides what was put there. */
  readonly leftFiles: readonly string[];
}

/** More processes mean that a run that is resumed never ends. */
const mostProcesses = 20;

export async function playOut(scenario: Scenario): Promise<Story> {
  const folder = mkdtempSync(join(tmpdir(), "journal-kills-"));
  const stage = await setStage(scenario);
  try {
    return await playIn(folder, scenario, stage);
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playIn(folder: string, scenario: Scenario, stage: Stage): Promise<Story> {
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("key"), clientKey.privateKey, { mode: 0o600 });
  writeFileSync(path("known_hosts"), stage.knownHosts);
  const journal = path("journal");
  const processes: Process[] = [];
  const read = (): readonly Line[] => wholeLines(journal);
  for (;;) {
    const number = processes.length + 1;
    if (number > mostProcesses) throw new Error(`the run has not ended after ${mostProcesses} processes`);
    const way = existsSync(journal) ? "--resume" : "--journal";
    const argv = [...argumentsOf(scenario, stage, path), way, journal];
    const kill = scenario.kills[number - 1];
    const process = await runOnce(argv, { stage, number, kill, found: read(), folder });
    processes.push(process);
    if (process.status !== null) break;
    await delay(scenario.downMs[number - 1] ?? 0);
  }
  // A command of --then outlives the process that was killed.
  const thenRuns = await until("every command of --then has ended", () => {
    const all = thenRunsIn(path("then.log"));
    return all.every(({ hasEnded, pid }) => hasEnded && !isRunning(pid)) && all;
  });
  stage.settle();
  const put = ["key", "known_hosts", "journal", "then.log"];
  return {
    scenario,
    stage,
    processes,
    journal: read(),
    journalBytes: existsSync(journal) ? readFileSync(journal).length : 0,
    thenRuns,
    leftFiles: readdirSync(folder).filter((name) => !put.includes(name)),
  };
}

interface Once {
  readonly stage: Stage;
  readonly number: number;
  readonly kill: KillMoment | undefined;
  readonly found: readonly Line[];
  readonly folder: string;
}

async function runOnce(
  argv: readonly string[],
  { stage, number, kill, found, folder }: Once,
): Promise<Process> {
  const startedMs = performance.now();
  stage.process = number;
  const child = spawn(process.execPath, [builtMain, ...argv], {
    cwd: folder,
    env: {
      ...process.env,
      HOME: folder,
      NO_COLOR: "1",
      LAB_PASSWORD: labUser.password,
      LAB_PROCESS: String(number),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  let arrived = 0;
  stage.onAct = () => {
    arrived += 1;
    if (kill !== undefined && "atCommand" in kill && arrived === kill.atCommand) child.kill("SIGKILL");
  };
  const timer =
    kill !== undefined && "afterMs" in kill
      ? setTimeout(() => child.kill("SIGKILL"), kill.afterMs)
      : undefined;
  const exited = once(child, "exit");
  const closed = once(child, "close");
  await exited;
  clearTimeout(timer);
  const endedMs = performance.now();
  stage.onAct = () => undefined;
  // A command of --then that outlives the process may hold its outputs open.
  if (child.exitCode !== null) await closed;
  child.stdout.destroy();
  child.stderr.destroy();
  return { startedMs, endedMs, status: child.exitCode, stdout, stderr, found };
}

function argumentsOf(scenario: Scenario, stage: Stage, path: (name: string) => string): readonly string[] {
  const { warn, drain, waves, hasThen, thenUndrains, onlyActive, hosts } = scenario;
  const isRelayed = hosts.some(({ kind }) => kind === "relayed");
  const log = path("then.log");
  const say = (what: string): string =>
    `echo "${what} $SESSION_LOGOFF_WAVE \${SESSION_LOGOFF_RESUMED:-0} $LAB_PROCESS $$" >> '${log}'`;
  return [
    "--all",
    "--yes",
    ...[...stage.labels.values()].flatMap((label) => ["--host", label]),
    ...["--except-user", exceptedUser],
    ...(onlyActive ? ["--state", "active"] : []),
    ...["--user", labUser.name],
    ...(isRelayed ? ["--password-env", "LAB_PASSWORD"] : ["--identity", path("key")]),
    ...["--known-hosts", path("known_hosts")],
    ...(warn === null
      ? []
      : ["--warn", "Maintenance: please save, {user}", "--grace", `${warn.graceMs / 1000}s`]),
    ...(warn?.reminderMs === undefined ? [] : ["--remind", `${warn.reminderMs / 1000}s`]),
    ...(drain === "none" ? [] : ["--drain", drain]),
    ...(waves.length === 0 ? [] : ["--waves", waves.join(",")]),
    ...(hasThen ? ["--then", `cat >/dev/null; ${say("begin")}; sleep 0.3; ${say("end")}`] : []),
    ...(thenUndrains ? ["--then-undrain", "20s", "--no-restart"] : []),
    ...["--timeout-logoff", "3s", "--parallel", "3", "--output", "json", "--quiet"],
  ];
}

function wholeLines(path: string): readonly Line[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Line);
}

function thenRunsIn(path: string): readonly ThenRun[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  const ended = new Set(lines.flatMap((line) => (line.startsWith("end ") ? [line.slice(4)] : [])));
  return lines.flatMap((line): ThenRun[] => {
    if (!line.startsWith("begin ")) return [];
    const [wave = 0, isResumed, process = 0, pid = 0] = line.slice(6).split(" ").map(Number);
    return [{ wave, isResumed: isResumed === 1, process, pid, hasEnded: ended.has(line.slice(6)) }];
  });
}
