/** Turns argv into a request. Pure: files are only named here, and read later. */
import { readArgv, type CommandLine } from "./argv";
import { findConflicts, hasSelection, isCurrent, tasks } from "./conflicts";
import { givenHosts } from "./host-entries";
import type { OptionName } from "./options";
import { planInput } from "./plan-input";
import { type ArgumentsContext, type Request, type RunRequest, shells } from "./run-request";

/** Reads argv (without node and the script). Never throws; a request for help wins over any problem. */
export function parseArguments(argv: readonly string[], context: ArgumentsContext): Request {
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

function toRun(line: CommandLine, context: ArgumentsContext): RunRequest {
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
  const wait = one("wait");
  const input = planInput(line, { ...context, task, isHere });
  return {
    task,
    ...(isHere ? { here: true } : {}),
    input,
    ...(isCurrent(input.sessions) && flags.has("console") ? { mayBeConsole: true } : {}),
    hosts: givenHosts(line),
    ...(hostsFile === undefined ? {} : { hostsFile }),
    eachHost: {
      ...(via === undefined ? {} : { via }),
      ...(platform === undefined ? {} : { platform }),
    },
    ...thenOptions(line),
    ...(wait === undefined ? {} : { wait }),
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

function thenOptions({ flags, values }: CommandLine): Pick<RunRequest, "then"> {
  const command = values.get("then")?.[0];
  if (command === undefined) return {};
  const undrain = values.get("then-undrain")?.[0];
  const mustRestart = !flags.has("no-restart");
  return { then: { command, ...(undrain === undefined ? {} : { undrain }), mustRestart } };
}
