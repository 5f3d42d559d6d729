/** Outputs of the resource, as the engine keeps them, and back. Pure. Every state ever written stays readable. */
import type { ErrorCode } from "../../base/errors";
import { mostParallel } from "../../base/connection-slots";
import { isRecord } from "../../base/records";
import { countSessions } from "../../report/report";
import type {
  AskedSession,
  DrainOutcome,
  HostReport,
  HostStatus,
  SessionCounts,
  Totals,
  WarnedSession,
} from "../../report/report";
import { readStoredError, storedError } from "../common/stored-error";

/** Written into every state; a change of form is a new number, and the old form stays readable. */
export const stateVersion = 1;

/** The last that is known of one host, and its sessions by what became of them. */
export interface HostResult extends SessionCounts {
  /** How the host ended. `unknown`: done, but the last refresh could not reach it; everything else here is older than that. */
  readonly status: HostStatus | "unknown";
  /** Whether the host refuses new logons, and because of whom. */
  readonly drained: DrainOutcome;
  /** Why the host is not done. Present exactly when the status is `failed` or `skipped`. */
  readonly error?: {
    /** What went wrong; it tells what to do next. */
    readonly code: ErrorCode;
    /** The details, without a credential: at most 300 characters. */
    readonly message: string;
  };
}

/** What the next run must know of one session of a host that is not done. */
export type ResumeEntry = WarnedSession | AskedSession;

/** All outputs that are not inputs. None has the name of an input. */
export interface Results {
  /** Sums over the last known of every host. A host that no run has reported yet counts only in `totals.hosts`. */
  readonly totals: Totals;
  /** Identities (`rdsh01.corp.example:22`) of the hosts that are done and may be patched, in the order of `hosts`. */
  readonly readyHosts: readonly string[];
  /** The last known of every host, by identity. A host that no run has reported yet is absent. */
  readonly hostResults: Readonly<Record<string, HostResult>>;
  /** Number of matching sessions that are still there, over all hosts. */
  readonly remaining: number;
  /**
   * What changes when a host restarts, by host, as each host's last run read it. `restartedSince` of HostUndrain takes it. Servers behind another host
   * and hosts where it cannot be read are absent.
   */
  readonly bootIds: Readonly<Record<string, string>>;
  /** When the last run that contacted a host ended, in RFC 3339. Empty before that; a refresh does not change it. */
  readonly finishedAt: string;
  /** Who was warned and when, and who was asked to log off, on hosts that are not done, by identity. A secret. */
  readonly resume: Readonly<Record<string, readonly ResumeEntry[]>>;
  /** The version of the form of these outputs: 1. */
  readonly stateVersion: number;
}

/** Inputs as a state holds them. Until version 0.1.0, `rollout.parallel` could be larger than is allowed now. */
export function withParallelAllowed(
  inputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { rollout } = inputs;
  if (!isRecord(rollout) || typeof rollout["parallel"] !== "number") return inputs;
  return { ...inputs, rollout: { ...rollout, parallel: Math.min(rollout["parallel"], mostParallel) } };
}

/** What older outputs tell, as far as they can be read. */
export interface Known {
  readonly hosts: ReadonlyMap<string, HostResult>;
  /** Boot IDs by host. */
  readonly bootIds: ReadonlyMap<string, string>;
  readonly finishedAt: string;
  readonly resume: ReadonlyMap<string, readonly ResumeEntry[]>;
}

/** Who was warned, of what is kept for the next run. */
export function warnedOf(entries: readonly ResumeEntry[] = []): readonly WarnedSession[] {
  return entries.filter((entry): entry is WarnedSession => !isAsked(entry));
}

/** Who was asked to go, of what is kept for the next run. */
export function askedOf(entries: readonly ResumeEntry[] = []): readonly AskedSession[] {
  return entries.filter(isAsked);
}

export function isAsked(entry: ResumeEntry): entry is AskedSession {
  return "logoffSent" in entry;
}

/** A drain that is ours to lift. */
export type OurDrain = Extract<DrainOutcome, "until-restart" | "until-destroy">;

/** The drain of ours that is in force on a host, as far as is known. */
export function ourDrain(result: HostResult | undefined): OurDrain | undefined {
  const drained = result?.drained;
  return drained === "until-restart" || drained === "until-destroy" ? drained : undefined;
}

/** Whether a host needs no run: it was finished once, whatever a refresh could see of it since. */
export function isDone({ status }: Pick<HostResult, "status">): boolean {
  return status === "ok" || status === "unknown";
}

/** Reads outputs of any age. What cannot be read is absent, and a host that is absent is pending. Never throws. */
export function readKnown(outputs: unknown): Known {
  const { hostResults, bootIds, finishedAt, resume } = isRecord(outputs) ? outputs : {};
  const entries = Object.entries(isRecord(hostResults) ? hostResults : {}).flatMap(([label, value]) => {
    const result = readHostResult(value);
    return result === undefined ? [] : [[label, result] as const];
  });
  return {
    hosts: new Map(entries),
    bootIds: readBootIds(bootIds),
    finishedAt: typeof finishedAt === "string" ? finishedAt : "",
    resume: readResume(resume),
  };
}

/** One host's part of a report, in the form of the state. */
export function toHostResult(report: HostReport): HostResult {
  const { status, drained, error } = report;
  return {
    status,
    ...countSessions(report),
    drained,
    ...(error === undefined ? {} : { error: storedError(error) }),
  };
}

/** Matching sessions that are still on a host: those that were selected and did not go. */
export function remainingOn({ sessions, loggedOff, left, alreadyGone }: SessionCounts): number {
  return Math.max(0, sessions - loggedOff - left - alreadyGone);
}

/**
 * All outputs from what is known of the hosts that the inputs name, in the order of the inputs.
 * @param leaving hosts that are no longer named and cannot be forgotten yet: they are in hostResults and nowhere else
 */
export function toResults(labels: readonly string[], known: Known, leaving: readonly string[] = []): Results {
  const resultsOf = (some: readonly string[]): readonly (readonly [string, HostResult])[] =>
    some.flatMap((label) => {
      const result = known.hosts.get(label);
      return result === undefined ? [] : [[label, result] as const];
    });
  const hosts = resultsOf(labels);
  const results = hosts.map(([, result]) => result);
  const withStatus = (wanted: HostStatus): number => results.filter(({ status }) => status === wanted).length;
  const resume = hosts.flatMap(([label, result]) => {
    const entries = known.resume.get(label) ?? [];
    return isDone(result) || entries.length === 0 ? [] : [[label, entries] as const];
  });
  return {
    totals: {
      hosts: labels.length,
      ok: results.filter(isDone).length,
      failed: withStatus("failed"),
      skipped: withStatus("skipped"),
      ...counts((name) => results.reduce((total, result) => total + result[name], 0)),
    },
    readyHosts: hosts.flatMap(([label, result]) => (isDone(result) ? [label] : [])),
    hostResults: Object.fromEntries([...hosts, ...resultsOf(leaving)]),
    remaining: results.reduce((total, result) => total + remainingOn(result), 0),
    bootIds: Object.fromEntries(
      hosts.flatMap(([label]) => {
        const bootId = known.bootIds.get(label);
        return bootId === undefined ? [] : [[label, bootId] as const];
      }),
    ),
    finishedAt: known.finishedAt,
    resume: Object.fromEntries(resume),
    stateVersion,
  };
}

function counts(count: (name: keyof SessionCounts) => number): SessionCounts {
  return {
    sessions: count("sessions"),
    loggedOff: count("loggedOff"),
    left: count("left"),
    alreadyGone: count("alreadyGone"),
    kept: count("kept"),
    notFound: count("notFound"),
    stillPresent: count("stillPresent"),
    failedSessions: count("failedSessions"),
  };
}

function readHostResult(value: unknown): HostResult | undefined {
  if (!isRecord(value)) return undefined;
  const { status, drained, error } = value;
  if (status !== "ok" && status !== "unknown" && status !== "failed" && status !== "skipped")
    return undefined;
  const stored = status === "failed" || status === "skipped" ? readStoredError(error) : undefined;
  return {
    status,
    ...counts((name) => {
      const read = value[name];
      return typeof read === "number" && Number.isFinite(read) ? read : 0;
    }),
    drained: drainOutcomes.find((one) => one === drained) ?? "no",
    ...(stored === undefined ? {} : { error: stored }),
  };
}

const drainOutcomes = [
  "no",
  "until-restart",
  "until-destroy",
  "already",
  "undrained",
] as const satisfies readonly DrainOutcome[];

function readBootIds(value: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(isRecord(value) ? value : {});
  return new Map(
    entries.flatMap(([label, id]): [string, string][] => (typeof id === "string" ? [[label, id]] : [])),
  );
}

function readResume(value: unknown): ReadonlyMap<string, readonly ResumeEntry[]> {
  const hosts = Object.entries(isRecord(value) ? value : {}).map(
    ([label, entries]) => [label, Array.isArray(entries) ? entries.flatMap(readResumeEntry) : []] as const,
  );
  return new Map(hosts);
}

function readResumeEntry(value: unknown): readonly ResumeEntry[] {
  if (!isRecord(value)) return [];
  const { id, user, logonTime, warnedAt, remindersMs, logoffSent } = value;
  if (typeof id !== "string" || typeof user !== "string") return [];
  const session = { id, user, ...(typeof logonTime === "string" ? { logonTime } : {}) };
  if (logoffSent === true) return [{ ...session, logoffSent }];
  if (typeof warnedAt !== "string") return [];
  const reminders = Array.isArray(remindersMs) ? remindersMs.filter((ms) => typeof ms === "number") : [];
  return [{ ...session, warnedAt, remindersMs: reminders }];
}
