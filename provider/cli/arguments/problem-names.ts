/** Messages of the core with the names of options in place of inputs. */
import type { PlanProblem } from "../../base/errors";
import { printable } from "../../base/text";
import { inputNames } from "../../plan/schema/inputs";
import type { HostReport, Report, ReportedError, SessionOutcome } from "../../report/report";
import type { HostCheck } from "../../run/check";
import type { GivenHost } from "./host-entries";
import { inputOptions } from "./input-options";
import type { RunRequest } from "./run-request";

/** The options with the path of what they set: of an input, or of a field of each host. */
const options = [
  ...inputOptions.map((row) => ({ ...row, path: row.path.join(".") })),
  { name: "platform", kind: "value", path: "platform" } as const,
];
const named: ReadonlySet<string> = new Set([...inputNames, "platform"]);

/** Values that no option sets. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ["connection.strictHostKeyChecking: no", "StrictHostKeyChecking no in ssh_config"],
]);

/** Messages that only help in a program, and the same advice for the command line. */
const rewordings: readonly (readonly [message: RegExp, instead: string])[] = [
  [
    /IDs for several hosts/u,
    "must not name IDs for several hosts, where they are different people: give one host, or names or users",
  ],
  [/set with each host/u, "must be given with one host only: for several give --known-hosts"],
  [/^must not be empty: give a list of \[user@\]/u, "must name at least one host"],
  [/later than `window\.notBefore`/u, "must end later than it starts"],
  [/`window\.daily`/u, "must be hours such as 22:00-05:00, or FROM/TO with at least one of the two times"],
];

/** A problem as a line: the option first, then what would be right. */
export function namedProblem(
  { path, message }: PlanProblem,
  request: RunRequest,
  hosts: readonly GivenHost[],
): string {
  const reworded = rewordings.find(([what]) => what.test(message))?.[1];
  return `${nameOf(path, request, hosts)}: ${reworded ?? inOptionWords(namingHosts(message, hosts))}`;
}

/** A message that names another host by what was typed, or by its line, instead of its index. */
function namingHosts(message: string, hosts: readonly GivenHost[]): string {
  return message.replace(/`hosts\[([0-9]+)\]`/u, (name, index) => {
    const entry = hosts[Number(index)];
    if (entry === undefined) return name;
    return entry.from.startsWith("--") ? `${entry.from} ${printable(entry.text)}` : entry.from;
  });
}

/**
 * A message of the core with options in place of the inputs in backticks, and with the command's word for the drain that lasts. An input without
 * an option keeps its words.
 */
export function inOptionWords(message: string): string {
  return withOptions(message).replace(/(?<=^|["( ])until-destroy(?=["),:; ]|$)/gu, "until-undrain");
}

function withOptions(message: string): string {
  return message.replace(
    /`(([A-Za-z]+)[A-Za-z.]*)(?:: ([a-z-]+))?`/gu,
    (quoted: string, path: string, root: string, value: string | undefined) => {
      // Text of a host may be in backticks too.
      if (!named.has(root)) return quoted;
      const words = quoted.slice(1, -1);
      return optionFor(path, value) ?? otherWords.get(words) ?? words;
    },
  );
}

/** A report with {@link inOptionWords} in every message, for all outputs of the command. What hosts print stays as it is. */
export function reportInOptionWords(report: Report): Report {
  const { warnings, hosts, ended } = report;
  return {
    ...report,
    warnings: warnings.map(inOptionWords),
    hosts: hosts.map((host): HostReport => ({
      ...host,
      ...errorOf(host),
      warnings: host.warnings.map(inOptionWords),
      sessions: host.sessions.map((one): SessionOutcome => ("message" in one ? reworded(one) : one)),
    })),
    ...(ended === undefined ? {} : { ended: reworded(ended) }),
  };
}

/** The same for what a check found. */
export function checkInOptionWords<Check extends HostCheck>(check: Check): Check {
  const findings = check.findings.map((one) => ({ ...one, fact: inOptionWords(one.fact) }));
  return { ...check, ...errorOf(check), findings };
}

function errorOf({ error }: { readonly error?: ReportedError }): { readonly error?: ReportedError } {
  return error === undefined ? {} : { error: reworded(error) };
}

function reworded<Told extends { readonly message: string }>(told: Told): Told {
  return { ...told, message: inOptionWords(told.message) };
}

/** The option that sets an input to the value, or to any; undefined if there is none. */
function optionFor(path: string, value?: string): string | undefined {
  const at = path.replace(/\[[0-9]+\]/gu, "");
  const option =
    options.find((one) => `${at}.`.startsWith(`${one.path}.`)) ??
    // The first of a group (`limits`), or the other form of a value (`connection.password`, `connection.passwordEnv`).
    options.find((one) => one.path.startsWith(at));
  if (option === undefined) return undefined;
  if (value === undefined) return `--${option.name}`;
  if (option.kind !== "flag") return `--${option.name} ${value}`;
  const sets = "sets" in option ? option.sets : "true";
  return value === sets ? `--${option.name}` : undefined;
}

function nameOf(path: string, request: RunRequest, hosts: readonly GivenHost[]): string {
  const host = /^hosts\[([0-9]+)\](.*)$/u.exec(path);
  if (host !== null) {
    const entry = hosts[Number(host[1])];
    if (host[2] === ".platform") return "--platform";
    if (host[2] === ".host" && request.eachHost.via !== undefined) return "--via";
    return entry === undefined ? "--host" : entry.from.replace(/:$/u, "");
  }
  if (path === "hosts")
    return request.hostsFile === undefined ? "--host" : `--hosts-file ${printable(request.hostsFile)}`;
  if (path === "sessions")
    return request.operand === undefined ? "The selection" : `"${printable(request.operand)}"`;
  return optionFor(path) ?? path;
}
