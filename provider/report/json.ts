import { hasControls } from "../base/text";
import { stateWord } from "./labels";
import { inertJson } from "./pipeline-commands";
import type { HostReport, Report, SessionOutcome } from "./report";

/** Fields of the JSON report that are not part of a {@link Report}. */
export interface JsonContext {
  /** Whether the run was read-only: a dry run or a list. */
  readonly dryRun: boolean;
  readonly exitStatus: number;
}

/**
 * The report as one JSON object in format version 1, described by `schema/report.schema.json`. Later releases only add fields to
 * this version.
 */
export function jsonReport(report: Report, context: JsonContext): string {
  const { totals, ...head } = headOf(report, context);
  return `${safeJson({ ...head, totals, hosts: report.hosts.map(hostObject) }, 2)}\n`;
}

/** One host object per line, in the order of the plan. The last line is the report object without its hosts. */
export function ndjsonReport(report: Report, context: JsonContext): string {
  const lines = [...report.hosts.map(hostObject), headOf(report, context)];
  return lines.map((line) => `${safeJson(line)}\n`).join("");
}

function headOf(report: Report, { dryRun, exitStatus }: JsonContext) {
  const { startedAt, finishedAt, totals, warnings } = report;
  return {
    version: 1,
    dryRun,
    startedAt,
    finishedAt,
    exitStatus,
    ...(warnings.length === 0 ? {} : { warnings }),
    totals,
  };
}

/** The object of a host; `drained` and `durationMs` are absent for a host whose platform was never detected. */
function hostObject(host: HostReport): object {
  const { platform, status, error, drained, durationMs, warnings, notFound, bootId, commands, sessions } =
    host;
  return {
    host: host.host,
    platform,
    status,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(platform === null ? {} : { drained, durationMs }),
    warnings,
    ...(notFound.length === 0 ? {} : { notFound }),
    ...(bootId === undefined ? {} : { bootId }),
    ...(commands === undefined ? {} : { commands }),
    sessions: sessions.map(sessionObject),
  };
}

function sessionObject(result: SessionOutcome): object {
  const { id, name, user, logonTime, idleMs } = result.session;
  const isReadOnly = result.outcome === "listed" || result.outcome === "would-log-off";
  return {
    id,
    name: name ?? null,
    user: user ?? null,
    state: stateWord(result),
    ...(isReadOnly && logonTime !== undefined ? { logonTime } : {}),
    ...(isReadOnly && idleMs !== undefined ? { idleMs } : {}),
    outcome: result.outcome,
    ...(result.outcome === "kept" ? { reason: result.reason } : {}),
    ...(result.outcome === "still-present" || result.outcome === "failed"
      ? { error: { code: result.code, message: result.message } }
      : {}),
  };
}

/**
 * A value as JSON that is safe to print to a terminal, a browser or a build log: C1 controls, line separators, bidirectional
 * controls and pipeline commands are escaped.
 */
export function safeJson(value: unknown, indent?: number): string {
  // JSON.stringify has escaped C0 in all values; its own line ends remain.
  const escaped = JSON.stringify(value, null, indent).replace(/[\u007f-\uffff]/gu, (character) =>
    hasControls(character) ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : character,
  );
  return inertJson(escaped);
}
