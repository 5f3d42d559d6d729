/** Connects to this machine: runs the same commands here, without SSH. */
import { spawn, type ChildProcess } from "node:child_process";
import { aborted, onAbort } from "../base/abort";
import { systemClock, type Clock } from "../base/clock";
import { LogoffError, notSent } from "../base/errors";
import { printable } from "../base/text";
import type { Connect, Exec, ExecOptions, ExecResult } from "../connection";
import { endTree, type EndTree } from "../process/process-tree";
import { commandShell } from "../process/windows-programs";
import { systemCommand } from "./system-command";

/** Defaults: this process's platform and environment, the system clock, and {@link endTree}. */
export interface LocalOptions {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  readonly endTree?: EndTree;
}

/** The same limit as over SSH, far more than any listing of sessions. */
const maxOutputBytes = 8 * 1024 * 1024;
/** How long to wait for the end of the output after a command exits, in case a process that it started holds it open. */
const outputEndsMs = 500;

/**
 * A {@link Connect} to this machine, whatever the host's address. Commands are constants with validated IDs in them, and are written
 * for the platform's shell.
 */
export function localConnect(options: LocalOptions = {}): Connect {
  return (host, signal) => {
    const closing = new AbortController();
    const closed = (): LogoffError =>
      new LogoffError(
        "connection-lost",
        `Cannot finish a command on "${host.label}": the connection was closed`,
      );
    const exec: Exec = async (command, execOptions) => {
      const { signal: given = closing.signal, beforeSend } = execOptions;
      const throwIfEnded = (): void => {
        for (const ending of [closing.signal, given]) if (ending.aborted) throw notSent(aborted(ending));
      };
      throwIfEnded();
      await beforeSend?.();
      throwIfEnded();
      return run(command, execOptions, host.label, closing.signal, options);
    };
    if (signal.aborted) return Promise.reject(aborted(signal));
    return Promise.resolve({
      exec,
      warnings: [],
      close: () => {
        closing.abort(closed());
        return Promise.resolve();
      },
    });
  };
}

/** The shell and its arguments. `cmd.exe` reads the rest of its command line itself, so Node must not quote it. */
function shellFor(command: string, { platform = process.platform, env = process.env }: LocalOptions) {
  return platform === "win32"
    ? { file: commandShell(env), args: ["/d", "/s", "/c", `"${command}"`], verbatim: true }
    : { file: "/bin/sh", args: ["-c", command], verbatim: false };
}

/** The environment of a command. Under WSL, PATH loses the folders of Windows, whose programs would list the sessions of Windows. */
function environmentFor({ platform = process.platform, env = process.env }: LocalOptions): NodeJS.ProcessEnv {
  const path = env["PATH"];
  if (platform !== "linux" || env["WSL_DISTRO_NAME"] === undefined || path === undefined) return env;
  const linuxFolders = path.split(":").filter((folder) => !/^\/mnt\/[a-z](?:\/|$)/u.test(folder));
  return { ...env, PATH: linuxFolders.join(":") };
}

function run(
  command: string,
  { stdin, timeoutMs, signal }: ExecOptions,
  label: string,
  closing: AbortSignal,
  options: LocalOptions,
): Promise<ExecResult> {
  const { clock = systemClock, platform = process.platform } = options;
  const kill = options.endTree ?? endTree(platform, options.env);
  return new Promise((resolve, reject) => {
    const { file, args, verbatim } = shellFor(systemCommand(command, options), options);
    // In a separate process group, Ctrl-C at the terminal reaches only us, and the whole tree can be ended at once.
    const child = spawn(file, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: environmentFor(options),
      detached: platform !== "win32",
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    const settled = new AbortController();
    const stopListening: (() => void)[] = [];
    const settle = (finish: () => void): void => {
      if (settled.signal.aborted) return;
      settled.abort();
      for (const stop of stopListening) stop();
      finish();
    };
    const fail = (error: LogoffError): void =>
      settle(() => {
        kill(child);
        release(child);
        reject(error);
      });
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxOutputBytes) chunks.push(chunk);
      else {
        const message = `Cannot use the output of a command on "${label}": it is longer than ${maxOutputBytes / 1024 / 1024} MiB`;
        fail(new LogoffError("output-unrecognised", message));
      }
    };
    const done = (code: number | null, name: NodeJS.Signals | null): void =>
      settle(() => {
        release(child);
        const end = code === null ? { signal: name ?? "unknown" } : { code };
        resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...end });
      });

    for (const ending of [closing, ...(signal === undefined ? [] : [signal])])
      stopListening.push(onAbort(ending, fail));
    child.stdout.on("data", keep(stdout));
    child.stderr.on("data", keep(stderr));
    child.once("close", done);
    child.once("exit", (code, name) => {
      void clock.sleep(outputEndsMs, settled.signal).then(
        () => done(code, name),
        () => undefined,
      );
    });
    child.once("error", (cause: Error) => {
      const message = `Cannot start a command on "${label}": ${printable(cause.message)}`;
      fail(new LogoffError("command-failed", message, { cause, sent: false }));
    });
    // A command need not read its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin === undefined ? undefined : Buffer.from(stdin));
    void clock.sleep(timeoutMs, settled.signal).then(
      () =>
        fail(
          new LogoffError(
            "timed-out",
            `Timed out running a command on "${label}": it did not end within ${timeoutMs / 1000} s`,
          ),
        ),
      () => undefined,
    );
  });
}

/** Releases a child, so that handles which it or its children still hold do not keep this process alive. */
function release(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}
