import { orAborted } from "../base/abort";
import type { Clock } from "../base/clock";
import { Semaphore, type KeyedMutex } from "../base/concurrency";
import type { ConnectionSlots } from "../base/connection-slots";
import { formatDuration } from "../base/duration";
import { LogoffError } from "../base/errors";
import type { Reach } from "../connection";
import type { HostPlan, Plan } from "../plan/plan";
import type { OnProgress } from "../report/events";
import { blankReport, totalsOf, type HostReport, type Report } from "../report/report";
import type { AfterWave } from "./after-wave";
import { reasonToStop, type RunContext } from "./context";
import { driveHost, type Turns } from "./host/driver";
import type { HostRun, PreviousRun } from "./host/state";
import { visit } from "./host/visit";
import { doneNote, endingWith, noJournal, type Journal } from "./journal";
import { withSharedRelays } from "./relay";
import { hasBegun, type Resumed } from "./resumed";
import { runWaves, type WavesEnd } from "./run-waves";
import { refusedByLimit, type RunOne } from "./session-limit";
import { leftClosed, stillDrained, unusedExceptions } from "./warnings";
import { wavesOf } from "./waves";
import { watchWindow } from "./window";

/** What a front passes to a run. */
export interface RolloutDeps extends Reach {
  readonly clock: Clock;
  /** Limits the connections of the process; shared by all its runs. */
  readonly slots: ConnectionSlots;
  /** Locks hosts: runs that share a host take turns on it. */
  readonly turns: KeyedMutex;
  readonly onProgress: OnProgress;
  /** The labels of the hosts to run. Absent: all hosts of the plan. */
  readonly hosts?: ReadonlySet<string>;
  /** Stops the run gracefully: nothing new starts, and what was sent is verified. `signal` instead drops everything. Absent: no stop. */
  readonly stop?: AbortSignal;
  /**
   * `list` gives the outcome `listed`; `dry-run` gives `would-log-off` and the commands; both change nothing. Undefined, which must be
   * given explicitly: a real run.
   */
  readonly readOnly: "list" | "dry-run" | undefined;
  /** Where the run writes down what it does, so that another process can go on with it. Absent: nowhere. */
  readonly journal?: Journal;
  /** The interrupted run that this run goes on with. Absent: there is none. */
  readonly resumed?: Resumed;
  /** What follows each wave of a real run. Absent: nothing. */
  readonly afterWave?: AfterWave;
  /** What a previous, unfinished run left behind, by label. */
  readonly previous?: ReadonlyMap<string, PreviousRun>;
  /** Visits a host. Absent: in this process. */
  readonly visit?: Turns["visit"];
}

/** A run that has been started. */
export interface Rollout {
  /** Never rejects: every host has its own outcome in the report. */
  readonly report: Promise<Report>;
  /** The report as of now; unfinished hosts are reported as if `error` had ended their run. */
  readonly snapshot: (error: LogoffError) => Report;
}

/** Like {@link startRollout}, for callers that only need the report. */
export function runRollout(plan: Plan, deps: RolloutDeps, signal: AbortSignal): Promise<Report> {
  return startRollout(plan, deps, signal).report;
}

/** Runs a plan wave by wave, with as many hosts at a time as the plan allows, until too many hosts have failed. */
export function startRollout(plan: Plan, deps: RolloutDeps, signal: AbortSignal): Rollout {
  const records: RunContext["records"] = new Map();
  const startedAt = deps.clock.date().toISOString();
  const reportOf = (label: string, error: LogoffError): HostReport =>
    records.get(label)?.snapshot(error) ?? notStarted(label, error, deps.previous?.get(label));
  return {
    report: roll(plan, deps, signal, records),
    snapshot: (error) => {
      const hosts = hostsOf(plan, deps).map(({ host }) => reportOf(host.label, error));
      const finishedAt = deps.clock.date().toISOString();
      return { startedAt, finishedAt, totals: totalsOf(hosts), hosts, warnings: plan.warnings };
    },
  };
}

/** The report of a host that the run has not started: what a previous run recorded still holds. */
function notStarted(label: string, { code, message }: LogoffError, previous?: PreviousRun): HostReport {
  const { drained = "no", warned = [], asked = [] } = previous ?? {};
  return { ...blankReport(label), status: "skipped", error: { code, message }, drained, warned, asked };
}

/** A rejected password keeps counting in a run that goes on, since the account counts it too. */
function noteEnd({ journal, ...context }: RunContext, { host }: HostPlan, run: HostRun): void {
  const { error, status } = run.report;
  const { password, privateKeys } = host.login;
  if (password !== undefined && privateKeys.length === 0) {
    if (error?.code === "auth-rejected" && status === "failed")
      journal.add({ note: "rejected", host: host.label });
    else if (status === "ok") journal.add({ note: "accepted", host: host.label });
  }
  journal.add(doneNote(run, reasonToStop(context)));
}

function hostsOf({ hosts }: Plan, deps: RolloutDeps): readonly HostPlan[] {
  return hosts.filter(({ host }) => deps.hosts?.has(host.label) ?? true);
}

async function roll(
  asked: Plan,
  deps: RolloutDeps,
  signal: AbortSignal,
  records: RunContext["records"],
): Promise<Report> {
  const { clock, onProgress } = deps;
  const isReadOnly = deps.readOnly !== undefined;
  const plan = isReadOnly ? withNothingHeldBack(asked) : asked;
  const startedAt = clock.date();
  const hosts = hostsOf(plan, deps);
  const unfinished = hosts.filter(({ host }) => deps.resumed?.done.has(host.label) !== true);
  const enough = new AbortController();
  const stop = AbortSignal.any([signal, enough.signal, ...(deps.stop ? [deps.stop] : [])]);
  const over = new AbortController();
  void expire(plan.timeouts.totalMs, clock, enough, over.signal);
  const outsideWindow = watchWindow(plan.window);
  const journal = isReadOnly ? noJournal : endingWith(deps.journal ?? noJournal, enough);
  const previous = deps.resumed?.previous ?? deps.previous;
  const hostSlots = new Semaphore(plan.rollout.parallel);
  const tooFewSlots = deps.slots.makeRoomFor(plan.rollout.parallel, unfinished);
  const context: RunContext = {
    plan,
    // Servers behind one host share its connection.
    connect: withSharedRelays(deps.connect),
    clock,
    startedAtMs: clock.now(),
    startedAt,
    onProgress,
    outsideWindow,
    stop,
    signal,
    readOnly: deps.readOnly,
    journal,
    records,
  };
  const run: RunOne = (host, begins, how = {}) => {
    const { label } = host.host;
    // The run's host slot first, the connection last: a waiter must not hold what others could use.
    const take: Turns["take"] = (work, until) =>
      hostSlots.run(() => {
        begins();
        return deps.turns.run(label, () => deps.slots.run(work, until), until);
      }, until);
    const turns = { take, visit: deps.visit ?? visit };
    return driveHost({ ...context, ...how }, host, turns, previous?.get(label));
  };
  const runAll = async (): Promise<WavesEnd & { isRefused: boolean }> => {
    const isLimited = !isReadOnly && reasonToStop({ stop, outsideWindow, clock }) === undefined;
    const refused = isLimited ? await refusedByLimit(unfinished, plan, run, previous, stop) : undefined;
    if (refused !== undefined) enough.abort(refused.error);
    const runOrRefuse: RunOne = async (host, begins) => {
      const { label } = host.host;
      // What a killed process has changed is undone, although nothing else is done.
      const isRefused = deps.resumed === undefined || !hasBegun(deps.resumed, label);
      const known = deps.resumed?.done.get(label) ?? (isRefused ? refused?.runs.get(label) : undefined);
      if (known === undefined) {
        const done = await run(host, begins);
        noteEnd(context, host, done);
        return done;
      }
      onProgress({ type: "host-finished", host: label, report: known.report });
      return known;
    };
    const waves = isReadOnly
      ? [hosts]
      : wavesOf(hosts, plan.rollout.waves, await routesOf(hosts, deps, stop));
    const afterWave = isReadOnly ? undefined : deps.afterWave;
    const control = {
      ...context,
      slots: deps.slots,
      turns: deps.turns,
      end: enough,
      enough: enough.signal,
      afterWave,
      resumed: deps.resumed,
    };
    const ran = await runWaves(waves, plan, runOrRefuse, control);
    return { ...ran, isRefused: refused !== undefined };
  };
  onProgress({ type: "run-started", hosts: hosts.length });
  const { runs, error, isRefused } = await runAll().finally(() => over.abort());
  onProgress({ type: "run-finished" });
  const reports = inOrder(hosts, runs);
  // When the total time ends the command of the last wave, no host shows it.
  const ended = error ?? endOf(enough.signal);
  const isSaid = reports.some(({ error }) => error?.code === ended?.code);
  return {
    startedAt: startedAt.toISOString(),
    finishedAt: clock.date().toISOString(),
    totals: totalsOf(reports),
    hosts: reports,
    warnings: [
      ...plan.warnings,
      ...tooFewSlots,
      ...(ended === undefined || isSaid ? [] : [ended.message]),
      ...(isReadOnly ? [] : stillDrained(reports, isRefused)),
      ...(isReadOnly || deps.afterWave?.undrain === undefined ? [] : leftClosed(reports)),
      ...(hosts.length === plan.hosts.length ? unusedExceptions(hosts, runs) : []),
    ],
    ...(ended === undefined ? {} : { ended: { code: ended.code, message: ended.message } }),
  };
}

/**
 * The plan of a read-only run, without waves, pauses, window and failure limit: a preview should not have to wait for a pause, and every
 * host is listed, however many others fail.
 */
function withNothingHeldBack(plan: Plan): Plan {
  return { ...plan, window: null, rollout: { ...plan.rollout, waves: [], pauseMs: 0, maxFailures: null } };
}

/**
 * The jump hosts that only ssh_config names; the plan knows all others. A file that does not answer delays a run by no longer than a
 * connection may take, and a stopped run not at all. Connecting reads the file again and reports the error.
 */
async function routesOf(
  hosts: readonly HostPlan[],
  { findJumpHosts, clock }: RolloutDeps,
  stop: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  if (findJumpHosts === undefined || hosts.every(({ host }) => host.sshConfig === undefined))
    return undefined;
  const tooLong = new AbortController();
  const longestMs = hosts.reduce((ms, { host }) => Math.max(ms, host.connectTimeoutMs), 0);
  const stopTimer = clock.after(longestMs, () => tooLong.abort());
  const ending = AbortSignal.any([stop, tooLong.signal]);
  const finding = findJumpHosts(
    hosts.map(({ host }) => host),
    ending,
  );
  return orAborted(finding, ending)
    .catch((thrown: unknown) => {
      if (ending.aborted) return undefined;
      throw thrown;
    })
    .finally(stopTimer);
}

/** Why the run stopped itself; undefined if it did not. */
function endOf(enough: AbortSignal): LogoffError | undefined {
  return enough.aborted && enough.reason instanceof LogoffError ? enough.reason : undefined;
}

/** Ends the run after `timeouts.total`. */
async function expire(
  totalMs: number | null,
  clock: Clock,
  enough: AbortController,
  over: AbortSignal,
): Promise<void> {
  if (totalMs === null) return;
  await clock.sleep(totalMs, over).then(
    () =>
      enough.abort(
        new LogoffError(
          "timed-out",
          `Stopped after ${formatDuration(totalMs)}: \`timeouts.total\` allows no more; run again for the hosts that are not done`,
        ),
      ),
    () => undefined,
  );
}

function inOrder(hosts: readonly HostPlan[], runs: readonly HostRun[]): Report["hosts"] {
  const byLabel = new Map(runs.map(({ report }) => [report.host, report]));
  return hosts.flatMap(({ host }) => byLabel.get(host.label) ?? []);
}
