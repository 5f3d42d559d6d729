import { spawn } from "node:child_process";
import { clearInterval, setInterval } from "node:timers";

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeoutMs] The command and its children are killed after this time; default: never
 * @property {(elapsedMs: number) => void} [onTick] Called every 15 s, so that a long silence does not look like a hang
 */

const tickMs = 15_000;
const keptCharacters = 100_000;

/** A command failed: the message holds what it printed, as nothing of that was shown before. */
export class CommandFailed extends Error {
  /** @override */
  name = "CommandFailed";
}

/**
 * Runs a command to its end, without a shell, and gives its standard output.
 *
 * When this process is told to end, the command and its children end too: a build that nobody waits for would go on for
 * minutes.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<string>}
 * @throws {CommandFailed} on a non-zero exit code, a signal, a time-out, or when it cannot be started
 */
export function run(command, args, { cwd, env, timeoutMs, onTick } = {}) {
  return new Promise((done, fail) => {
    const started = Date.now();
    const spelled = [command, ...args].join(" ");
    // A process group of its own, so that its children can be killed with it.
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
    // The group has ended by itself.
  }
}

/** @param {() => void} kill @returns {() => void} what takes the listeners away again */
function passSignalsOn(kill) {
  const listeners = /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ]).map(([signal, status]) => {
    const listener = () => {
      kill();
      // Not the default action of the signal: "exit" listeners give locks back.
      process.exit(status);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => listeners.forEach(({ signal, listener }) => process.off(signal, listener));
}

/** Of long output both ends: npm says first what is wrong and then how it is used, a compiler ends with it. @param {string} text */
function shortened(text) {
  const lines = text.trim().split("\n");
  return (lines.length > 30 ? [...lines.slice(0, 12), "…", ...lines.slice(-15)] : lines).join("\n");
}

/** @param {string} text */
function indent(text) {
  return text === "" ? "" : `:\n    ${text.replaceAll("\n", "\n    ")}`;
}
