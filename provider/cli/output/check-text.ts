import { counted } from "../../base/text";
import { safeJson } from "../../report/json";
import { textTable, type TableStyle } from "../../report/table";
import { errorsText } from "../../report/text";
import type { Finding, HostCheck } from "../../run/check";

/** Which hosts are ready, the errors of the others, and a summary without names that can be shared. */
export function checkText(checks: readonly HostCheck[], style: TableStyle): string {
  const rows = checks.map(({ host, ready, findings }) => [
    { text: host },
    { text: ready ? "ready" : "not ready", tone: ready ? ("good" as const) : ("bad" as const) },
    { text: findings.flatMap(told).join(", "), tone: ready ? ("plain" as const) : ("bad" as const) },
  ]);
  const why = errorsText(checks);
  const ready = checks.filter((check) => check.ready).length;
  return [
    textTable(["HOST", "READY", "FOUND"], rows, style),
    ...(why === "" ? [] : [why]),
    `Summary to share, without names and addresses:\n${factLines(checks).join("")}`,
    `${ready} of ${counted(checks.length, "host")} ready\n`,
  ].join("\n");
}

/** The same as one JSON object. */
export function checkJson(checks: readonly HostCheck[], exitStatus: number): string {
  const ready = checks.filter((check) => check.ready).length;
  const totals = { hosts: checks.length, ready };
  return `${safeJson({ version: 1, check: true, exitStatus, totals, hosts: checks }, 2)}\n`;
}

/** The same, one host per line, with the totals last. */
export function checkNdjson(checks: readonly HostCheck[], exitStatus: number): string {
  const ready = checks.filter((check) => check.ready).length;
  const last = { version: 1, check: true, exitStatus, totals: { hosts: checks.length, ready } };
  return [...checks, last].map((line) => `${safeJson(line)}\n`).join("");
}

/** Findings to show: all that are not ok, and those that differ between hosts. */
function told({ check, state, fact }: Finding): readonly string[] {
  if (state === "unknown") return [];
  if (state !== "ok") return [`${check}: ${fact}`];
  switch (check) {
    case "platform":
    case "right-to-list":
      return [fact];
    case "code-page":
    case "drain-mode":
      return [`${check.replace("-", " ")} ${fact}`];
    case "connection":
      return fact.endsWith("through a proxy command") ? ["through a proxy command"] : [];
    case "host-key":
    case "login":
    case "shell":
    case "tools":
      return [];
  }
}

/** Hosts with the same findings share an entry. */
function factLines(checks: readonly HostCheck[]): readonly string[] {
  const groups = new Map<string, number>();
  for (const { findings, answer = [] } of checks) {
    const facts = findings
      .filter(({ state }) => state !== "unknown")
      // The number of sessions on a host is left out, because the summary is shared.
      .map(({ check, state, fact }) => `${check} ${state} (${check === "right-to-list" ? state : fact})`);
    const key = [facts.join(", "), ...answer.map((line) => `    ${line}`)].join("\n");
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups].map(([key, count]) => `  ${counted(count, "host")}: ${key}\n`);
}
