/** Finds arguments that exclude or require each other. `readPlan` checks the values. */
import { alternatives, printable } from "../../base/text";
import { isGiven, type CommandLine } from "./argv";
import { inputOptions } from "./input-options";
import type { OptionName } from "./options";
import { drainInputs } from "./plan-input";
import type { Task } from "./run-request";

/** Tasks that an option selects. */
export const tasks: readonly Exclude<Task, "log-off">[] = ["list", "dry-run", "check", "undrain"];

type InputOption = (typeof inputOptions)[number];

function namesOf(isMeant: (row: InputOption) => boolean): readonly OptionName[] {
  return inputOptions.filter(isMeant).map(({ name }) => name);
}

const selects = ({ path }: InputOption): boolean => path[0] === "sessions";
const excepts = ({ path }: InputOption): boolean => path[0] === "sessions" && path[1] === "except";

/** Options that make a selection, like a session name or ID. */
const narrowing = namesOf(selects);
/** Options that select sessions. */
const choosing = namesOf((row) => selects(row) && !excepts(row) && row.name !== "console");

const overSsh: readonly OptionName[] = ["platform", ...namesOf(({ section }) => section === "Connection")];

/** Options that also have an effect where nobody is logged off. */
const always: readonly OptionName[] = ["parallel", "timeout-connect"];

/** Options that have an effect only if users are logged off. An option without effect is an error. */
const loggingOff: readonly OptionName[] = [
  ...namesOf(
    ({ section, name }) => section !== "Connection" && section !== "Output" && !always.includes(name),
  ),
  "then",
  "then-undrain",
  "no-restart",
];

/** All conflicts of the arguments, each as a sentence that says what would be right. */
export function findConflicts(line: CommandLine): readonly string[] {
  return [
    ...(line.doubtful === true ? [] : selectionConflicts(line)),
    ...placeConflicts(line),
    ...stepConflicts(line),
    ...outputConflicts(line),
  ];
}

/** Whether an option or the operand narrows the selection. */
export function hasSelection(line: CommandLine): boolean {
  return given(line, narrowing).length > 0;
}

/** Whether the operand is `current`, the caller's own session. */
export function isCurrent(sessions: unknown): boolean {
  return typeof sessions === "string" && sessions.toLowerCase() === "current";
}

function selectionConflicts(line: CommandLine): readonly string[] {
  const { operand } = line;
  const selection = given(line, narrowing);
  const onlyConsole = selection.every((name) => name === "console");
  if (operand !== undefined) {
    if (selection.length === 0 || (onlyConsole && isCurrent(operand))) return [];
    const option = /^[A-Za-z]?[0-9]+$/u.test(operand) ? "id" : "name";
    const advice = onlyConsole
      ? `write --${option} ${printable(operand)} --console for it`
      : "leave one of them out";
    return [`A session name or ID cannot be combined with ${dashed(selection)}: ${advice}`];
  }
  const changes = given(line, tasks).every((task) => task === "dry-run");
  if (!changes || given(line, choosing).length > 0) return [];
  if (isRemote(line)) {
    return [
      "A remote host needs to be told which sessions: a session name or ID, --id, --name, --session-user, --state, --idle, or --all",
    ];
  }
  return onlyConsole
    ? []
    : [`${dashed(selection)} ${selection.length === 1 ? "does" : "do"} not say which sessions: add --all`];
}

function placeConflicts(line: CommandLine): readonly string[] {
  const { server, values } = line;
  const listed = given(line, ["host", "hosts-file"]);
  const ssh = given(line, overSsh);
  const problems: string[] = [];
  if (server !== undefined && listed.length > 0)
    problems.push(`/server: cannot be combined with ${dashed(listed)}: give that host with --host too`);
  if (values.has("via") && !isRemote(line))
    problems.push("--via needs a server to relay to: /server:NAME, --host or --hosts-file");
  if (!isRemote(line) && ssh.length > 0)
    problems.push(
      `${dashed(ssh)} ${ssh.length === 1 ? "needs" : "need"} a host: /server:HOST, --host or --hosts-file`,
    );
  if (!isRemote(line) && values.has("then"))
    problems.push(
      "--then needs a host: /server:HOST, --host or --hosts-file; on this machine, run the command after session-logoff, because a restart would end both",
    );
  return problems;
}

function stepConflicts(line: CommandLine): readonly string[] {
  const { operand, flags, values } = line;
  const asked = given(line, tasks);
  const problems: string[] = [];
  if (asked.length > 1) problems.push(`${dashed(asked)} cannot be combined: give one of them`);
  const [task] = asked;
  if (values.has("wait") && !flags.has("undrain"))
    problems.push("--wait needs --undrain: after a logoff, --then-undrain waits");
  if (task === "undrain" || task === "check") {
    const idle = given(line, loggingOff);
    const what = [
      ...(operand === undefined ? [] : ["A session name or ID"]),
      ...idle.map((name) => `--${name}`),
    ];
    if (what.length > 0)
      problems.push(`${what.join(", ")} cannot be combined with --${task}, which logs nobody off`);
    return problems;
  }
  for (const name of given(line, ["grace", "remind", "wait-only"])) {
    if (!values.has("warn")) problems.push(`--${name} needs a warning: --warn TEXT`);
  }
  if (values.has("warn") && !values.has("grace"))
    problems.push("--warn needs the time that people have: --grace DURATION, such as --grace 15m");
  const drains = Object.keys(drainInputs);
  if (values.get("drain")?.some((mode) => !drains.includes(mode)))
    problems.push(`--drain must be ${alternatives(drains)}`);
  if (values.has("then-undrain") && !values.has("then"))
    problems.push(
      "--then-undrain needs the command that it waits after: --then COMMAND; without one, --undrain --wait DURATION waits",
    );
  if (flags.has("no-restart") && !values.has("then-undrain"))
    problems.push(
      "--no-restart needs --then-undrain DURATION, which otherwise waits until each host has restarted",
    );
  return problems;
}

function outputConflicts(line: CommandLine): readonly string[] {
  const { flags, values } = line;
  const problems: string[] = [];
  const files = given(line, ["report", "failed-hosts"]);
  if (flags.has("check") && files.length > 0)
    problems.push(`${dashed(files)} cannot be combined with --check, which writes no such file`);
  const format = values.get("output")?.[0];
  if (format !== undefined && !["text", "json", "ndjson"].includes(format))
    problems.push("--output must be text, json or ndjson");
  if (flags.has("quiet") && flags.has("verbose")) problems.push("--quiet cannot be combined with /v");
  return problems;
}

function isRemote(line: CommandLine): boolean {
  return line.server !== undefined || given(line, ["host", "hosts-file"]).length > 0;
}

function given<N extends OptionName>(line: CommandLine, names: readonly N[]): readonly N[] {
  return names.filter((name) => isGiven(line, name));
}

function dashed(names: readonly OptionName[]): string {
  return names.map((name) => `--${name}`).join(", ");
}
