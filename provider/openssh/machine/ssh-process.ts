/** One process of the machine's ssh. */
import { spawn, type ChildProcess } from "node:child_process";
import { finished } from "node:stream/promises";
import { onAbort } from "../../base/abort";
import { systemClock } from "../../base/clock";
import { endGroup, type Leader } from "../../process/process-tree";
import { lastLinesOf } from "../../ssh/proxy-command/last-lines";
import type { Watchdog } from "../../process/watchdog";

/** How a process of ssh ended: its exit status, or undefined after a signal or if it did not start. */
export interface SshEnd {
  readonly pid: number | undefined;
  readonly code: number | undefined;
  /** Why it did not start, such as `ENOENT`. */
  readonly notStarted?: string;
}

/** How the foreground process of a master ended. */
export interface ForegroundEnd extends SshEnd {
  /** The last lines of standard error: of a ProxyCommand, since ssh itself writes into its log. Complete if it has failed. */
  readonly lastLines: readonly string[];
}

/** What has become of an ssh that was to log in. */
export interface Outcome<T> {
  /** Undefined: it has ended without a login. */
  readonly value: T | undefined;
  /** The last lines of its ProxyCommand, where they are known. */
  readonly proxyWords: readonly string[];
}

/** How this machine's ssh is started. */
export interface SshProgram {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** Ends its processes if this one is killed. Absent: nothing does, as before there is a private folder, and on Windows. */
  readonly watchdog?: Watchdog;
  /** Receives the number of each process. Absent: nobody wants to know. */
  readonly started?: (pid: number) => void;
}

/** How long a process has to end after SIGTERM. */
const endsWithinMs = 1000;
const never = new AbortController().signal;
/** ssh itself sends its ProxyCommand SIGHUP. */
const hangUp = { signal: "SIGHUP", withinMs: endsWithinMs } as const;

/**
 * Starts ssh in a process group of its own, so that Ctrl-C does not reach it. When it ends, so does the rest of the group, which is its
 * ProxyCommand; but not if it has left a master in the background.
 */
export function startSsh(
  program: SshProgram,
  args: readonly string[],
  stdio: "pipe" | "only stderr",
  leavesMaster = false,
): ChildProcess {
  const child = spawn(program.path, args, {
    stdio: stdio === "pipe" ? "pipe" : ["ignore", "ignore", "pipe"],
    env: { ...program.env, LC_ALL: "C" },
    detached: program.platform !== "win32",
    windowsHide: true,
  });
  // A process that does not start has no other event that comes for certain.
  child.on("error", () => undefined);
  if (child.pid === undefined) return child;
  program.started?.(child.pid);
  const forget = program.watchdog?.watch(child.pid);
  child.once("exit", (code) => {
    if (leavesMaster && code === 0) forget?.();
    else void endRest(child, program).then(forget);
  });
  return child;
}

/** Ends what is left of the process group of an ssh that has ended, or has gone to the background. Never rejects. */
export async function endRest(leader: Leader, { platform }: Pick<SshProgram, "platform">): Promise<void> {
  if (platform !== "win32") await endGroup(leader, systemClock, hangUp, platform);
}

/**
 * Runs ssh without input until its foreground process ends; a master in the background may go on. When the signal fires, the whole group is
 * ended.
 * @throws LogoffError the signal's reason, once nothing is left of the group
 */
export function runSsh(
  program: SshProgram,
  args: readonly string[],
  signal: AbortSignal,
): Promise<ForegroundEnd> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      onAbort(signal, reject);
      return;
    }
    const child = startSsh(program, args, "only stderr", true);
    const { pid, stderr } = child;
    const lastLines = stderr === null ? () => [] : lastLinesOf(stderr, () => undefined);
    const allSaid = stderr === null ? Promise.resolve() : finished(stderr).catch(() => undefined);
    // A master in the background, or its ProxyCommand, holds the other end. It must not keep this process alive.
    (stderr as { unref?: () => void } | null)?.unref?.();
    let ending: (() => void) | undefined;
    const stopListening = onAbort(signal, (error) => {
      terminate(child, program.platform);
      ending = () => reject(error);
    });
    const ended = (end: SshEnd): void => {
      stopListening();
      if (ending !== undefined) ending();
      else if (end.code === 0) resolve({ ...end, lastLines: [] });
      else
        void Promise.race([allSaid, systemClock.sleep(endsWithinMs, never)]).then(() => {
          stderr?.destroy();
          resolve({ ...end, lastLines: lastLines() });
        });
    };
    // Not `close`: a master in the background may hold what it inherited.
    child.once("exit", (code) => ended({ pid, code: code ?? undefined }));
    child.once("error", (cause: NodeJS.ErrnoException) =>
      ended({ pid, code: undefined, notStarted: cause.code ?? cause.message }),
    );
  });
}

/** The output of a short run of ssh, such as `ssh -V`; both streams, as text. */
export function outputOfSsh(
  program: SshProgram,
  args: readonly string[],
  signal: AbortSignal,
): Promise<SshEnd & { readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = startSsh(program, args, "pipe");
    const texts = { stdout: "", stderr: "" };
    child.stdout?.on("data", (data: Buffer) => (texts.stdout += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (texts.stderr += data.toString()));
    child.stdin?.on("error", () => undefined).end();
    const stopListening = onAbort(signal, (error) => {
      killGroup(child, program.platform, "SIGKILL");
      reject(error);
    });
    child.once("close", (code) => {
      stopListening();
      resolve({ ...texts, pid: child.pid, code: code ?? undefined });
    });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      stopListening();
      resolve({ ...texts, pid: child.pid, code: undefined, notStarted: cause.code ?? cause.message });
    });
  });
}

/** Ends a process and its group: SIGTERM, and SIGKILL if it has not ended within a second. */
function terminate(child: ChildProcess, platform: NodeJS.Platform): void {
  killGroup(child, platform, "SIGTERM");
  const timer = setTimeout(() => killGroup(child, platform, "SIGKILL"), endsWithinMs);
  child.once("exit", () => {
    clearTimeout(timer);
    // A ProxyCommand that ignores SIGTERM would otherwise stay.
    killGroup(child, platform, "SIGKILL");
  });
}

/** Sends a signal to the group that a process leads; does nothing if it is gone. */
export function killGroup(child: ChildProcess, platform: NodeJS.Platform, name: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (platform === "win32") {
    child.kill(name);
    return;
  }
  try {
    process.kill(-pid, name);
  } catch {
    // ESRCH: nothing is left
  }
}
