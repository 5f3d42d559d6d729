import { spawn } from "node:child_process";
import { clearInterval, setInterval } from "node:timers";

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeoutMs] The command and its children are killed after this time. Default: never
 * @property {(elapsedMs: number) => void} [onTick] Called every 15 s, so that a long command does not appear to hang
 */

const tickMs = 15_000;
const keptCharacters = 100_000;

/** Thrown when a command fails. The message contains its output, which was not shown before. */
export class CommandFailed extends Error {
  /** @override */
  name = "CommandFailed";
}

/**
 * Runs a command to completion, without a shell, and returns its standard output.
 *
 * When this process is terminated, the command and its children are killed too; otherwise an abandoned build would run on
 * for minutes.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<string>}
 * @throws {CommandFailed} on a non-zero exit code, a signal or a time-out, or if the command cannot be started
 */
export function run(command, args, { cwd, env, timeoutMs, onTick } = {}) {
  return new Promise((done, fail) => {
    const started = Date.now();
    const spelled = [command, ...args].join(" ");
    // A separate process group, so that its children can be killed with it.
    const child = spawn(command, args, {
      cwd,
      env,
      detached: process.platform !== "win32",
      windowsHide: true,
      stdio: ["ignore", "pipe", "pipe"],
    });

    let output = "";
    let errors = "";
    let timedOut = false;
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors = (errors + text).slice(-keptCharacters)));

    const stopPassingOn = passSignalsOn(() => killTree(child));
    const ticker = onTick && setInterval(() => onTick(Date.now() - started), tickMs);
    const timer =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        killTree(child);
      }, timeoutMs);

    let ended = false;
    /** @param {CommandFailed | undefined} failure */
    const end = (failure) => {
      if (ended) return;
      ended = true;
      stopPassingOn();
      clearInterval(ticker);
      if (timer) clearTimeout(timer);
      if (failure) fail(failure);
      else done(output);
    };
    child.on("error", (error) => end(new CommandFailed(`Cannot start "${command}": ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0 && !timedOut) return end(undefined);
      const how = timedOut
        ? `did not end within ${Number(timeoutMs) / 1000} s`
        : signal
          ? `was ended by ${signal}`
          : `exited with ${code}`;
      end(new CommandFailed(`"${spelled}" ${how}${indent(shortened(errors || output))}`));
    });
  });
}

/** @param {import("node:child_process").ChildProcess} child */
function killTree(child) {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore", windowsHide: true });
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}

/** @param {() => void} kill @returns {() => void} removes the listeners */
function passSignalsOn(kill) {
  const listeners = /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ]).map(([signal, status]) => {
    const listener = () => {
      kill();
      // Unlike the signal's default action, this runs the "exit" listeners, which release locks.
      process.exit(status);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => listeners.forEach(({ signal, listener }) => process.off(signal, listener));
}

/** Keeps both ends of long output: npm prints its error first and its usage last; a compiler prints errors last. @param {string} text */
function shortened(text) {
  const lines = text.trim().split("\n");
  return (lines.length > 30 ? [...lines.slice(0, 12), "…", ...lines.slice(-15)] : lines).join("\n");
}

/** @param {string} text */
function indent(text) {
  return text === "" ? "" : `:\n    ${text.replaceAll("\n", "\n    ")}`;
}
