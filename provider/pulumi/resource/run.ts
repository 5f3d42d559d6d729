import { LogoffError } from "../../base/errors";
import type { Plan } from "../../plan/plan";
import type { Report, ReportedError } from "../../report/report";
import type { PreviousRun } from "../../run/host/state";
import { startRollout, type RolloutDeps } from "../../run/rollout";
import type { Cancellation } from "../process/cancellation";
import { progressLines } from "../progress/progress-lines";
import type { Scope } from "../common/call";
import { writeReports } from "../common/reports";
import { askedOf, ourDrain, toHostResult, warnedOf, type Known } from "./state";

/** What a run adds to what was known. */
export interface RunResult {
  readonly known: Known;
  /** Whether any host was contacted. */
  readonly contacted: boolean;
  /** Why the run stopped by itself; absent: it did not. */
  readonly ended?: ReportedError;
}

/**
 * Runs the named hosts of a plan, prints what happens, writes the reports and adds the outcomes to what was known. Always
 * ends: when it is cancelled and hosts do not finish in time, they count as stopped.
 */
export async function runAndRecord(
  plan: Plan,
  labels: ReadonlySet<string>,
  known: Known,
  scope: Scope,
  cancellation: Cancellation,
): Promise<RunResult> {
  const { warn } = scope.voice;
  const report = await runHosts(plan, labels, known, scope, cancellation);
  report.warnings.forEach(warn);
  await writeReports(plan, report, cancellation.stop.aborted, scope);
  const hosts = new Map(known.hosts);
  const bootIds = new Map(known.bootIds);
  const resume = new Map(known.resume);
  for (const one of report.hosts) {
    hosts.set(one.host, toHostResult(one));
    if (one.bootId !== undefined) bootIds.set(one.host, one.bootId);
    else if (one.contacted) bootIds.delete(one.host);
    resume.set(one.host, [...one.warned, ...(one.asked ?? [])]);
  }
  const contacted = report.hosts.some((one) => one.contacted);
  const finishedAt = contacted ? report.finishedAt : known.finishedAt;
  const { ended } = report;
  return {
    known: { hosts, bootIds, finishedAt, resume },
    contacted,
    ...(ended === undefined ? {} : { ended }),
  };
}

/** The report of the run, or what is known of it when it does not end in time or breaks. */
async function runHosts(
  plan: Plan,
  labels: ReadonlySet<string>,
  known: Known,
  scope: Scope,
  { stop, signal, gaveUp }: Cancellation,
): Promise<Report> {
  const { connect, findJumpHosts, clock, slots, turns, voice } = scope;
  const lines = progressLines({ hosts: labels.size, clock, voice });
  const deps: RolloutDeps = {
    connect,
    ...(findJumpHosts === undefined ? {} : { findJumpHosts }),
    clock,
    slots,
    turns,
    hosts: labels,
    readOnly: undefined,
    stop,
    previous: new Map([...labels].map((label) => [label, previousRun(label, known)])),
    onProgress: lines.hear,
  };
  const { report, snapshot } = startRollout(plan, deps, signal);
  const whole = report.catch((thrown: unknown) => {
    const detail = thrown instanceof Error ? thrown.message : "unknown error";
    return snapshot(new LogoffError("command-failed", `The run ended with an unexpected error: ${detail}`));
  });
  return Promise.race([whole, gaveUp.then(() => snapshot(unverified))]).finally(lines.end);
}

const unverified = new LogoffError(
  "aborted",
  "Stopped before it was done, and what was sent could not be verified in time; run again",
);

/** Who was already warned and asked to go, and whether we drained the host. */
function previousRun(label: string, known: Known): PreviousRun {
  const drained = ourDrain(known.hosts.get(label));
  const entries = known.resume.get(label);
  return {
    warned: warnedOf(entries),
    asked: askedOf(entries),
    ...(drained === undefined ? {} : { drained }),
  };
}
