import { counted, firstAndMore } from "../../base/text";
import { jsonReport, ndjsonReport } from "../../report/json";
import { totalsOf, type HostReport, type Report } from "../../report/report";
import type { TableStyle } from "../../report/table";
import { dryRunText, listText, openHosts, runText } from "../../report/text";
import type { RunRequest, Task } from "../arguments/run-request";
import type { ExitStatus } from "../exit-status";

/** The result of a run for standard output, in the requested format. */
export function resultText(
  report: Report,
  { task, output }: Pick<RunRequest, "task" | "output">,
  exitStatus: ExitStatus,
  style: TableStyle,
): string {
  const context = { dryRun: changesNothing(task), exitStatus };
  switch (output.format) {
    case "json":
      return jsonReport(report, context);
    case "ndjson":
      return ndjsonReport(report, context);
    case "text":
      return textFor(task)(report, style);
  }
}

/** Whether a task is read-only. */
export function changesNothing(task: Task): boolean {
  return task === "list" || task === "dry-run" || task === "check";
}

function textFor(task: Task): (report: Report, style: TableStyle) => string {
  switch (task) {
    case "list":
      return listText;
    case "dry-run":
      return dryRunText;
    case "undrain":
      return undrainText;
    case "log-off":
    case "check":
      return runText;
  }
}

function undrainText(report: Report, style: TableStyle): string {
  const lifted = report.hosts.filter(({ drained }) => drained === "undrained").length;
  const open = report.totals.ok - lifted;
  const others = open === 0 ? "" : `, ${open} did already`;
  const failed = report.totals.failed + report.totals.skipped;
  const rest = failed === 0 ? "" : `, ${counted(failed, "host")} not done`;
  return `${openHosts(report, style)}${counted(lifted, "host")} ${lifted === 1 ? "accepts" : "accept"} new logons again${others}${rest}\n`;
}

/** The most warnings that are printed after a run. */
const mostWarnings = 50;

/** The warnings of the run, then those of the hosts, each once with the first host that has it. */
export function warningLines({ warnings, hosts }: Report): readonly string[] {
  const hostsOf = new Map<string, Set<string>>();
  for (const { host, warnings: texts } of hosts) {
    for (const text of texts) hostsOf.set(text, (hostsOf.get(text) ?? new Set()).add(host));
  }
  const ofHosts = [...hostsOf].map(([text, labels]) => `${firstAndMore([...labels])}: ${text}`);
  const all = [...new Set(warnings), ...ofHosts];
  const left = all.length - mostWarnings;
  return left <= 0
    ? all
    : [...all.slice(0, mostWarnings), `${left} more: --report and --output json have all of them`];
}

/**
 * A read-only report as a list: every session is `listed`, whatever a run would do with it. With a selection only matching sessions remain.
 */
export function asList(report: Report, narrowed: boolean): Report {
  const hosts = report.hosts.map((host): HostReport => {
    const sessions = narrowed ? host.sessions.filter(({ outcome }) => outcome !== "kept") : host.sessions;
    return {
      ...withoutCommands(host),
      sessions: sessions.map(({ session }) => ({ session, outcome: "listed" })),
    };
  });
  return { ...report, hosts, totals: totalsOf(hosts) };
}

/** A read-only report that found nobody to log off, as the report of the run, which is not needed. */
export function asRun(report: Report): Report {
  return { ...report, hosts: report.hosts.map(withoutCommands) };
}

/** A read-only report with its commands as the machine would run them. */
export function withCommands(report: Report, written: (command: string) => string): Report {
  const hosts = report.hosts.map((host): HostReport =>
    host.commands === undefined
      ? host
      : { ...host, commands: host.commands.map((command) => written(command)) },
  );
  return { ...report, hosts };
}

function withoutCommands(host: HostReport): HostReport {
  const { commands, ...rest } = host;
  return commands === undefined ? host : rest;
}
