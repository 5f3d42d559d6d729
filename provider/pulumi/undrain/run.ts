import { LogoffError } from "../../base/errors";
import type { UndrainHost, UndrainPlan } from "../../plan/read-undrain-plan";
import { blankReport, totalsOf, type HostReport, type Report } from "../../report/report";
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
  const { clock, slots, voice } = scope;
  const awaited = plan.hosts.filter(({ host }) => labels.has(host.label));
  const warnings = [...plan.warnings, ...slots.makeRoomFor(plan.parallel, awaited)];
  warnings.forEach(voice.warn);
  const startedAt = clock.date().toISOString();
  const ended = await endsOf(plan, labels, scope, cancellation);
  const finishedAt = clock.date().toISOString();
  const [outcomes, reports] = [ended.map(({ outcome }) => outcome), ended.map(({ report }) => report)];
  const report: Report = {
    startedAt,
    finishedAt,
    totals: totalsOf(reports),
    hosts: reports,
    warnings,
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

/** The end of the wait for one host. */
interface Ended {
  readonly outcome: AwaitOutcome;
  readonly report: HostReport;
}

/** The ends in the order of the plan, of hosts that did not end in time too. */
async function endsOf(
  plan: UndrainPlan,
  labels: ReadonlySet<string>,
  scope: Scope,
  { stop, signal, gaveUp }: Cancellation,
): Promise<readonly Ended[]> {
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
  const ended = new Map<UndrainHost, Ended>();
  const all = hosts.map(async (one) => {
    const end = endOf(one, await outcomeOf(plan, one, awaitHost));
    ended.set(one, end);
    lines.hear({ type: "host-finished", host: one.host.label, report: end.report });
  });
  await Promise.race([Promise.all(all), gaveUp]).finally(lines.end);
  return hosts.map((one) => ended.get(one) ?? endOf(one, notEnded(one.host.label)));
}

/** A drain of ours that is left is still in force as far as is known, and the report says so. */
function endOf({ closedBy }: UndrainHost, outcome: AwaitOutcome): Ended {
  const before = blankReport(outcome.host);
  const [ours] = outcome.drained === "left" ? drainsOf(closedBy) : [];
  return { outcome, report: awaitedReport({ ...before, drained: ours ?? before.drained }, outcome) };
}

async function outcomeOf(plan: UndrainPlan, one: UndrainHost, awaitHost: AwaitHost): Promise<AwaitOutcome> {
  const { host, restartedSince } = one;
  const outcome = await awaitHost(awaitedHost(plan, one));
  if (restartedSince === null) return { ...outcome, error: withoutEntry(host.label) };
  const { error, drained } = outcome;
  return error?.code === "drain-failed" && drained === "already"
    ? { ...outcome, error: withForce(error) }
    : outcome;
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

function withForce({ code, message }: LogoffError): LogoffError {
  return new LogoffError(code, `${message}; open it there, or set \`force: true\` to open it anyway`);
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
