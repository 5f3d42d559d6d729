import { spawn } from "node:child_process";
import { constants } from "node:os";

/** A program and its arguments; never a shell command line. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The resources that a command used. */
export interface Took {
  readonly wallMs: number;
  /** Processor time of the command and of all children that it waited for. */
  readonly cpuMs: number;
  readonly output: string;
}

/** Runs the command and then prints what its children used: Node reports only its own usage. */
const timesOfChildren = '"$@"; code=$?; times >&3; exit $code';

/**
 * Runs a command to completion and measures it.
 * @param timeoutMs after this time, its process group is killed
 * @param onStart receives the ID of the root process
 * @throws Error with the output if the exit code is not 0
 */
export function measure(
  { program, args, cwd, env }: Command,
  timeoutMs: number,
  onStart: (process: number) => void = () => undefined,
): Promise<Took> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn("/bin/sh", ["-c", timesOfChildren, "sh", program, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      detached: true,
    });
    if (child.pid !== undefined) onStart(child.pid);
    const texts: [output: string, errors: string, times: string] = ["", "", ""];
    const streams = [child.stdout, child.stderr, child.stdio[3] as NodeJS.ReadableStream | undefined];
    streams.forEach((stream, index) => {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        texts[index] = (texts[index] ?? "") + text;
      });
    });
    const stop = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has already ended.
      }
    };
    const unhook = endWithUs(stop);
    const timer = setTimeout(stop, timeoutMs);
    const over = (): void => {
      clearTimeout(timer);
      unhook();
    };
    child.once("error", (error) => {
      over();
      reject(error);
    });
    child.once("close", (code, signal) => {
      over();
      const wallMs = performance.now() - started;
      const [output, errors, times] = texts;
      if (code === 0) resolve({ wallMs, cpuMs: childTimeMs(times), output });
      else
        reject(
          new Error(
            `${program} ended with ${code ?? signal ?? "nothing"}:\n${(output + errors).slice(-3000)}`,
          ),
        );
    });
  });
}

/** Parses the second line of `times`: user and system time, each as `1m2.34s`. */
function childTimeMs(times: string): number {
  const [, children = ""] = times.trim().split("\n");
  return [...children.matchAll(/(\d+)m([\d.]+)s/gu)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

/** Calls `stop` when this process is asked to exit, or exits. @returns a function that removes the listeners */
export function endWithUs(stop: () => void): () => void {
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const listener = (): void => {
      stop();
      process.exit(128 + constants.signals[signal]);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  process.on("exit", stop);
  return () => {
    process.off("exit", stop);
    for (const off of listeners) off();
  };
}
