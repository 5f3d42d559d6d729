import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock";
import { endGroup, endTree, signalGroup } from "../../process/process-tree";
import { startWatchdog, type Watchdog } from "../../process/watchdog";
import { commandShell } from "../../process/windows-programs";
import type { SshContext } from "../options";
import { lastLinesOf } from "./last-lines";
import { proxyStream } from "./proxy-stream";

/** How a process ended; `closed`: it closed its output, and still runs. */
export type ProxyEnd = { readonly code: number } | { readonly signal: string } | "closed";

/** The process of a ProxyCommand, which carries one connection. */
export interface ProxyProcess {
  /** Its standard input and output. Destroying it ends the process. */
  readonly stream: Duplex;
  /** How the process ended the stream; undefined before, and if we ended it. */
  readonly end: () => ProxyEnd | undefined;
  /** The last lines of its standard error, unfiltered. */
  readonly lastLines: () => readonly string[];
  /** Resolves when nothing is left of the process, at most two seconds after the stream is closed. Never rejects. */
  readonly gone: Promise<void>;
}

/** How long a process that has closed its output, or has ended, may take to end and to close its standard error. */
const settlesWithinMs = 1000;
/** A process may clean up when its connection ends; one that ignores that is killed. */
const hangUp = { signal: "SIGHUP", withinMs: 1000 } as const;

/**
 * Runs a command as OpenSSH runs a ProxyCommand, but in a process group of its own and without a terminal. Nothing of it outlives this
 * process: at the end of ours it is killed. On Windows, if ours is killed, only the pipes close.
 * @param heard receives each line of its standard error, unfiltered
 * @throws Error if it cannot be started
 */
export async function startProxy(
  command: string,
  { env, baseFolder, platform, clock }: Pick<SshContext, "env" | "baseFolder" | "platform" | "clock">,
  heard: (line: string) => void,
): Promise<ProxyProcess> {
  const isWindows = platform === "win32";
  // `cmd.exe` reads the rest of its command line itself, so Node must not quote it.
  const [file, args] = isWindows
    ? [commandShell(env), ["/d", "/s", "/c", `"${command}"`]]
    : [env["SHELL"] || "/bin/sh", ["-c", `exec ${command}`]];
  const child = spawn(file, args, {
    stdio: "pipe",
    env,
    cwd: baseFolder,
    // Ctrl-C at the terminal reaches only us, and what the command starts can be ended with it.
    detached: !isWindows,
    windowsHide: true,
    windowsVerbatimArguments: isWindows,
  });
  await once(child, "spawn");
  return follow(child, clock, platform, heard);
}

function follow(
  child: ChildProcessWithoutNullStreams,
  clock: Clock,
  platform: NodeJS.Platform,
  heard: (line: string) => void,
): ProxyProcess {
  const { stderr } = child;
  let end: ProxyEnd | undefined;
  let isGroupGone = false;
  const forget = endAtExit(child, platform);
  // An error of a child that runs is a signal that could not be sent.
  child.on("error", () => undefined);
  const lastLines = lastLinesOf(stderr, heard);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      if (!stream.destroyed) end = code === null ? { signal: signal ?? "an unknown signal" } : { code };
      // From now on another process may get its number, unless something of the group is left.
      isGroupGone = platform === "win32" || !signalGroup(child, 0);
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stdout.once("end", () => {
    if (!stream.destroyed) end ??= "closed";
  });
  const stream = proxyStream(child, () => atMost(closed, clock));
  const gone = once(stream, "close")
    .catch(() => undefined)
    .then(async () => {
      if (!isGroupGone) await endGroup(child, clock, hangUp, platform);
      await atMost(exited, clock);
      // Whatever still holds its other end must not keep this process alive.
      stderr.destroy();
      child.unref();
      forget();
    });
  return {
    stream,
    end: () => end,
    lastLines,
    gone,
  };
}

/** Resolves when `done` does, or after {@link settlesWithinMs}. */
function atMost(done: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = clock.after(settlesWithinMs, resolve);
    void done.then(stopTimer).then(resolve);
  });
}

/** The processes that run, which must not outlive this one. */
const running = new Set<() => void>();

/** Ends them if this process is killed, when its handlers do not run. Started with the first of them. */
let watchdog: Watchdog | undefined;

function endAll(): void {
  for (const end of running) end();
}

/** Kills the process and its group when this process ends, however it does. Returns a function that calls it off. */
function endAtExit(child: ChildProcess, platform: NodeJS.Platform): () => void {
  const { pid } = child;
  const forget =
    platform === "win32" || pid === undefined ? undefined : (watchdog ??= startWatchdog()).watch(pid);
  const end = (): void => {
    if (platform === "win32") endTree(platform)(child);
    else signalGroup(child, "SIGKILL");
  };
  if (running.size === 0) process.on("exit", endAll);
  running.add(end);
  return () => {
    forget?.();
    running.delete(end);
    if (running.size === 0) process.off("exit", endAll);
  };
}
