/** Runs the command against a lab, in this process with a fake terminal or in a separate process. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { systemClock } from "../../provider/base/clock";
import { runCommand } from "../../provider/cli/command";
import type { World } from "../../provider/cli/world";
import { localConnect } from "../../provider/local/connect";
import { shellRunner } from "../../provider/local/shell-command";
import { systemCommand } from "../../provider/local/system-command";
import { openSsh } from "../../provider/ssh/open-ssh";
import { clientKey, labUser, startLab, type HostOptions, type Lab } from "../lab/lab";

/** The outcome of a run. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terminal {
  /** The streams that are a terminal: all, none, or these. */
  readonly isTTY?: boolean | readonly ("stdin" | "stdout" | "stderr")[];
  /** The typed or piped input. */
  readonly input?: string;
  /** Whether the input then ends, as with Ctrl-D on a terminal; a pipe always ends. */
  readonly ends?: boolean;
  readonly onError?: OnError;
  readonly env?: Readonly<Record<string, string>>;
  /** Overrides parts of the world. */
  readonly world?: Partial<World>;
}

export interface Scene {
  readonly lab: Lab;
  readonly folder: string;
  /** The arguments for reaching and trusting every host of the lab. */
  readonly access: readonly string[];
  /** `--host` arguments for these hosts of the lab, or for all. */
  readonly hosts: (...names: readonly string[]) => readonly string[];
  readonly path: (name: string) => string;
  readonly run: (argv: readonly string[], terminal?: Terminal) => Promise<Outcome>;
  /** Like `run`, but in a separate process. */
  readonly spawn: (argv: readonly string[], onError?: OnError, openFiles?: number) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

/** Called at each write to standard error, with all of its output so far. */
type OnError = (soFar: string, kill: (signal: NodeJS.Signals) => void) => void;

export const root = join(__dirname, "..", "..");
export const mainFile = join(root, "provider", "cli", "main.ts");

export async function startScene(hosts: readonly HostOptions[]): Promise<Scene> {
  const lab = await startLab({ hosts });
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-"));
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("key"), clientKey.privateKey, { mode: 0o600 });
  writeFileSync(path("known_hosts"), lab.knownHosts);
  const access = ["--user", labUser.name, "--identity", path("key"), "--known-hosts", path("known_hosts")];
  return {
    lab,
    folder,
    access,
    path,
    hosts: (...names) =>
      (names.length === 0 ? lab.hosts.map(({ name }) => name) : names).flatMap((name) => [
        "--host",
        lab.addressOf(name),
      ]),
    run: (argv, terminal) => runHere([...argv, ...access], terminal, folder),
    spawn: (argv, onError, openFiles) => runAsProcess([...argv, ...access], folder, onError, openFiles),
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      await lab.close();
    },
  };
}

/** Runs the command in this process. */
export async function runHere(
  argv: readonly string[],
  terminal: Terminal = {},
  folder = tmpdir(),
): Promise<Outcome> {
  const { isTTY = false, input, onError } = terminal;
  const isTerminal = (end: "stdin" | "stdout" | "stderr"): boolean =>
    typeof isTTY === "boolean" ? isTTY : isTTY.includes(end);
  const env = { NO_COLOR: "1", LAB_PASSWORD: labUser.password, ...terminal.env };
  let stdout = "";
  let stderr = "";
  let listener: ((signal: NodeJS.Signals) => void) | undefined;
  const stdin = Object.assign(new PassThrough(), { isTTY: isTerminal("stdin") });
  if (input !== undefined) stdin.write(input);
  if (terminal.ends === true || !stdin.isTTY) stdin.end();
  const world: World = {
    stdin,
    stdout: { isTTY: isTerminal("stdout"), columns: 100, write: (text) => (stdout += text) },
    stderr: {
      isTTY: isTerminal("stderr"),
      columns: 100,
      write: (text) => {
        stderr += text;
        onError?.(stderr, (signal) => listener?.(signal));
      },
    },
    env,
    clock: systemClock,
    hostName: "This-Machine",
    timeZone: () => "Europe/Berlin",
    version: () => "1.2.3",
    openSsh: (options) =>
      openSsh({
        baseFolder: folder,
        env: { ...process.env, ...env },
        ...options,
      }),
    connectHere: () => localConnect(),
    commandHere: (command) => systemCommand(command),
    runShell: shellRunner(),
    onSignal: (given) => {
      listener = given;
      return () => (listener = undefined);
    },
    exit: () => undefined,
    ...terminal.world,
  };
  const status = await runCommand(argv, world);
  return { status, stdout, stderr };
}

/** @param openFiles how many files the process may have open. Absent: as many as this one */
function runAsProcess(
  argv: readonly string[],
  folder: string,
  onError?: OnError,
  openFiles?: number,
): Promise<Outcome> {
  const node = [process.execPath, "--import", "tsx", mainFile, ...argv];
  const [program = "", ...given] =
    openFiles === undefined ? node : ["/bin/sh", "-c", `ulimit -n ${openFiles}; exec "$@"`, "sh", ...node];
  return new Promise((resolve, reject) => {
    const child = spawn(program, given, {
      cwd: root,
      env: { ...process.env, HOME: folder, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      onError?.(stderr, (signal) => child.kill(signal));
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ status: code ?? -1, stdout, stderr }));
  });
}

/** Gives one test its own scene, since a run ends sessions. */
export async function withScene(
  hosts: Parameters<typeof startScene>[0],
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const scene = await startScene(hosts);
  try {
    await work(scene);
  } finally {
    await scene.close();
  }
}
