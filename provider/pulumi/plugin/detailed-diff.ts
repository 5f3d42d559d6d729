/** Which properties an update is about, as the engine shows it. Pure. */
import { canonical, isRecord } from "../../base/records";
import type { Props } from "../common/contract";
import type { InputChanges } from "../common/resource-kind";

/** How a property differs: between the outputs of the state and the inputs of the program. */
export type Difference = "add" | "delete" | "update";

/** Paths named for one input; beyond them the input is named as a whole. */
const mostPaths = 100;
/** Unfinished hosts named one by one. */
const mostHosts = 20;

/** Why an update is needed: the inputs that differ, by the paths where they do, and what the state says of hosts. */
export function detailedDiff(
  olds: Props,
  news: Props,
  { inputs, unfinished, hasDrifted = false }: Pick<InputChanges, "inputs" | "unfinished" | "hasDrifted">,
): ReadonlyMap<string, Difference> {
  const hostResults = isRecord(olds["hostResults"]) ? olds["hostResults"] : {};
  const known = unfinished.filter((label) => label in hostResults);
  const found = new Map([
    ...inputs.flatMap((name) => differencesOf(name, olds[name] ?? undefined, news[name] ?? undefined)),
    ...known.slice(0, mostHosts).map((label) => [`hostResults${step(label)}.status`, "update"] as const),
    ...(hasDrifted ? [["remaining", "update"] as const] : []),
  ]);
  // The state contains a host that no run has reported, or that the program has removed.
  return found.size === 0 ? new Map([["hostResults", "update"]]) : found;
}

/** The properties at the beginning of these paths, each once. */
export function propertiesOf(paths: Iterable<string>): readonly string[] {
  return [...new Set([...paths].map((path) => /^[^.[]*/u.exec(path)?.[0] ?? path))];
}

function differencesOf(
  name: string,
  before: unknown,
  after: unknown,
): readonly (readonly [string, Difference])[] {
  const found = [...differences(name, before, after)];
  // Values that differ only in form, as when a default is written out, have no path of their own.
  return found.length === 0 || found.length > mostPaths ? [[name, kindOf(before, after)]] : found;
}

function* differences(
  path: string,
  before: unknown,
  after: unknown,
): Generator<readonly [string, Difference]> {
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1)
      yield* differences(`${path}[${index}]`, before[index], after[index]);
  } else if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* differences(path + step(name), before[name] ?? undefined, after[name] ?? undefined);
  } else if (canonical(before) !== canonical(after)) yield [path, kindOf(before, after)];
}

function kindOf(before: unknown, after: unknown): Difference {
  if (before === undefined) return "add";
  return after === undefined ? "delete" : "update";
}

/** A name as a part of a path: `.name`, or `["h1:22"]` where it is no identifier. */
function step(name: string): string {
  return /^[A-Za-z_$][\w$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
