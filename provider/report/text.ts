/** The result of a run as text for a terminal. */
import { formatDuration } from "../base/duration";
import { counted, firstAndMore, printable } from "../base/text";
import { describeOutcome, stateWord } from "./labels";
import type { HostReport, Report, SessionOutcome } from "./report";
import { sharedErrors, toldErrors, type HostError, type SharedError, type ToldError } from "./shared-errors";
import { textTable, type Cell, type TableStyle, type Tone } from "./table";

/** All sessions, one per row, followed by the hosts that could not be listed. */
export function listText(report: Report, style: TableStyle): string {
  const rows = allSessions(report).map(({ host, result }): readonly Cell[] => {
    const { id, name, user, idleMs, logonTime } = result.session;
    return [
      { text: host.host },
      { text: id },
      { text: user ?? "" },
      { text: name ?? "" },
      { text: stateWord(result), tone: result.session.state === "active" ? "good" : "dim" },
      { text: idleMs === undefined ? "" : formatDuration(idleMs) },
      { text: logonTime ?? "" },
    ];
  });
  const userSessions = allSessions(report).filter(({ result }) => result.session.user !== undefined).length;
  return parts(
    rows.length === 0
      ? ""
      : textTable(["HOST", "ID", "USER", "NAME", "STATE", "IDLE", "LOGON TIME"], rows, style),
    openHosts(report, style),
    `${counted(userSessions, "user session")} on ${counted(report.totals.ok, "host")}${notDoneCounts(report)}\n`,
  );
}

/** The sessions of a dry run with their outcomes, and the commands that a run would send. */
export function dryRunText(report: Report, style: TableStyle): string {
  const commands = report.hosts.flatMap(({ host, commands: own = [] }) =>
    own.length === 0
      ? []
      : [`${printable(host)}\n${own.map((command) => `  ${printable(command, 500)}\n`).join("")}`],
  );
  return parts(
    whoWouldGo(report, style),
    openHosts(report, style),
    commands.length === 0 ? "" : `Commands:\n${commands.join("")}`,
    `${counted(wouldGo(report), "session")} would be ${isOnlyWarned(report) ? "warned, and nobody logged off," : "logged off"} on ${counted(report.totals.hosts, "host")}${notDoneCounts(report)}; nothing was changed\n`,
  );
}

/** The sessions of a dry run with their outcomes, without kept sessions that have no user. */
export function whoWouldGo(report: Report, style: TableStyle): string {
  const rows = allSessions(report).filter(
    ({ result }) => result.session.user !== undefined || result.outcome !== "kept",
  );
  return sessionRows(rows, style);
}

/** Number of sessions that a run would log off, or only warn. */
export function wouldGo(report: Report): number {
  return allSessions(report).filter(({ result }) => result.outcome === "would-log-off").length;
}

/** Whether a run would only warn the sessions: those still present at the deadline fail the host and are kept. */
export function isOnlyWarned(report: Report): boolean {
  return allSessions(report).some(
    ({ result }) => result.outcome === "would-log-off" && result.onlyWarned === true,
  );
}

/** Runs with more sessions print no table of sessions; the reports list them. */
const maxSessionRows = 200;

/** The sessions of a run, unless there are too many, the hosts that are not done, and the totals. */
export function runText(report: Report, style: TableStyle): string {
  const { totals } = report;
  const rows = allSessions(report).filter(
    ({ result }) => result.session.user !== undefined || result.outcome !== "kept",
  );
  const done = [
    counted(totals.loggedOff, "session") + " logged off",
    ...(totals.left > 0 ? [`${totals.left} left`] : []),
    ...(totals.alreadyGone > 0 ? [`${totals.alreadyGone} already gone`] : []),
    ...(totals.stillPresent > 0 ? [`${totals.stillPresent} still present`] : []),
    ...(totals.failedSessions > 0 ? [`${totals.failedSessions} failed`] : []),
    ...(totals.notFound > 0 ? [`${totals.notFound} not found`] : []),
  ].join(", ");
  return parts(
    rows.length > maxSessionRows ? "" : sessionRows(rows, style),
    openHosts(report, style),
    `${done} on ${counted(totals.hosts, "host")}${notDoneCounts(report)}\n`,
  );
}

/** The hosts that are not done, each distinct error once. */
export function openHosts(report: Report, { paint }: TableStyle): string {
  const notDone = report.hosts.filter(({ status }) => status !== "ok");
  return errorsText(notDone, ({ status = "", code }) => paint(`${status}: ${code}`, "bad"));
}

/** Maximum numbers of errors and of hosts named; the rest are counted. */
const errorLimits = { errors: 50, hosts: 20 };

/** Each distinct error of the hosts: its first host with the result of `describe`, the message, and the other hosts that have it. */
export function errorsText(
  hosts: readonly HostError[],
  describe: (error: SharedError) => string = () => "",
): string {
  const { told, untold } = toldErrors(sharedErrors(hosts), errorLimits);
  const texts = told.map((error) => {
    const head = `${firstAndMore(error.hosts.map((host) => printable(host)))}  ${describe(error)}`.trimEnd();
    const also = alsoOn(error);
    return [
      `${head}\n  ${printable(error.message, 1000)}\n`,
      also === undefined ? "" : `  ${printable(also, 5000)}\n`,
    ].join("");
  });
  const rest =
    untold === 0
      ? ""
      : `${counted(untold, "more host")} with other errors: --report and --output json list them all\n`;
  return texts.join("") + rest;
}

/** `also rdsh02:22, rdsh03:22 and 5 more`; undefined when only the first host is named. */
export function alsoOn({ also, more }: ToldError): string | undefined {
  if (also.length === 0) return undefined;
  return `also ${also.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}

interface Row {
  readonly host: HostReport;
  readonly result: SessionOutcome;
}

function allSessions({ hosts }: Report): readonly Row[] {
  return hosts.flatMap((host) => host.sessions.map((result) => ({ host, result })));
}

const tones: Readonly<Record<SessionOutcome["outcome"], Tone>> = {
  "logged-off": "good",
  left: "good",
  "already-gone": "good",
  kept: "dim",
  "still-present": "bad",
  failed: "bad",
  "would-log-off": "plain",
  listed: "plain",
};

function sessionRows(rows: readonly Row[], style: TableStyle): string {
  if (rows.length === 0) return "";
  const cells = rows.map(({ host, result }): readonly Cell[] => [
    { text: host.host },
    { text: result.session.id },
    { text: result.session.user ?? "" },
    { text: result.session.name ?? "" },
    { text: stateWord(result) },
    { text: describeOutcome(result), tone: tones[result.outcome] },
  ]);
  return textTable(["HOST", "ID", "USER", "NAME", "STATE", "OUTCOME"], cells, style);
}

function notDoneCounts({ totals }: Report): string {
  return [
    totals.failed > 0 ? `, ${counted(totals.failed, "host")} failed` : "",
    totals.skipped > 0 ? `, ${counted(totals.skipped, "host")} skipped` : "",
  ].join("");
}

function parts(...texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n");
}
