/**
 * The differences between the state and the program of a HostUndrain, and their consequences. Pure; shared by diff and update, so that an
 * update does what the preview announced.
 */
import { undrainInputTypes } from "../../plan/schema/host-undrain";
import { readUndrainFields } from "../../plan/schema/read-undrain-fields";
import { holdsUnknown } from "../../plan/unknown";
import type { Props } from "../common/contract";
import {
  changedNames,
  haveHostsChanged,
  normalForm,
  storedNames,
  type NormalForm,
} from "../common/normal-form";
import type { InputChanges } from "../common/resource-kind";
import { notKnownYet, whyText } from "../common/why";
import { readUndrainKnown } from "./results";
import type { UndrainHostResult } from "./state";

/** Compares the outputs of the state with the inputs of the program, which may hold unknown values. */
export function compareUndrain(olds: Props, news: Props): InputChanges {
  const before = normalized(olds);
  const after = normalized(news);
  const { hosts: known } = readUndrainKnown(olds);
  const wasSelected = new Set(before.selected);
  const common = commonCause(before.form, after.form);
  const causes = new Map<string, Cause>();
  for (const label of after.selected) {
    const cause = hostCause(wasSelected.has(label), known.get(label)) ?? common;
    if (cause !== undefined) causes.set(label, cause);
  }
  const { unknownHosts } = after.form;
  const unknown = [...(unknownHosts > 0 ? ["hosts"] : []), ...(after.only === undefined ? ["`only`"] : [])];
  const named = new Set(after.selected);
  const removed =
    unknown.length > 0
      ? []
      : [...new Set([...before.selected, ...known.keys()])].filter((label) => !named.has(label));
  const stored = storedNames(before.form, after.form);
  return {
    changed: causes.size > 0 || unknown.length > 0 || removed.length > 0 || stored.length > 0,
    hostsToRun: new Set(causes.keys()),
    labels: after.selected,
    hasUnknownHosts: unknown.length > 0,
    inputs: changedInputs(before, after),
    unfinished: [...causes].flatMap(([label, cause]) => (pendingCauses.includes(cause) ? [label] : [])),
    why: whyText({
      verbs: ["waits for", "may wait for"],
      causes: [...causes.values()],
      common: commonCauses,
      hosts: after.selected.length,
      unknown,
      removed: removed.length,
      stored,
    }),
  };
}

/** Why a host is awaited, in the words of the preview. */
type Cause = "failed" | "skipped" | "not done" | "new" | "triggers changed" | "triggers not known yet";

/** Causes that the state shows. */
const pendingCauses: readonly Cause[] = ["failed", "skipped", "not done"];
/** Causes that concern every host alike, which are not counted. */
const commonCauses: readonly Cause[] = ["triggers changed", "triggers not known yet"];

function commonCause(before: NormalForm, after: NormalForm): Cause | undefined {
  if (after.triggers === undefined) return notKnownYet("triggers");
  return before.triggers === after.triggers ? undefined : "triggers changed";
}

function hostCause(wasSelected: boolean, result: UndrainHostResult | undefined): Cause | undefined {
  if (!wasSelected) return "new";
  if (result === undefined) return "not done";
  return result.status === "ok" ? undefined : result.status;
}

interface Normalized {
  readonly form: NormalForm;
  /** The hosts of `only`; `all` without it; absent when not known yet. */
  readonly only: ReadonlySet<string> | "all" | undefined;
  /** The identities of the hosts that the inputs call for, in their order; of all hosts while `only` is not known. */
  readonly selected: readonly string[];
}

function normalized(inputs: Props): Normalized {
  const { read } = readUndrainFields(inputs);
  const form = normalForm(inputs, read, undrainInputTypes, ["only"]);
  const only = holdsUnknown(inputs["only"])
    ? undefined
    : read.only === undefined
      ? "all"
      : new Set(read.only);
  const labels = [...form.hosts.keys()];
  return { form, only, selected: labels.filter((label) => typeof only !== "object" || only.has(label)) };
}

function changedInputs(before: Normalized, after: Normalized): readonly string[] {
  const isOnlySame =
    typeof before.only === "object" && typeof after.only === "object"
      ? [...before.only].sort().join("\n") === [...after.only].sort().join("\n")
      : before.only === after.only;
  return [
    ...(haveHostsChanged(before.form, after.form) ? ["hosts"] : []),
    ...(isOnlySame ? [] : ["only"]),
    ...changedNames(before.form, after.form),
    ...(before.form.triggers === after.form.triggers ? [] : ["triggers"]),
  ];
}
