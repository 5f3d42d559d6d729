import type { Readable } from "node:stream";
import type { Clock } from "../base/clock";
import type { Connect } from "../connection";
import type { RunShell } from "../local/shell-command";
import { inertText } from "../report/pipeline-commands";
import type { Paint } from "../report/table";
import type { Ssh, SshOptions } from "../ssh/open-ssh";

/** An output stream. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Everything that the command needs of its process; tests replace it. */
export interface World {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The name of this machine. */
  readonly hostName: string;
  readonly timeZone: () => string;
  readonly version: () => string;
  /** Opens SSH. */
  readonly openSsh: (options: Pick<SshOptions, "debug" | "rejectedBefore">) => Ssh | Promise<Ssh>;
  /** This machine. */
  readonly connectHere: () => Connect | Promise<Connect>;
  /** A command as this machine runs it, as shown by a dry run. */
  readonly commandHere: (command: string) => string;
  /** Runs a command of the operator on this machine. */
  readonly runShell: RunShell;
  /** Calls `listener` on SIGINT, SIGTERM and SIGHUP. @returns stops listening */
  readonly onSignal: (listener: (signal: NodeJS.Signals) => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (status: number) => void;
}

/**
 * The world with outputs on which text from a host cannot act as a command to a build agent. Every write ends with a whole line, or contains
 * no text from hosts.
 */
export function withInertOutputs(world: World): World {
  return { ...world, stdout: inert(world.stdout), stderr: inert(world.stderr) };
}

/** The output, on which text cannot act as a command to a build agent. */
export function inert(output: Output): Output {
  return {
    write: (text) => output.write(inertText(text)),
    get isTTY() {
      return output.isTTY;
    },
    get columns() {
      return output.columns;
    },
  };
}

/** Whether standard input, output or error is a terminal. */
export function hasTerminal({ stdin, stdout, stderr }: World): boolean {
  return [stdin, stdout, stderr].some(({ isTTY }) => isTTY === true);
}

const codes = { good: "32", bad: "31", dim: "2" } as const;

/** Colors for a terminal that wants them. */
export function paintFor({ env }: World, output: Output): Paint {
  const wanted = output.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return (text, tone) => (wanted && tone !== "plain" ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text);
}
