/** The connect of this very machine: the same commands, run here, without SSH. */
import { spawn, type ChildProcess } from "node:child_process";
import { aborted, onAbort, throwIfAborted } from "../base/abort";
import { systemClock, type Clock } from "../base/clock";
import { LogoffError } from "../base/errors";
import { printable } from "../base/text";
import type { Connect, Exec, ExecOptions, ExecResult } from "../connection";
import { endTree, type EndTree } from "./process-tree";
import { commandShell, systemCommand } from "./system-command";

/** Everything has the default of the real world. */
export interface LocalOptions {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  readonly endTree?: EndTree;
}

/** As over SSH: no listing of sessions is near it. */
const maxOutputBytes = 8 * 1024 * 1024;
/** How long the output of a command that has ended may stay open, held by something that it left behind. */
const outputEndsMs = 500;

/**
 * A {@link Connect} to this machine, whatever address the host has. Commands are constants with validated IDs in them,
 * as everywhere, and run through the platform's shell because that is what they are written for.
 */
export function localConnect(options: LocalOptions = {}): Connect {
  return (host, signal) => {
    const closing = new AbortController();
    const closed = (): LogoffError =>
      new LogoffError("connection-lost", `"${host.label}" was closed before a command had ended`);
    const exec: Exec = (command, execOptions) => {
      if (closing.signal.aborted) return Promise.reject(closed());
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

/** The environment of a command, without the folders of the Windows around a Linux in WSL: their programs list the people there. */
function environmentFor({ platform = process.platform, env = process.env }: LocalOptions): NodeJS.ProcessEnv {
  const path = env["PATH"];
  if (platform !== "linux" || env["WSL_DISTRO_NAME"] === undefined || path === undefined) return env;
  const own = path.split(":").filter((folder) => !/^\/mnt\/[a-z](?:\/|$)/u.test(folder));
  return { ...env, PATH: own.join(":") };
}

function run(
  command: string,
  { stdin, timeoutMs, signal, onTurn }: ExecOptions,
  label: string,
  closing: AbortSignal,
  options: LocalOptions,
): Promise<ExecResult> {
  const { clock = systemClock, platform = process.platform } = options;
  const kill = options.endTree ?? endTree(platform, options.env);
  return new Promise((resolve, reject) => {
    if (signal !== undefined) throwIfAborted(signal);
    onTurn?.();
    const { file, args, verbatim } = shellFor(systemCommand(command, options), options);
    // A group of its own: Ctrl-C at the terminal is for us, and the whole tree can be ended at once.
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
    const over = new AbortController();
    const listening: (() => void)[] = [];
    const settle = (finish: () => void): void => {
      if (over.signal.aborted) return;
      over.abort();
      for (const stop of listening) stop();
      finish();
    };
    const giveUp = (error: LogoffError): void =>
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
        giveUp(new LogoffError("output-unrecognised", message));
      }
    };
    const done = (code: number | null, name: NodeJS.Signals | null): void =>
      settle(() => {
        release(child);
        const end = code === null ? { signal: name ?? "unknown" } : { code };
        resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...end });
      });

    for (const ending of [closing, ...(signal === undefined ? [] : [signal])])
      listening.push(onAbort(ending, giveUp));
    child.stdout.on("data", keep(stdout));
    child.stderr.on("data", keep(stderr));
    child.once("close", done);
    child.once("exit", (code, name) => {
      void clock.sleep(outputEndsMs, over.signal).then(
        () => done(code, name),
        () => undefined,
      );
    });
    child.once("error", (cause: Error) => {
      const message = `Cannot start a command on "${label}": ${printable(cause.message)}`;
      giveUp(new LogoffError("command-failed", message, { cause }));
    });
    // A command that does not read its input closes it; that is its business.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin === undefined ? undefined : Buffer.from(stdin));
    void clock.sleep(timeoutMs, over.signal).then(
      () =>
        giveUp(
          new LogoffError(
            "timed-out",
            `Gave up a command on "${label}" after ${timeoutMs / 1000} s without an end`,
          ),
        ),
      () => undefined,
    );
  });
}

/** Lets go of a child: what it or its own children still hold must not keep this process alive. */
function release(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}
