/**
 * The differences between the state and the program, and their consequences. Pure; shared by diff and update, so that an update does what the
 * preview announced. Pending hosts are read from the state's hostResults, never from the engine's memory of errors, which a refresh clears.
 */
import { canonical, isRecord } from "../../base/records";
import type { ConnectionFields } from "../../plan/schema/connection";
import { readFields } from "../../plan/schema/read-fields";
import type { HostEntry } from "../../plan/schema/hosts";
import { inputTypes } from "../../plan/schema/inputs";
import type { PlanFields } from "../../plan/schema/plan-fields";
import { holdsUnknown, isUnknown } from "../../plan/unknown";
import type { Selector } from "../../session/selector";
import { withoutHostsKept } from "./kept-hosts";
import { isDone, ourDrain, readKnown, remainingOn, type Known } from "./state";

/** What an update would do. */
export interface Changes {
  /** Whether there is anything to do, such as storing inputs. */
  readonly changed: boolean;
  /** The identities of the hosts to run; during a preview, of those that are known. */
  readonly hostsToRun: ReadonlySet<string>;
  /** Identities of the hosts that the program names, in its order. */
  readonly labels: readonly string[];
  /** Hosts of the state that the program no longer names. */
  readonly removed: readonly string[];
  /** Hosts with a drain of ours that is no longer wanted. */
  readonly undrain: readonly string[];
  /** Whether the identities of some hosts are not known yet. */
  readonly hasUnknownHosts: boolean;
  /** Names of the inputs that differ, those included whose change alone has no effect. */
  readonly inputs: readonly string[];
  /** Hosts that run because of what the state says of them. */
  readonly unfinished: readonly string[];
  /** Whether hosts run because they have matching sessions again. */
  readonly hasDrifted: boolean;
  /** What will happen, and why, in one line. */
  readonly why: string;
}

/** Compares the outputs of the state with the inputs of the program, which may hold unknown values. */
export function compare(
  olds: Readonly<Record<string, unknown>>,
  news: Readonly<Record<string, unknown>>,
): Changes {
  // A host that is kept only for its drain does not belong to the program; if it is named again, it is new.
  const before = normalized(withoutHostsKept(olds));
  const after = normalized(news);
  const known = readKnown(olds);
  const causes = new Map<string, Cause>();
  const common = commonCause(before, after);
  for (const [label, host] of after.hosts) {
    const cause = hostCause(label, host, before, known, after) ?? common;
    if (cause !== undefined) causes.set(label, cause);
  }
  const unknownHosts = after.unknownHosts;
  const removed =
    unknownHosts > 0
      ? []
      : [...new Set([...before.hosts.keys(), ...known.hosts.keys()])].filter(
          (label) => !after.hosts.has(label),
        );
  const stored = [...after.stored.keys()].filter(
    (name) => before.stored.get(name) !== after.stored.get(name),
  );
  const leaving = new Set(removed);
  const undrain = [...known.hosts].flatMap(([label, result]) =>
    ourDrain(result) !== undefined && (leaving.has(label) || after.drain === '"none"') ? [label] : [],
  );
  const changed =
    causes.size > 0 || unknownHosts > 0 || removed.length > 0 || stored.length > 0 || undrain.length > 0;
  return {
    changed,
    hostsToRun: new Set(causes.keys()),
    labels: [...after.hosts.keys()],
    removed,
    undrain,
    hasUnknownHosts: unknownHosts > 0,
    inputs: changedInputs(before, after),
    unfinished: [...causes].flatMap(([label, cause]) =>
      cause === "failed" || cause === "skipped" || cause === "not done" ? [label] : [],
    ),
    hasDrifted: [...causes.values()].includes("with matching sessions"),
    why: describe({
      causes: [...causes.values()],
      hosts: after.hosts.size,
      unknownHosts,
      removed: removed.length,
      undrain: undrain.length,
      stored,
    }),
  };
}

/** Why a host runs, in the words of the preview. */
type Cause =
  | "failed"
  | "skipped"
  | "not done"
  | "new"
  | "with new sessions"
  | "with matching sessions"
  | "triggers changed"
  | "triggers not known yet"
  | "sessions not known yet";

/** Causes that concern every host alike are not counted. */
const countless: readonly Cause[] = ["triggers changed", "triggers not known yet", "sessions not known yet"];

function commonCause(before: Normalized, after: Normalized): Cause | undefined {
  if (after.triggers === undefined) return "triggers not known yet";
  return before.triggers === after.triggers ? undefined : "triggers changed";
}

function hostCause(
  label: string,
  host: NormalHost,
  before: Normalized,
  known: Known,
  after: Normalized,
): Cause | undefined {
  const old = before.hosts.get(label);
  const result = known.hosts.get(label);
  if (old === undefined) return "new";
  if (result === undefined) return "not done";
  if (!isDone(result)) return result.status === "failed" ? "failed" : "skipped";
  if (after.mode === '"ensure"' && remainingOn(result) > 0) return "with matching sessions";
  if (host.sessions === undefined) return "sessions not known yet";
  return old.sessions !== host.sessions ? "with new sessions" : undefined;
}

interface NormalHost {
  /** The selection of the host, its own or the common one; absent if not known yet. */
  readonly sessions?: string | undefined;
  readonly hasOwnSessions: boolean;
}

/** Inputs in a form in which equal texts mean equal inputs. */
interface Normalized {
  readonly hosts: ReadonlyMap<string, NormalHost>;
  /** Entries that are not known yet. */
  readonly unknownHosts: number;
  /** Absent when not known yet. */
  readonly triggers: string | undefined;
  /** The selection of the hosts that have none of their own; absent when not known yet. */
  readonly sessions: string | undefined;
  /** The inputs that concern all hosts, except `sessions` and `triggers`, by name. */
  readonly others: ReadonlyMap<string, string>;
  /** The inputs whose change is only stored, by name. */
  readonly stored: ReadonlyMap<string, string>;
  readonly drain: string;
  readonly mode: string;
}

/** Inputs whose change is only stored, because read and delete see only the state. */
const storedInputs = Object.entries(inputTypes).flatMap(([name, { onChange }]) =>
  onChange === "store" ? [name] : [],
);

/** Inputs that are compared as a whole. */
const otherInputs = Object.keys(inputTypes).filter(
  (name) => name !== "hosts" && name !== "sessions" && name !== "triggers",
);

const connectionsOfHosts = "connections of hosts";

function changedInputs(before: Normalized, after: Normalized): readonly string[] {
  const ownSessions = ({ hosts }: Normalized): string =>
    canonical(
      [...hosts].flatMap(([label, one]) => (one.hasOwnSessions ? [[label, one.sessions]] : [])).sort(),
    );
  const haveHostsChanged =
    after.unknownHosts > 0 ||
    before.hosts.size !== after.hosts.size ||
    [...after.hosts.keys()].some((label) => !before.hosts.has(label)) ||
    ownSessions(before) !== ownSessions(after) ||
    before.stored.get(connectionsOfHosts) !== after.stored.get(connectionsOfHosts);
  return [
    ...(haveHostsChanged ? ["hosts"] : []),
    ...(before.sessions === after.sessions ? [] : ["sessions"]),
    ...otherInputs.filter((name) => before.others.get(name) !== after.others.get(name)),
    ...(before.triggers === after.triggers ? [] : ["triggers"]),
  ];
}

function normalized(inputs: Readonly<Record<string, unknown>>): Normalized {
  const { read } = readFields(inputs);
  const given = (name: string): unknown => inputs[name] ?? undefined;
  const rawHosts = given("hosts");
  const entries: readonly unknown[] = Array.isArray(rawHosts) ? rawHosts : [];
  const common = selection(read.selector, given("sessions"));
  const fields: Readonly<Record<string, unknown>> = { ...read };
  const valueOf = (name: string): unknown => fields[name] ?? given(name) ?? inputTypes[name]?.default ?? {};
  const others = new Map(otherInputs.map((name) => [name, canonical(valueOf(name))] as const));
  const hosts = new Map(
    read.hosts.flatMap((host, index): (readonly [string, NormalHost])[] =>
      host.label === undefined ? [] : [[host.label, normalHost(host, entries[index], common)]],
    ),
  );
  return {
    hosts,
    unknownHosts: isUnknown(rawHosts)
      ? 1
      : entries.filter((entry, index) => read.hosts[index]?.label === undefined && holdsUnknown(entry))
          .length,
    triggers: holdsUnknown(given("triggers")) ? undefined : canonical(given("triggers") ?? []),
    sessions: common,
    others,
    stored: new Map([
      ...storedInputs.map((name) => [name, others.get(name) ?? ""] as const),
      [connectionsOfHosts, canonical(accessOf(read, entries))],
    ]),
    drain: canonical(valueOf("drain")),
    mode: canonical(valueOf("mode")),
  };
}

function normalHost(host: HostEntry, entry: unknown, common: string | undefined): NormalHost {
  const own = isRecord(entry) ? (entry["sessions"] ?? undefined) : undefined;
  return own === undefined
    ? { sessions: common, hasOwnSessions: false }
    : { sessions: selection(host.selector, own), hasOwnSessions: true };
}

/** Lists in a selection are compared as sets. Values that cannot be read, as in the state of a newer version, are compared as they are. */
function selection(read: Selector | undefined, given: unknown): string | undefined {
  if (read === undefined) return holdsUnknown(given) ? undefined : `as given: ${canonical(given)}`;
  return canonical(sortedLists(read));
}

function connectionText(read: ConnectionFields | undefined, given: unknown): string {
  return canonical(read ?? given ?? {});
}

/** Sorted by identity, because the order of hosts has no meaning. */
function accessOf(read: PlanFields, entries: readonly unknown[]): unknown {
  return read.hosts
    .map((host, index) => {
      const entry = entries[index];
      const connection = isRecord(entry) ? entry["connection"] : undefined;
      return [
        host.label ?? "",
        host.at?.user,
        host.platform,
        connectionText(host.connection, connection),
      ] as const;
    })
    .filter((access) => access.slice(1, 3).some((part) => part !== undefined) || access[3] !== "{}")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function sortedLists(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => canonical(item)))].sort();
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, sortedLists(field)]));
}

interface Description {
  readonly causes: readonly Cause[];
  readonly hosts: number;
  readonly unknownHosts: number;
  readonly removed: number;
  readonly undrain: number;
  readonly stored: readonly string[];
}

function describe({ causes, hosts, unknownHosts, removed, undrain, stored }: Description): string {
  const reasons = [...new Set(causes)].map((cause) =>
    countless.includes(cause) ? cause : `${causes.filter((one) => one === cause).length} ${cause}`,
  );
  if (unknownHosts > 0) reasons.push("hosts not known yet");
  if (removed > 0) reasons.push(`${removed} removed`);
  const undrains = `undrains ${undrain} ${undrain === 1 ? "host" : "hosts"}`;
  if (causes.length > 0 || unknownHosts > 0) {
    const unsure = reasons.some((reason) => reason.endsWith("not known yet")) ? "may run" : "runs";
    const runs = `${unsure} on ${causes.length} of ${hosts} hosts (${reasons.join(", ")})`;
    return undrain === 0 ? runs : `${runs}, ${undrains}`;
  }
  const what = [...reasons, ...stored].join(", ");
  const does = undrain === 0 ? "stores inputs, contacts no host" : undrains;
  return `${does}${what === "" ? "" : ` (${what})`}`;
}
