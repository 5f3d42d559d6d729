import { forManyWaiters, Slots, type Clock, type Turns } from "./async";
import type { Connect } from "./connection";
import { LogoffError } from "./errors";
import { runHost, type HostRun } from "./host-run";
import type { EarlierRun, HostRunContext } from "./host-run/context";
import type { HostPlan, Plan } from "./plan";
import type { OnProgress } from "./report/progress";
import { totalsOf, type Report } from "./report/report";
import { sharingRelays } from "./relay";
import { isExceeded, wavesOf } from "./waves";

/** What a front hands to a run. */
export interface RolloutDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  /** The connections of the whole process, shared by all runs in it. */
  readonly slots: Slots;
  /** Runs that have a host in common take turns on it. */
  readonly turns: Turns;
  readonly onProgress: OnProgress;
  /** Labels of the hosts to run; absent: all of the plan. */
  readonly hosts?: ReadonlySet<string>;
  /** Start nothing new and finish verifying what was sent; absent: never. `signal` in contrast drops everything. */
  readonly stop?: AbortSignal;
  /** Change nothing: `list` gives the outcome `listed`, `dry-run` `would-log-off` and the commands; absent: a real run. */
  readonly look?: "list" | "dry-run";
  /** By label: what an earlier, unfinished run left behind. */
  readonly earlier?: ReadonlyMap<string, EarlierRun>;
}

/**
 * Runs a plan on its hosts: wave by wave, so many at once as it says, until too many have failed. Never rejects: every
 * host has its own outcome in the report, and none hides another's.
 */
export async function runRollout(plan: Plan, deps: RolloutDeps, signal: AbortSignal): Promise<Report> {
  const { clock, onProgress } = deps;
  const startedAt = clock.date().toISOString();
  const hosts = plan.hosts.filter(({ host }) => deps.hosts?.has(host.label) ?? true);
  const enough = new AbortController();
  const stop = forManyWaiters(
    AbortSignal.any([forManyWaiters(signal), enough.signal, ...(deps.stop ? [deps.stop] : [])]),
  );
  const over = new AbortController();
  void expire(plan.timeouts.totalMs, clock, enough, over.signal);
  onProgress({ type: "run-started", hosts: hosts.length });
  const places = new Slots(plan.rollout.parallel);
  const context: Omit<HostRunContext, "turn"> = {
    plan,
    // Servers behind one host share its connection.
    connect: sharingRelays(deps.connect),
    clock,
    runStartedAtMs: clock.now(),
    onProgress,
    stop,
    signal,
    ...(deps.look === undefined ? {} : { look: deps.look }),
  };
  const run = (host: HostPlan, how: Partial<HostRunContext> = {}): Promise<HostRun> => {
    const earlier = deps.earlier?.get(host.host.label);
    // The run's own place first, the connection last: who waits for one must not hold what others could use.
    const turn: HostRunContext["turn"] = (work, until) =>
      places.run(() => deps.turns.run(host.host.label, () => deps.slots.run(work, until), until), until);
    return runHost(host, { ...context, ...how, turn, ...(earlier === undefined ? {} : { earlier }) });
  };
  const tooMany = deps.look === undefined ? await exceededLimit(hosts, plan.limits.sessions, run) : undefined;
  if (tooMany !== undefined) enough.abort(tooMany);
  const runs = await runWaves(hosts, plan, (host) => run(host), clock, stop, enough);
  over.abort();
  onProgress({ type: "run-finished" });
  const reports = inOrder(hosts, runs);
  return {
    startedAt,
    finishedAt: clock.date().toISOString(),
    totals: totalsOf(reports),
    hosts: reports,
    warnings: [
      ...plan.warnings,
      ...(hosts.length === plan.hosts.length ? unusedExceptions(hosts, runs) : []),
    ],
  };
}

/** The only barrier is between waves; within one each host goes at its own pace. */
async function runWaves(
  hosts: readonly HostPlan[],
  { rollout }: Plan,
  run: (host: HostPlan) => Promise<HostRun>,
  clock: Clock,
  stop: AbortSignal,
  enough: AbortController,
): Promise<readonly HostRun[]> {
  const runs: HostRun[] = [];
  let failedInRun = 0;
  for (const [index, wave] of wavesOf(hosts, rollout.waves).entries()) {
    // A pause that is cut short ends the run all the same: each of the remaining hosts says why it was skipped.
    if (index > 0 && rollout.pauseMs > 0) await clock.sleep(rollout.pauseMs, stop).catch(() => undefined);
    let failedInWave = 0;
    const count = async (host: HostPlan): Promise<void> => {
      const done = await run(host);
      runs.push(done);
      if (done.report.status !== "failed") return;
      failedInRun += 1;
      failedInWave += 1;
      const failed = { inRun: failedInRun, inWave: failedInWave, waveSize: wave.length };
      if (rollout.maxFailures !== null && isExceeded(rollout.maxFailures, failed)) {
        enough.abort(budgetExceeded(failedInRun, rollout.maxFailures));
      }
    };
    await Promise.all(wave.map(count));
  }
  return runs;
}

function budgetExceeded(failed: number, limit: NonNullable<Plan["rollout"]["maxFailures"]>): LogoffError {
  const allowed = "hosts" in limit ? String(limit.hosts) : `${limit.percent}% of a wave`;
  const message = `Stopped after ${failed} failed hosts: rollout.maxFailures allows ${allowed}; mend them and run again`;
  return new LogoffError("budget-exceeded", message);
}

/** Ends the run after its total time. */
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
        new LogoffError("timed-out", `Stopped after ${totalMs / 1000} s: timeouts.total allows no more`),
      ),
    () => undefined,
  );
}

/**
 * With `limits.sessions` all hosts are listed before anything is changed on any of them. One that cannot be listed may
 * hold any number of sessions, so it counts as exceeding.
 */
async function exceededLimit(
  hosts: readonly HostPlan[],
  limit: number | null,
  run: (host: HostPlan, how: Partial<HostRunContext>) => Promise<HostRun>,
): Promise<LogoffError | undefined> {
  if (limit === null) return undefined;
  const looks = await Promise.all(
    hosts.map((host) => run(host, { look: "list", onProgress: () => undefined })),
  );
  const unread = looks.filter(({ report }) => !wasListed(report)).map(({ report }) => report.host);
  const sessions = looks.reduce((sum, { report }) => sum + countSelected(report.sessions), 0);
  if (unread.length === 0 && sessions <= limit) return undefined;
  const why =
    unread.length === 0
      ? `${sessions} sessions would be logged off`
      : `${unread.length} hosts could not be listed, "${unread[0] ?? ""}" among them`;
  const message = `Changed nothing anywhere: ${why}, and limits.sessions allows ${limit}`;
  return new LogoffError("limit-exceeded", message);
}

/** A host that refuses for reasons of its own, or lacks somebody who was named, was listed all the same. */
function wasListed({ status, error }: Report["hosts"][number]): boolean {
  return (
    status === "ok" ||
    ["session-not-found", "session-protected", "limit-exceeded"].includes(error?.code ?? "")
  );
}

function countSelected(sessions: Report["hosts"][number]["sessions"]): number {
  return sessions.filter(({ outcome }) => outcome === "listed").length;
}

function inOrder(hosts: readonly HostPlan[], runs: readonly HostRun[]): Report["hosts"] {
  const byLabel = new Map(runs.map(({ report }) => [report.host, report]));
  return hosts.flatMap(({ host }) => byLabel.get(host.label) ?? []);
}

/** An exception that matched nobody on any host is likely misspelt. Says nothing unless every host was listed: it may be meant for another one. */
function unusedExceptions(hosts: readonly HostPlan[], runs: readonly HostRun[]): string[] {
  if (runs.some(({ report }) => report.platform === null)) return [];
  const used = new Set(runs.flatMap(({ usedExceptions }) => usedExceptions));
  const asked = hosts.flatMap(({ selector: { except } }) => [
    ...except.ids.map((id) => `ids ${id}`),
    ...except.names.map((name) => `names ${name}`),
    ...except.users.map((user) => `users ${user}`),
  ]);
  return [...new Set(asked)]
    .filter((exception) => !used.has(exception))
    .map((exception) => `The exception "${exception}" matched nobody on any host: check its spelling`);
}
