/** argv to what is wanted. Pure: files are named here and read by whoever runs the request. */
import type { Inputs } from "../plan/input";
import { readArgv, type CommandLine } from "./argv";
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

const choosing: readonly OptionName[] = ["all", "id", "name", "session-user", "state", "idle"];
const narrowing: readonly OptionName[] = [...choosing, "except-id", "except-name", "except-user", "console"];
const tasks: readonly Exclude<Task, "log-off">[] = ["list", "dry-run", "check", "undrain"];
const overSsh: readonly OptionName[] = [
  "platform",
  "user",
  "identity",
  "password-env",
  "passphrase-env",
  "known-hosts",
  "host-key",
  "accept-new",
  "jump",
  "ssh-config",
  "legacy-algorithms",
];

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
  const narrowed = operand !== undefined || narrowing.some((name) => isGiven(line, name));
  const format = one("output");
  return {
    task,
    ...(isHere ? { here: true } : {}),
    input: planInput(line, { ...context, task, isHere, narrowed }),
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

/** What must not stand together, or not alone. What a value must look like `readPlan` knows. */
function findConflicts(line: CommandLine): readonly string[] {
  const { flags, values, operand, server } = line;
  const problems: string[] = [];
  const given = (names: readonly OptionName[]): readonly OptionName[] =>
    names.filter((name) => isGiven(line, name));
  const dashed = (names: readonly OptionName[]): string => names.map((name) => `--${name}`).join(", ");
  const task = given(tasks);
  const listed = given(["host", "hosts-file"]);
  const isRemote = server !== undefined || listed.length > 0;

  if (operand !== undefined && given(narrowing).length > 0) {
    const advice = flags.has("console") ? `write --id ${operand} --console for it` : "leave one of them out";
    problems.push(`A session name or ID must not stand beside ${dashed(given(narrowing))}: ${advice}`);
  }
  if (server !== undefined && listed.length > 0)
    problems.push(`/server: must not stand beside ${dashed(listed)}: give that host with --host too`);
  if (values.has("via") && !isRemote)
    problems.push("--via needs a server to relay to: /server:NAME, --host or --hosts-file");
  if (!isRemote && given(overSsh).length > 0)
    problems.push(`${dashed(given(overSsh))} needs a host: /server:HOST, --host or --hosts-file`);
  if (task.length > 1) problems.push(`${dashed(task)} must not stand together: give one of them`);
  if (task.length === 0 && isRemote && operand === undefined && given(choosing).length === 0) {
    problems.push(
      "A remote host needs to be told which sessions: a session name or ID, --id, --name, --session-user, --state, --idle, or --all",
    );
  } else if (
    !isRemote &&
    (task.length === 0 || task[0] === "dry-run") &&
    given(narrowing).length > 0 &&
    given(choosing).length === 0
  ) {
    problems.push(`${dashed(given(narrowing))} does not say which sessions: add --all`);
  }
  for (const name of given(["grace", "remind", "wait-only"])) {
    if (!values.has("warn")) problems.push(`--${name} needs a warning: --warn TEXT`);
  }
  if (values.has("warn") && !values.has("grace"))
    problems.push("--warn needs the time that people have: --grace DURATION, such as --grace 15m");
  if (task[0] === "undrain" || task[0] === "check") {
    const idle = given([...narrowing, "drain", "warn", "stuck", "limit", "limit-per-host", "if-missing"]);
    if (idle.length > 0 || operand !== undefined) {
      const what = operand === undefined ? dashed(idle) : "A session name or ID";
      problems.push(`${what} must not stand beside --${task[0]}, which logs nobody off`);
    }
  }
  const format = values.get("output")?.[0];
  if (format !== undefined && !["text", "json", "ndjson"].includes(format))
    problems.push("--output must be text, json or ndjson");
  if (values.get("drain")?.some((mode) => mode !== "until-restart"))
    problems.push("--drain must be until-restart");
  if (flags.has("quiet") && flags.has("verbose")) problems.push("--quiet must not stand beside /v");
  return problems;
}

function isGiven({ flags, values }: CommandLine, name: OptionName): boolean {
  return flags.has(name) || values.has(name);
}
