/** A bash in which the commands of the documents run. */
import { spawn } from "node:child_process";
import type { Problem, Block } from "./blocks";
import { difference, readTranscript } from "./console";
import { shortenCommands } from "./shorten";

/** The most that a block may take; only one that hangs takes as long. */
const patienceMs = 180_000;

export interface Shell {
  /** The folder that `~` stands for. */
  readonly home: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

// A test that is stopped ends what it has started, as one does that ends by itself.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

interface Ran {
  /** Undefined if it was stopped because it took too long. */
  readonly status: number | undefined;
  /** Standard output and error, in order. */
  readonly output: string;
}

/** Runs a script without standard input. Processes that it leaves in the background are ended. */
export function runScript({ cwd, env }: Shell, script: string): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn("bash", ["--noprofile", "--norc", "-c", `exec 2>&1\n${script}`], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const endAll = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // All have ended.
      }
    };
    process.once("exit", endAll);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endAll();
    }, patienceMs);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", fail);
    child.once("exit", endAll);
    child.once("close", (code) => {
      clearTimeout(timer);
      process.off("exit", endAll);
      done({ status: late ? undefined : (code ?? 1), output });
    });
  });
}

/** Runs the commands of a `sh` block, each of which must succeed. */
export async function runCommands(
  shell: Shell,
  block: Block,
  commands = block.code,
): Promise<readonly Problem[]> {
  const script = `set -e\ntrap 'echo "failed: $BASH_COMMAND"' ERR\n${shortenCommands(commands)}`;
  const { status, output } = await runScript(shell, script);
  if (status === 0) return [];
  const what = status === undefined ? "does not end" : `ends with exit status ${status}`;
  return [{ file: block.file, line: block.line, message: `${what}:\n${output}` }];
}

/** Runs a `console` block and compares what its commands print. */
export async function runTranscript(shell: Shell, block: Block): Promise<readonly Problem[]> {
  const steps = readTranscript(block);
  const script = [
    // The exit status stays what it was, for `echo $?`.
    `__printed() { local status=$?; printf '\\001%d\\001\\n' "$status"; return "$status"; }`,
    ...steps.map(({ command }) => `${command}\n__printed`),
  ].join("\n");
  const { output } = await runScript(shell, script);
  // eslint-disable-next-line no-control-regex -- what the script prints after each command
  const parts = output.split(/\u0001(\d+)\u0001\n/u);
  const problems: Problem[] = [];
  for (const [index, { line, command, printed, mayFail }] of steps.entries()) {
    const problem = (message: string): void =>
      void problems.push({ file: block.file, line, message: `${command}\n${message}` });
    const text = parts[2 * index] ?? "";
    const status = parts[2 * index + 1];
    if (status === undefined) {
      problem(`does not end:\n${text}`);
      break;
    }
    const differs = difference(printed, text, shell.home);
    if (differs !== undefined) problem(differs);
    if (status !== "0" && !mayFail) problem(`ends with exit status ${status}:\n${text}`);
  }
  return problems;
}
