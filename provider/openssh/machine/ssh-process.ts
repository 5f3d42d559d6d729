/** One process of the machine's ssh. */
import { spawn, type ChildProcess } from "node:child_process";
import { onAbort } from "../../base/abort";
import type { Watchdog } from "../../process/watchdog";

/** How a process of ssh ended: its exit status, or undefined after a signal or if it did not start. */
export interface SshEnd {
  readonly code: number | undefined;
  /** Why it did not start, such as `ENOENT`. */
  readonly notStarted?: string;
}

/** How this machine's ssh is started. */
export interface SshProgram {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** Ends its processes if this one is killed. Absent: nothing does, as before there is a private folder, and on Windows. */
  readonly watchdog?: Watchdog;
}

/** How long a process has to end after SIGTERM. */
const endsWithinMs = 1000;

/** Starts ssh in a process group of its own, so that Ctrl-C does not reach it and its ProxyCommand ends with it. */
export function startSsh(
  program: SshProgram,
  args: readonly string[],
  stdio: "ignore" | "pipe",
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  const child = spawn(program.path, args, {
    stdio: [stdio, stdio, stdio],
    env: { ...program.env, LC_ALL: "C", ...env },
    detached: program.platform !== "win32",
    windowsHide: true,
  });
  // A process that does not start has no other event that comes for certain.
  child.on("error", () => undefined);
  if (child.pid !== undefined && program.watchdog !== undefined)
    child.once("exit", program.watchdog.watch(child.pid));
  return child;
}

/**
 * Runs ssh without input and output until its foreground process ends; a master in the background may go on. When the signal fires, the whole
 * group is ended.
 * @throws LogoffError the signal's reason, once nothing is left of the group
 */
export function runSsh(
  program: SshProgram,
  args: readonly string[],
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = {},
): Promise<SshEnd> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      onAbort(signal, reject);
      return;
    }
    const child = startSsh(program, args, "ignore", env);
    let ending: (() => void) | undefined;
    const stopListening = onAbort(signal, (error) => {
      endGroup(child, program.platform);
      ending = () => reject(error);
    });
    const ended = (end: SshEnd): void => {
      stopListening();
      if (ending === undefined) resolve(end);
      else ending();
    };
    // Not `close`: a master in the background may hold what it inherited.
    child.once("exit", (code) => ended({ code: code ?? undefined }));
    child.once("error", (cause: NodeJS.ErrnoException) =>
      ended({ code: undefined, notStarted: cause.code ?? cause.message }),
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
      resolve({ ...texts, code: code ?? undefined });
    });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      stopListening();
      resolve({ ...texts, code: undefined, notStarted: cause.code ?? cause.message });
    });
  });
}

/** Ends a process and its group: SIGTERM, and SIGKILL if it has not ended within a second. */
export function endGroup(child: ChildProcess, platform: NodeJS.Platform): void {
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
