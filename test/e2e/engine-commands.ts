import { spawn, type ChildProcess } from "node:child_process";

/** The exit code of an engine command, and everything that it printed. */
export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** A running engine command, in its own process group. */
export interface Running {
  readonly child: ChildProcess;
  /** Does what a terminal does on Ctrl-C: sends SIGINT to every process in the foreground group. */
  readonly pressCtrlC: () => void;
  /** Resolves once the command has printed the text. */
  readonly prints: (text: string) => Promise<void>;
  readonly ended: Promise<Ran>;
}

/** Commands of an engine in a project's folder. */
export interface EngineCommands {
  /** Runs the engine. {@link EngineCommands.said} keeps everything that it prints. */
  readonly pulumi: (...args: readonly string[]) => Promise<Ran>;
  /** Starts the engine without waiting for it to end. */
  readonly start: (...args: readonly string[]) => Running;
  /** Everything that the engine has printed. */
  readonly said: () => string;
}

/** @param options.engine the path of the executable */
export function engineCommands(options: {
  readonly engine: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}): EngineCommands {
  const { engine, folder, env } = options;
  let said = "";
  const start = (...args: readonly string[]): Running => {
    const child = spawn(engine, [...args, "--non-interactive", "--color=never"], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    // A separate process group does not end with ours.
    const endWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", endWithUs);
    let output = "";
    const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        for (const one of waiting) if (output.includes(one.text)) one.resolve();
      });
    }
    const ended = new Promise<Ran>((done, fail) => {
      child.on("error", fail);
      child.on("close", (code) => {
        process.off("exit", endWithUs);
        said += output;
        done({ code, output });
      });
    });
    const prints = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.push({ text, resolve });
        if (output.includes(text)) resolve();
        void ended.then(() => reject(new Error(`ended without printing ${text}:\n${output}`)), reject);
      });
    const pressCtrlC = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
    };
    return { child, pressCtrlC, prints, ended };
  };
  return { start, pulumi: (...args) => start(...args).ended, said: () => said };
}
