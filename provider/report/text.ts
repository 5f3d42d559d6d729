/** The result of a run for people, as text. */
import { formatDuration } from "../base/duration";
import { counted, firstAndMore, printable } from "../base/text";
import { describeOutcome, stateWord } from "./labels";
import type { HostReport, Report, SessionOutcome } from "./report";
import { sharedErrors, toldErrors, type HostError, type SharedError, type ToldError } from "./shared-errors";
import { textTable, type Cell, type TableStyle, type Tone } from "./table";

/** Who is where: one row a session, and below it the hosts that could not be listed. */
export function listText(report: Report, style: TableStyle): string {
  const rows = allSessions(report).map(({ host, one }): readonly Cell[] => {
    const { id, name, user, idleMs, logonTime } = one.session;
    return [
      { text: host.host },
      { text: id },
      { text: user ?? "" },
      { text: name ?? "" },
      { text: stateWord(one), tone: one.session.state === "active" ? "good" : "dim" },
      { text: idleMs === undefined ? "" : formatDuration(idleMs) },
      { text: logonTime ?? "" },
    ];
  });
  const people = allSessions(report).filter(({ one }) => one.session.user !== undefined).length;
  return parts(
    rows.length === 0
      ? ""
      : textTable(["HOST", "ID", "USER", "NAME", "STATE", "IDLE", "LOGON TIME"], rows, style),
    openHosts(report, style),
    `${counted(people, "session")} of users on ${counted(report.totals.ok, "host")}${open(report)}\n`,
  );
}

/** Who would be logged off, who not and why, and the commands that would do it. */
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
    `${counted(wouldGo(report), "session")} would be ${isOnlyWarned(report) ? "warned, and nobody logged off," : "logged off"} on ${counted(report.totals.hosts, "host")}${open(report)}; nothing was changed\n`,
  );
}

/** Every session of a dry run with what would become of it; sessions without a user are left out. */
export function whoWouldGo(report: Report, style: TableStyle): string {
  const rows = allSessions(report).filter(
    ({ one }) => one.session.user !== undefined || one.outcome !== "kept",
  );
  return sessionRows(rows, style);
}

/** How many sessions a dry run found that a run would take. */
export function wouldGo(report: Report): number {
  return allSessions(report).filter(({ one }) => one.outcome === "would-log-off").length;
}

/** Whether the run would only warn them: who is still there at the deadline fails the host and stays. */
export function isOnlyWarned(report: Report): boolean {
  return allSessions(report).some(({ one }) => one.outcome === "would-log-off" && one.onlyWarned === true);
}

/** Up to so many sessions are shown one by one after a run; more are in the reports. */
const shownSessions = 200;

/** What was done: the sessions one by one while they are few, every host that is not done, and the totals. */
export function runText(report: Report, style: TableStyle): string {
  const { totals } = report;
  const rows = allSessions(report).filter(
    ({ one }) => one.session.user !== undefined || one.outcome !== "kept",
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
    rows.length > shownSessions ? "" : sessionRows(rows, style),
    openHosts(report, style),
    `${done} on ${counted(totals.hosts, "host")}${open(report)}\n`,
  );
}

/** The hosts that are not done, each reason in full and only once, however many hosts share it. */
export function openHosts(report: Report, { paint }: TableStyle): string {
  const notDoneCounts = report.hosts.filter(({ status }) => status !== "ok");
  return errorsText(notDoneCounts, ({ status = "", code }) => paint(`${status}: ${code}`, "bad"));
}

/** How many are listed; the others are counted. */
const limits = { errors: 50, hosts: 20 };

/** Errors of hosts, each once: the first host and the result of `describe`, the message, and the other hosts that have it. */
export function errorsText(
  hosts: readonly HostError[],
  describe: (error: SharedError) => string = () => "",
): string {
  const { told, untold } = toldErrors(sharedErrors(hosts), limits);
  const texts = told.map((one) => {
    const head = `${firstAndMore(one.hosts.map((host) => printable(host)))}  ${describe(one)}`.trimEnd();
    const also = alsoOn(one);
    return [
      `${head}\n  ${printable(one.message, 1000)}\n`,
      also === undefined ? "" : `  ${printable(also, 5000)}\n`,
    ].join("");
  });
  const rest =
    untold === 0
      ? ""
      : `${counted(untold, "more host")} with other errors: --report and --output json list them all\n`;
  return texts.join("") + rest;
}

/** `also rdsh02:22, rdsh03:22 and 5 more`; undefined when no host is named beside the first. */
export function alsoOn({ also, more }: ToldError): string | undefined {
  if (also.length === 0) return undefined;
  return `also ${also.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}

interface Row {
  readonly host: HostReport;
  readonly one: SessionOutcome;
}

function allSessions({ hosts }: Report): readonly Row[] {
  return hosts.flatMap((host) => host.sessions.map((one) => ({ host, one })));
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
  const cells = rows.map(({ host, one }): readonly Cell[] => [
    { text: host.host },
    { text: one.session.id },
    { text: one.session.user ?? "" },
    { text: one.session.name ?? "" },
    { text: stateWord(one) },
    { text: describeOutcome(one), tone: tones[one.outcome] },
  ]);
  return textTable(["HOST", "ID", "USER", "NAME", "STATE", "OUTCOME"], cells, style);
}

function open({ totals }: Report): string {
  return [
    totals.failed > 0 ? `, ${counted(totals.failed, "host")} failed` : "",
    totals.skipped > 0 ? `, ${counted(totals.skipped, "host")} skipped` : "",
  ].join("");
}

function parts(...texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n");
}
