/** What check, diff, create and update of HostUndrain do, for the class and the plugin. Read and delete do nothing: it leaves nothing on its hosts. */
import { isRecord, onlyFields } from "../../base/records";
import { counted } from "../../base/text";
import { findUndrainProblems, readUndrainPlan } from "../../plan/read-undrain-plan";
import { inertText } from "../../report/pipeline-commands";
import { ownInputs, type Scope } from "../common/call";
import type { Configuration, Props } from "../common/contract";
import { openErrorLines, PartialFailure, planError } from "../common/partial-failure";
import type { InputChanges, Resource } from "../common/resource-kind";
import { fittedState, messageSteps } from "../common/size-limit";
import type { World } from "../process/world";
import { compareUndrain } from "./changes";
import { readUndrainKnown, toUndrainResults } from "./results";
import { awaitAndRecord } from "./run";
import type { UndrainHostResult, UndrainResults } from "./state";

/** Every problem of the inputs, which may hold unknown values; each begins with its path. */
export function undrainProblemsOf(news: Props, configuration: Configuration): readonly string[] {
  const problems = findUndrainProblems(ownInputs(news), { defaults: configuration });
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

/** What an update would do. The inputs may hold unknown values. */
export function undrainChangesOf(olds: Props, news: Props): InputChanges {
  return compareUndrain(ownInputs(olds), ownInputs(news));
}

/** Why the next update waits for hosts again; empty: all accept logons. */
export function notBackReasons(name: string, props: Props): readonly string[] {
  const { labels } = undrainChangesOf({}, props);
  const results = toUndrainResults(labels, readUndrainKnown(props));
  return reasonsOf(name, labels, results).map(inertText);
}

/** The methods in a given process. */
export function undrainIn(world: World): Resource {
  return {
    create: (inputs, call) => finish(undefined, {}, inputs, { ...world, ...call }),
    update: async (id, olds, news, call) => (await finish(id, olds, news, { ...world, ...call })).outs,
    read: (props) => Promise.resolve(props),
    delete: () => Promise.resolve([]),
  };
}

async function finish(
  id: string | undefined,
  olds: Props,
  inputs: Props,
  scope: Scope,
): Promise<{ id: string; outs: Props }> {
  const { name, configuration, voice } = scope;
  const { labels, hostsToRun } = undrainChangesOf(olds, inputs);
  const { plan, problems } = readUndrainPlan(ownInputs(inputs), { defaults: configuration });
  if (plan === undefined) throw planError(name, problems);
  const before = readUndrainKnown(olds);
  const { known, contacted } =
    hostsToRun.size === 0
      ? { known: before, contacted: false }
      : await scope.runs.hold((cancellation) =>
          awaitAndRecord(plan, hostsToRun, before, scope, cancellation),
        );
  const results = toUndrainResults(labels, known);
  const itsId = id ?? scope.newId();
  const reasons = reasonsOf(name, labels, results).map(inertText);
  if (reasons.length === 0) return { id: itsId, outs: { ...inputs, ...results } };
  // Nothing was touched and nothing exists yet, so there is no state to keep.
  if (id === undefined && !contacted) throw new Error(reasons.join("\n"));
  const { properties, warnings } = fittedState({}, { ...inputs, ...results }, sizeSteps, scope.markBytes);
  warnings.forEach(voice.warn);
  throw new PartialFailure(itsId, properties, reasons);
}

/** Large results of SessionLogoff, of which only one field is read, leave a partial state first. */
const sizeSteps = [
  {
    without: (state: Props & UndrainResults): Props & UndrainResults => {
      const { closedBy } = state;
      return isRecord(closedBy) ? { ...state, closedBy: onlyDrained(closedBy) } : state;
    },
  },
  ...messageSteps<Props & UndrainResults>(),
];

function onlyDrained(closedBy: Props): Props {
  return Object.fromEntries(
    Object.entries(closedBy).map(([label, one]) => [
      label,
      isRecord(one) ? onlyFields(one, ["drained"]) : one,
    ]),
  );
}

/** A summary line, then the errors of at most 20 hosts, and how many more there are; empty: all hosts are done. */
function reasonsOf(
  name: string,
  labels: readonly string[],
  { hostResults }: UndrainResults,
): readonly string[] {
  const open = labels.flatMap((label) => {
    const result = hostResults[label] ?? unreported;
    return result.status === "ok" ? [] : [[label, result] as const];
  });
  if (open.length === 0) return [];
  const codes = open.map(([, { error, status }]) => error?.code ?? status);
  const counts = [...new Set(codes)].map((code) => `${codes.filter((one) => one === code).length} ${code}`);
  const accept = `${open.length} of ${counted(labels.length, "host")} ${open.length === 1 ? "does" : "do"} not accept logons yet`;
  return [
    `${name}: ${accept} (${counts.join(", ")}); the next "pulumi up" waits only for these`,
    ...openErrorLines(open),
  ];
}

const unreported: UndrainHostResult = { status: "skipped", drained: "left" };
