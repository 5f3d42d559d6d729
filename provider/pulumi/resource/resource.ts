/** What check, diff, create, update, read and delete of SessionLogoff do, for the class and the plugin. */
import { onlyFields } from "../../base/records";
import { findProblems, readPlan } from "../../plan/read-plan";
import { inputNames } from "../../plan/schema/inputs";
import { readFields } from "../../plan/schema/read-fields";
import { failsRun } from "../../report/outcome";
import { inertText } from "../../report/pipeline-commands";
import { ownInputs, withinCall, type Call, type Scope } from "../common/call";
import type { Configuration, Props } from "../common/contract";
import { PartialFailure, planError } from "../common/partial-failure";
import type { Resource } from "../common/resource-kind";
import { isVoid } from "../../run/host/warn";
import type { World } from "../process/world";
import { compare, type Changes } from "./changes";
import { failureReasons } from "./failure-reasons";
import { withHostsKept, withoutHostsKept } from "./kept-hosts";
import { lookForDrift } from "./refresh";
import { runAndRecord, type RunResult } from "./run";
import { withinSizeLimit } from "./size-limit";
import { ourDrain, readKnown, toResults } from "./state";
import {
  planFromState,
  stillDrainedReasons,
  undrainAndRecord,
  unreachableWarnings,
  type StillDrained,
} from "./undrain";

/** Every problem of the inputs, which may hold unknown values; each begins with its path. */
export function problemsOf(news: Props, configuration: Configuration): readonly string[] {
  const problems = findProblems(ownInputs(news), { defaults: configuration });
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

/** What an update would do. The inputs may hold unknown values. */
export function changesOf(olds: Props, news: Props): Changes {
  return compare(ownInputs(olds), ownInputs(news));
}

/** Whether a refresh lists sessions again. */
export function isListedAgain({ mode }: Props): boolean {
  return mode === "ensure";
}

/** The hosts that the state says we drained. */
export function drainedIn(props: Props): readonly string[] {
  return [...readKnown(props).hosts].flatMap(([label, one]) => (ourDrain(one) === undefined ? [] : [label]));
}

/** Why the next update runs hosts that the program names, as far as that fails the resource; empty: nothing is open. */
export function openReasons(name: string, props: Props): readonly string[] {
  const { hosts, failOn } = readFields(inputsOf(withoutHostsKept(props))).read;
  const labels = hosts.flatMap(({ label }) => (label === undefined ? [] : [label]));
  const results = toResults(labels, readKnown(props));
  return failsRun(Object.values(results.hostResults), failOn ?? "any", undefined)
    ? failureReasons(name, results).map(inertText)
    : [];
}

/** The methods in a given process. */
export function resourceIn(world: World): Resource {
  const scopeOf = (call: Call): Scope => ({ ...world, ...call });
  return {
    create: (inputs, call) => finish(undefined, {}, inputs, changesOf({}, inputs), scopeOf(call)),
    update: async (id, olds, news, call) => {
      const { outs } = await finish(id, olds, news, changesOf(olds, news), scopeOf(call));
      return outs;
    },
    read: async (props, call) =>
      isListedAgain(props) ? lookForDrift(props, inputsOf(withoutHostsKept(props)), scopeOf(call)) : props,
    delete: async (props, call) => {
      const { name, runs } = call;
      const drained = drainedIn(props);
      if (drained.length === 0) return [];
      const plan = planFromState(name, ownInputs(props), drained, call.configuration);
      const { failed, unreachable } = await runs.hold((cancellation) =>
        undrainAndRecord(plan, drained, readKnown(props), scopeOf(call), cancellation),
      );
      warnUnreachable(call, unreachable);
      return stillDrainedReasons(name, failed).map(inertText);
    },
  };
}

function warnUnreachable({ voice }: Call, hosts: readonly StillDrained[]): void {
  unreachableWarnings(hosts).forEach(voice.warn);
}

async function finish(
  id: string | undefined,
  olds: Props,
  inputs: Props,
  changes: Pick<Changes, "labels" | "hostsToRun" | "removed" | "undrain">,
  scope: Scope,
): Promise<{ id: string; outs: Props }> {
  const { name, configuration, voice } = scope;
  const { labels, hostsToRun, removed, undrain } = changes;
  const { plan: given, problems } = readPlan(ownInputs(inputs), { defaults: configuration });
  if (given === undefined) throw planError(name, problems);
  const plan = {
    ...given,
    timeouts: { ...given.timeouts, totalMs: withinCall(given.timeouts.totalMs, scope) },
  };
  const gone = undrain.filter((label) => removed.includes(label));
  const goneHosts = planFromState(name, ownInputs(olds), gone, configuration).hosts;
  const { known, contacted, ended, failed } = await scope.runs.hold(async (cancellation) => {
    const all = { ...plan, hosts: [...plan.hosts, ...goneHosts] };
    const lifted = await undrainAndRecord(all, undrain, readKnown(olds), scope, cancellation);
    warnUnreachable(scope, lifted.unreachable);
    const ran: RunResult =
      hostsToRun.size === 0
        ? { known: lifted.known, contacted: false }
        : await runAndRecord(plan, hostsToRun, lifted.known, scope, cancellation);
    return { ...ran, failed: lifted.failed };
  });
  // A host that still has to be undrained is kept, whatever the program contains.
  const leaving = failed.map(({ host }) => host).filter((host) => removed.includes(host));
  const results = toResults(labels, known, leaving);
  const itsId = id ?? scope.newId();
  const ofProgram = toResults(labels, known);
  const isUndone = failsRun(Object.values(ofProgram.hostResults), plan.failOn, ended);
  if (!isUndone && failed.length === 0) return { id: itsId, outs: { ...inputs, ...results } };
  const reasons = [
    ...(isUndone ? failureReasons(name, ofProgram) : []),
    ...stillDrainedReasons(name, failed),
  ].map(inertText);
  // Nothing was touched and nothing exists yet, so there is no state to keep.
  if (id === undefined && !contacted) throw new Error(reasons.join("\n"));
  const { properties, warnings } = withinSizeLimit(
    withHostsKept(inputs, ownInputs(olds), leaving),
    results,
    ({ warnedAt }) => isVoid(warnedAt, plan.warn?.gracePeriodMs ?? 0, scope.clock.date().getTime()),
    scope.markBytes,
  );
  warnings.forEach(voice.warn);
  throw new PartialFailure(itsId, properties, reasons);
}

/** The inputs among the outputs. */
function inputsOf(props: Props): Props {
  return onlyFields(props, inputNames);
}
