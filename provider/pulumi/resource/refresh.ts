import { asLogoffError } from "../../base/errors";
import { counted, firstAndMore } from "../../base/text";
import type { Plan } from "../../plan/plan";
import { readPlan } from "../../plan/read-plan";
import { blankReport, type HostReport } from "../../report/report";
import { sharedErrors, toldErrors } from "../../report/shared-errors";
import { alsoOn } from "../../report/text";
import { runRollout, type RolloutDeps } from "../../run/rollout";
import type { Scope } from "../common/call";
import { isDone, readKnown, remainingOn, toResults, withParallelAllowed, type HostResult } from "./state";

/**
 * Outputs after listing the hosts that are done again, in mode `ensure`: how many matching sessions each has now. A
 * host that cannot be reached keeps what was last known of it, with the status `unknown`, which is no drift. Hosts that
 * are not done are not asked: they run anyway. Changes nothing, and never rejects.
 * @param inputs those among the outputs, without hosts that are only kept for their drain
 */
export async function lookForDrift(
  outputs: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, unknown>>,
  scope: Scope,
): Promise<Readonly<Record<string, unknown>>> {
  const { say, warn } = scope.voice;
  const { plan, problems } = readPlan(withParallelAllowed(inputs), { defaults: scope.configuration });
  if (plan === undefined) {
    warn(
      `the hosts were not listed because the inputs in the state cannot be used: ${problems[0]?.path ?? ""}`,
    );
    return outputs;
  }
  const known = readKnown(outputs);
  const labels = new Set(plan.hosts.map(({ host }) => host.label));
  const done = new Set(
    [...known.hosts].flatMap(([label, one]) => (labels.has(label) && isDone(one) ? [label] : [])),
  );
  const listed = plan.hosts.filter(({ host }) => done.has(host.label));
  scope.slots.makeRoomFor(plan.rollout.parallel, listed).forEach(warn);
  const reports = await scope.runs.hold(({ stop, signal, gaveUp }) =>
    Promise.race([list(plan, done, scope, stop, signal), gaveUp.then((): HostReport[] => [])]),
  );
  const seen = new Map(reports.map((report) => [report.host, report]));
  const unread: HostReport[] = [];
  const hosts = new Map(
    [...known.hosts].map(([label, result]): [string, HostResult] => {
      if (!done.has(label)) return [label, result];
      const report = seen.get(label);
      if (report?.status === "ok") return [label, withRemaining(result, report)];
      if (report !== undefined) unread.push(report);
      return [label, { ...result, status: "unknown" }];
    }),
  );
  const { told, untold } = toldErrors(sharedErrors(unread), { errors: mostNamed, hosts: mostNamed });
  for (const one of told) {
    warn(`${firstAndMore(one.hosts)}: not listed, the last known state is kept: ${one.message}`);
    const also = alsoOn(one);
    if (also !== undefined) warn(also);
  }
  if (untold > 0) warn(`${counted(untold, "more host")} could not be listed`);
  const drifted = [...hosts].filter(([, result]) => result.status === "ok" && remainingOn(result) > 0);
  for (const [label, result] of drifted.slice(0, mostNamed))
    say(`${label}: ${remainingOn(result)} matching sessions again`);
  if (drifted.length > mostNamed)
    say(`${drifted.length - mostNamed} more hosts have matching sessions again`);
  const leaving = [...hosts.keys()].filter((label) => !labels.has(label));
  return { ...outputs, ...toResults([...labels], { ...known, hosts }, leaving) };
}

/** Hosts named one by one; the others are counted. */
const mostNamed = 20;

async function list(
  plan: Plan,
  hosts: ReadonlySet<string>,
  { connect, clock, slots, turns }: Scope,
  stop: AbortSignal,
  signal: AbortSignal,
): Promise<readonly HostReport[]> {
  const limits = { sessionsPerHost: null, sessions: null };
  const deps = {
    connect,
    clock,
    slots,
    turns,
    hosts,
    stop,
    readOnly: "list",
    onProgress: () => undefined,
  } as const satisfies RolloutDeps;
  try {
    return (await runRollout({ ...plan, limits, ifMissing: "ignore" }, deps, signal)).hosts;
  } catch (thrown) {
    const error = asLogoffError(thrown, "command-failed", "Listing failed unexpectedly");
    return [...hosts].map((host) => unreadable(host, error));
  }
}

function unreadable(host: string, { code, message }: HostReport["error"] & object): HostReport {
  return { ...blankReport(host), status: "failed", error: { code, message } };
}

/** The counts of the last run, with as many sessions left as match now. */
function withRemaining(result: HostResult, { sessions }: HostReport): HostResult {
  const matching = sessions.filter(({ outcome }) => outcome === "listed").length;
  return {
    ...result,
    status: "ok",
    sessions: result.loggedOff + result.left + result.alreadyGone + matching,
    stillPresent: matching,
  };
}
