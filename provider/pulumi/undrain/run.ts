import { LogoffError } from "../../base/errors";
import type { UndrainHost, UndrainPlan } from "../../plan/read-undrain-plan";
import { blankReport, totalsOf, type Report } from "../../report/report";
import {
  hostAwaiter,
  type AwaitedHost,
  type AwaitHost,
  type AwaitOutcome,
} from "../../run/undrain/await-hosts";
import { awaitedReport } from "../../run/undrain/undrain";
import { withinCall, type Scope } from "../common/call";
import { writeReports } from "../common/reports";
import type { Cancellation } from "../process/cancellation";
import { awaitLines } from "../progress/await-lines";
import { toUndrainHostResult, type UndrainKnown } from "./results";

/** What a run adds to what was known. */
export interface UndrainRunResult {
  readonly known: UndrainKnown;
  /** Whether any host was contacted. */
  readonly contacted: boolean;
}

/**
 * Waits for the named hosts of a plan, prints what happens, writes the reports and adds the outcomes to what was known. Always ends: when it is
 * cancelled and hosts do not finish in time, they count as stopped.
 */
export async function awaitAndRecord(
  plan: UndrainPlan,
  labels: ReadonlySet<string>,
  known: UndrainKnown,
  scope: Scope,
  cancellation: Cancellation,
): Promise<UndrainRunResult> {
  const { clock, voice } = scope;
  plan.warnings.forEach(voice.warn);
  const startedAt = clock.date().toISOString();
  const outcomes = await outcomesOf(plan, labels, scope, cancellation);
  const finishedAt = clock.date().toISOString();
  const reports = outcomes.map((outcome) => awaitedReport(blankReport(outcome.host), outcome));
  const report: Report = {
    startedAt,
    finishedAt,
    totals: totalsOf(reports),
    hosts: reports,
    warnings: plan.warnings,
  };
  const { stop } = cancellation;
  await writeReports({ reports: plan.reports, failOn: "any" }, report, stop.aborted, scope);
  const contacted = outcomes.some((outcome) => outcome.contacted);
  return {
    known: {
      hosts: new Map([
        ...known.hosts,
        ...outcomes.map((outcome) => [outcome.host, toUndrainHostResult(outcome)] as const),
      ]),
      finishedAt: contacted ? finishedAt : known.finishedAt,
    },
    contacted,
  };
}

/** The outcomes in the order of the plan, of hosts that did not end in time too. */
async function outcomesOf(
  plan: UndrainPlan,
  labels: ReadonlySet<string>,
  scope: Scope,
  { stop, signal, gaveUp }: Cancellation,
): Promise<readonly AwaitOutcome[]> {
  const { connect, clock, slots, turns, voice } = scope;
  const hosts = plan.hosts.filter(({ host }) => labels.has(host.label));
  const lines = awaitLines({ hosts: hosts.length, clock, voice });
  const options = {
    parallel: plan.parallel,
    commandMs: plan.timeouts.commandMs,
    totalMs: withinCall(plan.timeouts.totalMs, scope),
  };
  const deps = { connect, clock, slots, turns, stop, onProgress: lines.hear };
  const awaitHost = hostAwaiter(options, deps, signal);
  const ended = new Map<string, AwaitOutcome>();
  const all = hosts.map(async (one) => {
    const outcome = await outcomeOf(plan, one, awaitHost);
    ended.set(outcome.host, outcome);
    const report = awaitedReport(blankReport(outcome.host), outcome);
    lines.hear({ type: "host-finished", host: outcome.host, report });
  });
  await Promise.race([Promise.all(all), gaveUp]).finally(lines.end);
  return hosts.map(({ host }) => ended.get(host.label) ?? notEnded(host.label));
}

async function outcomeOf(plan: UndrainPlan, one: UndrainHost, awaitHost: AwaitHost): Promise<AwaitOutcome> {
  const { host, restartedSince } = one;
  const outcome = await awaitHost(awaitedHost(plan, one));
  return restartedSince === null ? { ...outcome, error: withoutEntry(host.label) } : outcome;
}

function awaitedHost({ force, hasClosedBy }: UndrainPlan, one: UndrainHost): AwaitedHost {
  const { host, closedBy, restartedSince } = one;
  return {
    host,
    lifts: force ? "forced" : hasClosedBy ? drainsOf(closedBy) : ["until-restart"],
    ...(restartedSince === undefined ? {} : { restartedSince }),
  };
}

/** The drain that is said to be ours, if one is. */
function drainsOf(closedBy: UndrainHost["closedBy"]): readonly ("until-restart" | "until-destroy")[] {
  return closedBy === "until-restart" || closedBy === "until-destroy" ? [closedBy] : [];
}

function withoutEntry(label: string): LogoffError {
  return new LogoffError(
    "not-restarted",
    `Cannot tell whether "${label}" has restarted: \`restartedSince\` has no entry for it; run SessionLogoff on it again with a new trigger, or leave out \`restartedSince\``,
  );
}

function notEnded(host: string): AwaitOutcome {
  return {
    host,
    status: "skipped",
    drained: "left",
    error: new LogoffError("aborted", "Stopped before it was done; run again"),
    contacted: false,
    warnings: [],
    durationMs: 0,
  };
}
