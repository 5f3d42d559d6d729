import { upTo } from "../../base/text";
import { describeCounts, describeDrain, describeOutcome, stateWord } from "../labels";
import type { HostReport, HostStatus, Report, SessionOutcome, Totals } from "../report";
import { sharedErrors } from "../shared-errors";
import { escapeXml as esc } from "../xml";
import { pageScript, pageStyle } from "./assets";
import { timelineBar, timelineScale } from "./timeline";

interface HtmlContext {
  /** Whether to state in the title that nothing was changed. */
  readonly dryRun: boolean;
}

/**
 * The report as a self-contained page: totals, the hosts that are not done by error, and every host with its sessions. The status
 * filter is plain CSS, because some pipelines forbid scripts; the script adds a search. Browsers skip the rendering of hosts that are
 * off screen, so that a page of ten thousand hosts stays usable.
 */
export function htmlReport(report: Report, { dryRun }: HtmlContext = { dryRun: false }): string {
  const scaleMs = timelineScale(report.hosts);
  const title = `session-logoff: ${outcomeText(report, dryRun)}`;
  return [
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${esc(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<a class="skip" href="#hosts">Skip to hosts</a>
<header>
<h1>${esc(title)}</h1>
<p>${time(report.startedAt)} to ${time(report.finishedAt)}</p>
${totalsList(report.totals)}
${report.warnings.length === 0 ? "" : `<ul class="warnings">${report.warnings.map((text) => `<li>${esc(text)}</li>`).join("")}</ul>`}
</header>
${notDone(report)}
<main>
<h2 id="hosts">Hosts</h2>
${filters(report.totals)}
<p class="search" hidden><label>Search <input type="search" id="search" autocomplete="off" placeholder="host, user, reason"></label>
<button type="button" id="open">Open all shown</button> <output id="shown" aria-live="polite"></output></p>
<div class="hosts">`,
    ...report.hosts.map((host, index) => hostSection(host, index, scaleMs)),
    `</div>
</main>
<script>${pageScript}</script>
</body>
</html>
`,
  ].join("\n");
}

function outcomeText({ hosts, totals }: Report, dryRun: boolean): string {
  const problems = hosts.filter(({ status }) => status !== "ok").length;
  const notDone = problems === 0 ? [] : [`${problems} of ${totals.hosts} hosts not done`];
  if (dryRun) return ["dry run, nothing was changed", ...notDone].join("; ");
  return notDone[0] ?? "done";
}

function time(moment: string): string {
  return `<time datetime="${esc(moment)}">${esc(moment.replace("T", " ").replace(/\.\d+Z$/u, " UTC"))}</time>`;
}

const totalWords: readonly (readonly [keyof Totals, string])[] = [
  ["hosts", "hosts"],
  ["ok", "done"],
  ["failed", "failed"],
  ["skipped", "skipped"],
  ["sessions", "sessions selected"],
  ["loggedOff", "logged off"],
  ["left", "left by themselves"],
  ["alreadyGone", "already gone"],
  ["stillPresent", "still present"],
  ["failedSessions", "sessions failed"],
  ["notFound", "not found"],
  ["kept", "kept"],
];

function totalsList(totals: Totals): string {
  const tiles = totalWords.map(
    ([field, words]) =>
      `<div${totals[field] === 0 ? ' class="zero"' : ""}><dt>${words}</dt><dd>${totals[field]}</dd></div>`,
  );
  return `<dl class="totals">${tiles.join("")}</dl>`;
}

/** Each distinct error, the most common first: a thousand hosts mostly fail for three reasons. */
function notDone({ hosts }: Report): string {
  const errors = sharedErrors(hosts.filter(({ status }) => status !== "ok"));
  if (errors.length === 0) return "";
  const ids = new Map(hosts.map(({ host }, index) => [host, hostId(index)]));
  const items = [...errors]
    .sort((a, b) => b.hosts.length - a.hosts.length)
    .map(({ status = "", code, message, hosts: affected }) => {
      const links = affected.map((host) => `<a href="#${ids.get(host) ?? ""}">${esc(host)}</a>`);
      return `<li><b>${esc(`${status}: ${code}`)}</b>, ${affected.length} ${affected.length === 1 ? "host" : "hosts"}: ${upTo(20, links)}<br><bdi>${esc(message)}</bdi></li>`;
    });
  return `<section><h2>Not done, and why</h2><ul>${items.join("")}</ul></section>`;
}

/** Derived from the position, because a name may contain any character. */
function hostId(index: number): string {
  return `host-${index + 1}`;
}

function filters(totals: Totals): string {
  const rows: readonly (readonly ["all" | HostStatus, string, number])[] = [
    ["all", "All", totals.hosts],
    ["failed", "Failed", totals.failed],
    ["skipped", "Skipped", totals.skipped],
    ["ok", "Done", totals.ok],
  ];
  const buttons = rows.map(
    ([status, words, count]) =>
      `<input type="radio" name="status" id="only-${status}" value="${status}"${status === "all" ? " checked" : ""}><label for="only-${status}">${words} (${count})</label>`,
  );
  return `<fieldset><legend>Show</legend>${buttons.join("")}</fieldset>`;
}

const statusWords: Readonly<Record<HostStatus, string>> = {
  ok: "done",
  failed: "failed",
  skipped: "skipped",
};

function hostSection(host: HostReport, index: number, scaleMs: number): string {
  const { status, error, warnings, sessions, notFound, commands = [], platform, drained } = host;
  const facts = [
    platform ?? "platform unknown",
    describeDrain(drained),
    notFound.length === 0 ? undefined : `not found: ${notFound.join(", ")}`,
  ].filter((fact) => fact !== undefined);
  return `<details class="host ${status}" id="${hostId(index)}"><summary><span class="status">${statusWords[status]}</span> <span class="name">${esc(host.host)}</span> <span class="counts">${esc(describeCounts(host))}</span> ${timelineBar(host, scaleMs)}${error === undefined ? "" : `<span class="error">${esc(error.code)}: <bdi>${esc(error.message)}</bdi></span>`}</summary>
<p>${esc(facts.join("; "))}</p>${list("warnings", warnings)}${list("commands", commands)}${sessionTable(sessions)}</details>`;
}

function list(kind: string, texts: readonly string[]): string {
  if (texts.length === 0) return "";
  return `<ul class="${kind}">${texts.map((text) => `<li><bdi>${esc(text)}</bdi></li>`).join("")}</ul>`;
}

function sessionTable(sessions: readonly SessionOutcome[]): string {
  if (sessions.length === 0) return "";
  const rows = sessions.map((result) => {
    const { id, user, name } = result.session;
    const message =
      result.outcome === "failed" || result.outcome === "still-present" ? ` – ${result.message}` : "";
    return `<tr class="${result.outcome}"><td>${esc(id)}</td><td><bdi>${esc(user ?? "")}</bdi></td><td>${esc(name ?? "")}</td><td>${stateWord(result)}</td><td>${esc(describeOutcome(result))}<bdi>${esc(message)}</bdi></td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th scope="col">ID</th><th scope="col">User</th><th scope="col">Name</th><th scope="col">State</th><th scope="col">Outcome</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}
