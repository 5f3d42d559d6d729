import { spawn } from "node:child_process";
import { constants } from "node:os";

/** A program with its arguments, never a shell line. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command took. */
export interface Took {
  readonly wallMs: number;
  /** Processor time of it and of all its children that it waited for. */
  readonly cpuMs: number;
  readonly output: string;
}

/** Passes the command through and then says what its children used: Node tells only of itself. */
const timesOfChildren = '"$@"; code=$?; times >&3; exit $code';

/**
 * Runs a command to its end and measures it.
 * @param timeoutMs after which it and its children are killed by their process group
 * @param onStart is told the process that all of it descends from
 * @throws Error with what it printed when it does not exit with 0
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
        // it has ended by itself
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

/** The second line of `times`, user and system, each as `1m2.34s`. */
function childTimeMs(times: string): number {
  const [, children = ""] = times.trim().split("\n");
  return [...children.matchAll(/(\d+)m([\d.]+)s/gu)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

/** Calls `stop` when this process is told to end or ends. @returns takes that back */
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
