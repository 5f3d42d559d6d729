import { stateWord } from "./labels";
import { inertJson } from "./pipeline-commands";
import type { HostReport, Report, SessionOutcome } from "./report";

/** What a report is written with that is not part of it. */
export interface JsonContext {
  /** Nothing was changed: a dry run or a list. */
  readonly dryRun: boolean;
  readonly exitStatus: number;
}

/**
 * The report as one JSON object, version 1, as `schema/report.schema.json` describes it. Later versions of the same
 * number only add fields.
 */
export function jsonReport(report: Report, context: JsonContext): string {
  const { totals, ...head } = headOf(report, context);
  return `${safeJson({ ...head, totals, hosts: report.hosts.map(hostObject) }, 2)}\n`;
}

/** One host object a line, in the order of the plan; the last line is the same object without its hosts. */
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

/** Of a host that was never spoken to there is nothing to say about drain and duration. */
function hostObject(host: HostReport): object {
  const { platform, status, error, drained, durationMs, warnings, notFound, commands, sessions } = host;
  return {
    host: host.host,
    platform,
    status,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(platform === null ? {} : { drained, durationMs }),
    warnings,
    ...(notFound.length === 0 ? {} : { notFound }),
    ...(commands === undefined ? {} : { commands }),
    sessions: sessions.map(sessionObject),
  };
}

function sessionObject(one: SessionOutcome): object {
  const { id, name, user, logonTime, idleMs } = one.session;
  const looked = one.outcome === "listed" || one.outcome === "would-log-off";
  return {
    id,
    name: name ?? null,
    user: user ?? null,
    state: stateWord(one),
    ...(looked && logonTime !== undefined ? { logonTime } : {}),
    ...(looked && idleMs !== undefined ? { idleMs } : {}),
    outcome: one.outcome,
    ...(one.outcome === "kept" ? { reason: one.reason } : {}),
    ...(one.outcome === "still-present" || one.outcome === "failed"
      ? { error: { code: one.code, message: one.message } }
      : {}),
  };
}

/**
 * A value as JSON without anything that a terminal, a browser or a build agent would act upon: C1 controls, line separators,
 * bidirectional controls and pipeline commands are escaped.
 */
export function safeJson(value: unknown, indent?: number): string {
  const escaped = JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return inertJson(escaped);
}
