/** The methods check, diff, create, update, read and delete. */
import { onlyFields, withoutFields } from "../../base/records";
import { printable } from "../../base/text";
import { findProblems, readPlan } from "../../plan/read-plan";
import { inputNames } from "../../plan/schema/inputs";
import { failsRun } from "../../report/outcome";
import { inertText } from "../../report/pipeline-commands";
import type { Front } from "../process/process";
import { compare, type Changes } from "./changes";
import type { Configuration, Lifecycle, Props } from "./contract";
import { withHostsKept, withoutHostsKept } from "./kept-hosts";
import { failureReasons, PartialFailure } from "./partial-failure";
import { lookForDrift } from "./refresh";
import { planError, runAndRecord, type RunResult } from "./run";
import { withinSizeLimit } from "./size-limit";
import { ourDrain, readKnown, toResults } from "./state";
import {
  planFromState,
  stillDrainedReasons,
  undrainAndRecord,
  unreachableWarnings,
  type StillDrained,
} from "./undrain";

/** The methods on a given front. */
export function lifecycleOn(given: Front): Lifecycle {
  // Printed text appears in the log of a pipeline, where text from a host must not act as a command.
  const front: Front = { ...given, print: (line) => given.print(inertText(line)) };
  const warnUnreachable = (name: string, hosts: readonly StillDrained[]): void => {
    for (const warning of unreachableWarnings(hosts)) front.print(`${name}: warning: ${warning}`);
  };
  const finish = async (
    id: string | undefined,
    olds: Props,
    inputs: Props,
    changes: Pick<Changes, "labels" | "hostsToRun" | "removed" | "undrain">,
    configuration: Configuration = {},
  ): Promise<{ id: string; outs: Props }> => {
    const { labels, hostsToRun, removed, undrain } = changes;
    const name = nameOf(inputs);
    const { plan, problems } = readPlan(ownInputs(inputs), { defaults: configuration });
    if (plan === undefined) throw planError(name, problems);
    const gone = undrain.filter((label) => removed.includes(label));
    const goneHosts = planFromState(name, ownInputs(olds), gone, configuration).hosts;
    const { known, contacted, ended, failed } = await front.runs.hold(async (cancellation) => {
      const all = { ...plan, hosts: [...plan.hosts, ...goneHosts] };
      const lifted = await undrainAndRecord(name, all, undrain, readKnown(olds), front, cancellation);
      warnUnreachable(name, lifted.unreachable);
      const ran: RunResult =
        hostsToRun.size === 0
          ? { known: lifted.known, contacted: false }
          : await runAndRecord(name, plan, hostsToRun, lifted.known, front, cancellation);
      return { ...ran, failed: lifted.failed };
    });
    // A host that still has to be undrained is kept, whatever the program contains.
    const leaving = failed.map(({ host }) => host).filter((host) => removed.includes(host));
    const results = toResults(labels, known, leaving);
    const itsId = id ?? front.newId();
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
      ({ warnedAt }) =>
        !(front.clock.date().getTime() - Date.parse(warnedAt) < (plan.warn?.gracePeriodMs ?? 0)),
    );
    for (const warning of warnings) front.print(`${name}: warning: ${warning}`);
    throw new PartialFailure(itsId, properties, reasons);
  };
  return {
    check: (_olds, news, configuration) => {
      const problems = findProblems(ownInputs(news), { defaults: configuration ?? {} });
      // The engine prints the value of a failure's property, secrets included, so no property is named.
      const failures = problems.map(({ path, message }) => ({ property: "", reason: `${path}: ${message}` }));
      return Promise.resolve({ inputs: news, failures });
    },
    diff: (_id, olds, news) => {
      const { changed, why } = compare(ownInputs(olds), ownInputs(news));
      if (changed) front.print(`${nameOf(news)}: ${why}`);
      return Promise.resolve({ changes: changed });
    },
    create: (inputs, configuration) =>
      finish(undefined, {}, inputs, compare({}, ownInputs(inputs)), configuration),
    update: async (id, olds, news, configuration) => {
      const changes = compare(ownInputs(olds), ownInputs(news));
      const { outs } = await finish(id, olds, news, changes, configuration);
      return { outs };
    },
    read: async (id, props, configuration) => {
      if (props["mode"] !== "ensure") return { id, props };
      const inputs = inputsOf(withoutHostsKept(props));
      return { id, props: await lookForDrift(nameOf(props), props, inputs, configuration ?? {}, front) };
    },
    delete: async (_id, props, configuration) => {
      const name = nameOf(props);
      const known = readKnown(props);
      const drained = [...known.hosts].flatMap(([label, one]) =>
        ourDrain(one) === undefined ? [] : [label],
      );
      if (drained.length === 0) return;
      const plan = planFromState(name, ownInputs(props), drained, configuration ?? {});
      const { failed, unreachable } = await front.runs.hold((cancellation) =>
        undrainAndRecord(name, plan, drained, known, front, cancellation),
      );
      warnUnreachable(name, unreachable);
      // A plain error keeps the resource and with it the names of the drained hosts.
      if (failed.length > 0) {
        const reasons = [...stillDrainedReasons(name, failed), rotated].map(inertText);
        throw withoutStack(new Error(reasons.join("\n")));
      }
    },
  };
}

/** A destroy receives what the last run of the program left in the state. */
const rotated =
  'A destroy uses the stack configuration of the last "pulumi up"; if it has changed since, "pulumi destroy --run-program" uses today\'s';

/** The SDK's host prints the stack of an error of delete, which is of no use to an operator. */
function withoutStack(error: Error): Error {
  error.stack = "";
  return error;
}

/** Fields that the class and the SDK add to the program's inputs. */
const notInputs = ["__provider", "resourceName"];

function ownInputs(props: Props): Props {
  return withoutFields(props, notInputs);
}

/** The inputs among the outputs. */
function inputsOf(props: Props): Props {
  return onlyFields(props, inputNames);
}

function nameOf({ resourceName }: Props): string {
  return typeof resourceName === "string" ? printable(resourceName, 100) : "session-logoff";
}
