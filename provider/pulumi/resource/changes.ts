/**
 * The differences between the state and the program, and their consequences. Pure; shared by diff and update, so that an update does what the
 * preview announced. Pending hosts are read from the state's hostResults, never from the engine's memory of errors, which a refresh clears.
 */
import { canonical, isRecord } from "../../base/records";
import { counted } from "../../base/text";
import { readFields } from "../../plan/schema/read-fields";
import { inputTypes } from "../../plan/schema/inputs";
import { holdsUnknown } from "../../plan/unknown";
import type { Selector } from "../../session/selector";
import {
  changedNames,
  haveHostsChanged,
  normalForm,
  storedNames,
  type NormalForm,
  type NormalHost,
} from "../common/normal-form";
import type { InputChanges } from "../common/resource-kind";
import { notKnownYet, whyText } from "../common/why";
import { withoutHostsKept } from "./kept-hosts";
import { isDone, ourDrain, readKnown, remainingOn, type Known } from "./state";

/** What an update would do. */
export interface Changes extends InputChanges {
  /** Hosts of the state that the program no longer names. */
  readonly removed: readonly string[];
  /** Hosts with a drain of ours that is no longer wanted. */
  readonly undrain: readonly string[];
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
  const stored = storedNames(before.form, after.form);
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
    why: whyText({
      verbs: ["runs on", "may run on"],
      causes: [...causes.values()],
      common: commonCauses,
      hosts: after.hosts.size,
      unknown: unknownHosts > 0 ? ["hosts"] : [],
      removed: removed.length,
      also: undrain.length > 0 ? `undrains ${counted(undrain.length, "host")}` : undefined,
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

/** Causes that concern every host alike, which are not counted. */
const commonCauses: readonly Cause[] = [
  "triggers changed",
  "triggers not known yet",
  "sessions not known yet",
];

function commonCause(
  before: Pick<NormalForm, "triggers">,
  after: Pick<NormalForm, "triggers">,
): Cause | undefined {
  if (after.triggers === undefined) return notKnownYet("triggers");
  return before.triggers === after.triggers ? undefined : "triggers changed";
}

function hostCause(
  label: string,
  host: HostSelection,
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
  if (host.sessions === undefined) return notKnownYet("sessions");
  return old.sessions !== host.sessions ? "with new sessions" : undefined;
}

/** The selection of a host, its own or the common one. */
interface HostSelection {
  /** Absent if not known yet. */
  readonly sessions: string | undefined;
  readonly isOwn: boolean;
}

interface Normalized extends Omit<NormalForm, "hosts"> {
  readonly hosts: ReadonlyMap<string, HostSelection>;
  /** As it compares the hosts themselves. */
  readonly form: NormalForm;
  /** The selection of the hosts that have none of their own; absent when not known yet. */
  readonly sessions: string | undefined;
  readonly drain: string | undefined;
  readonly mode: string | undefined;
}

function changedInputs(before: Normalized, after: Normalized): readonly string[] {
  const ownSessions = ({ hosts }: Normalized): string =>
    canonical([...hosts].flatMap(([label, one]) => (one.isOwn ? [[label, one.sessions]] : [])).sort());
  const areHostsOther =
    haveHostsChanged(before.form, after.form) || ownSessions(before) !== ownSessions(after);
  return [
    ...(areHostsOther ? ["hosts"] : []),
    ...(before.sessions === after.sessions ? [] : ["sessions"]),
    ...changedNames(before.form, after.form),
    ...(before.triggers === after.triggers ? [] : ["triggers"]),
  ];
}

function normalized(inputs: Readonly<Record<string, unknown>>): Normalized {
  const { read } = readFields(inputs);
  const form = normalForm(inputs, read, inputTypes, ["sessions"]);
  const common = selection(read.selector, inputs["sessions"] ?? undefined);
  return {
    ...form,
    form,
    hosts: new Map([...form.hosts].map(([label, host]) => [label, selectionOf(host, common)])),
    sessions: common,
    drain: form.others.get("drain"),
    mode: form.others.get("mode"),
  };
}

function selectionOf({ read, given }: NormalHost, common: string | undefined): HostSelection {
  const own = isRecord(given) ? (given["sessions"] ?? undefined) : undefined;
  return own === undefined
    ? { sessions: common, isOwn: false }
    : { sessions: selection(read.selector, own), isOwn: true };
}

/** Lists in a selection are compared as sets. Values that cannot be read, as in the state of a newer version, are compared as they are. */
function selection(read: Selector | undefined, given: unknown): string | undefined {
  if (read === undefined) return holdsUnknown(given) ? undefined : `as given: ${canonical(given)}`;
  return canonical(sortedLists(read));
}

function sortedLists(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => canonical(item)))].sort();
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, sortedLists(field)]));
}
