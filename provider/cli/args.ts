/** argv to what is wanted. Pure: files are named here and read by whoever runs the request. */
import type { Inputs } from "../plan/input";
import { readArgv, type CommandLine } from "./argv";
import { findConflicts, hasSelection, isCurrent, tasks } from "./conflicts";
import { hostEntries, type HostEntry } from "./host-entries";
import { planInput } from "./plan-input";
import type { OptionName } from "./options";

/** What to do on each host: log off, look only, or something else entirely. */
export type Task = "log-off" | "list" | "dry-run" | "check" | "undrain";

/** Shells with a completion. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

export interface OutputOptions {
  readonly format: "text" | "json" | "ndjson";
  /** Where the hosts that are not done are written. */
  readonly failedHosts?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly yes: boolean;
}

/** A run as the arguments describe it. */
export interface RunRequest {
  readonly task: Task;
  /** Absent: hosts are reached over SSH. */
  readonly here?: true;
  /** What `readPlan` reads, but for `hosts`. */
  readonly input: Omit<Inputs, "hosts">;
  /** The current session may be the console: `"current"` has no fields that could say so. */
  readonly mayBeConsole?: true;
  /** The hosts of the arguments, in their order. */
  readonly hosts: readonly HostEntry[];
  /** A file with more of them; `-` is standard input. */
  readonly hostsFile?: string;
  /** Goes into every host, those of the file too. */
  readonly eachHost: { readonly via?: string; readonly platform?: string };
  /** How the selection was written, for messages: the operand, or absent. */
  readonly operand?: string;
  /** `--list` with a selection shows only what it matches. */
  readonly narrowed: boolean;
  readonly output: OutputOptions;
}

export type Request =
  | { readonly kind: "run"; readonly run: RunRequest }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "completion"; readonly shell: Shell }
  /** Exit status 2. Each problem says what would be right. */
  | { readonly kind: "usage-error"; readonly problems: readonly string[] };

/** What the arguments mean depends on where they are said. */
export interface ArgsContext {
  /** The time zone of a `--window` that names none. */
  readonly timeZone: string;
}

/** Reads argv (without node and the script). Never throws; help wins over everything that may be wrong beside it. */
export function parseArgs(argv: readonly string[], context: ArgsContext): Request {
  const { line, problems } = readArgv(argv);
  if (line.flags.has("help")) return { kind: "help" };
  if (line.flags.has("version")) return { kind: "version" };
  const all = [...problems, ...findConflicts(line)];
  const shell = line.values.get("completion")?.[0];
  if (shell !== undefined) {
    const known = shells.find((one) => one === shell.toLowerCase());
    if (known !== undefined) return { kind: "completion", shell: known };
    all.push(`--completion must be one of ${shells.join(", ")}`);
  }
  if (all.length > 0) return { kind: "usage-error", problems: all };
  return { kind: "run", run: toRun(line, context) };
}

function toRun(line: CommandLine, context: ArgsContext): RunRequest {
  const { flags, operand, server } = line;
  const one = (name: OptionName): string | undefined => line.values.get(name)?.[0];
  const task = tasks.find((name) => flags.has(name)) ?? "log-off";
  const hostsFile = one("hosts-file");
  const failedHosts = one("failed-hosts");
  const via = one("via");
  const platform = one("platform");
  const isHere = server === undefined && !line.values.has("host") && hostsFile === undefined;
  const narrowed = operand !== undefined || hasSelection(line);
  const format = one("output");
  const input = planInput(line, { ...context, task, isHere });
  return {
    task,
    ...(isHere ? { here: true } : {}),
    input,
    ...(isCurrent(input.sessions) && flags.has("console") ? { mayBeConsole: true } : {}),
    hosts: hostEntries(line),
    ...(hostsFile === undefined ? {} : { hostsFile }),
    eachHost: {
      ...(via === undefined ? {} : { via }),
      ...(platform === undefined ? {} : { platform }),
    },
    ...(operand === undefined ? {} : { operand }),
    narrowed,
    output: {
      format: format === "json" || format === "ndjson" ? format : "text",
      ...(failedHosts === undefined ? {} : { failedHosts }),
      quiet: flags.has("quiet"),
      verbose: flags.has("verbose"),
      debug: flags.has("debug"),
      yes: flags.has("yes"),
    },
  };
}
