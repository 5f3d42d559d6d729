/** Runs a command of the operator on this machine, in the shell and in a process group of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { aborted, onAbort } from "../base/abort";
import { systemClock, type Clock } from "../base/clock";
import { printable } from "../base/text";
import { endGroup } from "../process/process-tree";
import { commandShell } from "../process/windows-programs";
import { eachLine } from "./output-lines";

/** A command of the operator. */
export interface ShellCommand {
  /** Written for the shell of this machine. May hold a token, so it appears in no message. */
  readonly command: string;
  /** The command need not read it. */
  readonly stdin: string;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Receives each line of the command's output and errors, and a last one that is not finished. */
  readonly onLine: (line: string) => void;
}

/** How a command ended. */
export type CommandEnd =
  | { readonly status: number }
  | { readonly signal: string }
  /** The command could not be started. */
  | { readonly notStarted: string };

/** Runs a command. Never rejects. @param end ends the command and everything that it has started */
export type RunShell = (command: ShellCommand, end: AbortSignal) => Promise<CommandEnd>;

/** Defaults: this process's platform and environment, and the system clock. */
export interface ShellOptions {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

/** How long to wait for the end of the output after a command exits, in case a process that it started holds it open. */
const outputEndsMs = 500;

/** A command gets this much time to clean up when it is ended. */
const terminated = { signal: "SIGTERM", withinMs: 10_000 } as const;

/** The {@link RunShell} of this machine. */
export function shellRunner({ platform, env, clock = systemClock }: ShellOptions = {}): RunShell {
  return async (given, end) => {
    if (end.aborted) return { notStarted: aborted(end).message };
    let child: ChildProcessWithoutNullStreams;
    try {
      child = start(given, platform, env);
    } catch (thrown) {
      return { notStarted: reasonOf(thrown) };
    }
    return follow(child, given, end, clock, platform);
  };
}

function start(
  { command, env: added }: ShellCommand,
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): ChildProcessWithoutNullStreams {
  const isWindows = platform === "win32";
  // `cmd.exe` reads the rest of its command line itself, so Node must not quote it.
  const [file, args] = isWindows
    ? [commandShell(env), ["/d", "/s", "/c", `"${command}"`]]
    : ["/bin/sh", ["-c", command]];
  return spawn(file, args, {
    stdio: "pipe",
    env: { ...env, ...added },
    // Ctrl-C at the terminal reaches only us. A hidden console does the same on Windows.
    detached: !isWindows,
    windowsHide: true,
    windowsVerbatimArguments: isWindows,
  });
}

function follow(
  child: ChildProcessWithoutNullStreams,
  { stdin, onLine }: ShellCommand,
  end: AbortSignal,
  clock: Clock,
  platform?: NodeJS.Platform,
): Promise<CommandEnd> {
  const outputs = [child.stdout, child.stderr].map((stream) => eachLine(stream, onLine));
  return new Promise((resolve) => {
    const settled = new AbortController();
    const settle = (how: CommandEnd): void => {
      if (settled.signal.aborted) return;
      settled.abort();
      for (const finish of outputs) finish();
      // Handles that the command's own children still hold must not keep this process alive.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.unref();
      resolve(how);
    };
    let ending = Promise.resolve();
    const settleSoon = (how: CommandEnd): void => {
      void ending
        .then(() => clock.sleep(outputEndsMs, settled.signal))
        .then(
          () => settle(how),
          () => undefined,
        );
    };
    const stopListening = onAbort(end, () => {
      ending = endGroup(child, clock, terminated, platform);
      // One that belongs to another user cannot be ended, and is not waited for.
      settleSoon({ signal: "SIGKILL" });
    });
    child.once("error", (cause: Error) => {
      stopListening();
      settle({ notStarted: reasonOf(cause) });
    });
    child.once("exit", (code, signal) => {
      // What a command leaves running when it ends by itself is meant to run.
      stopListening();
      const how = code === null ? { signal: signal ?? "an unknown signal" } : { status: code };
      child.once("close", () => void ending.then(() => settle(how)));
      settleSoon(how);
    });
    // EPIPE: the command has not read its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
  });
}

/** The reason without what was to be started: Node's errors hold the whole command in other fields. */
function reasonOf(thrown: unknown): string {
  return printable(thrown instanceof Error ? thrown.message : String(thrown));
}
