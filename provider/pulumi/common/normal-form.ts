/** Inputs in a form in which equal texts mean equal inputs, so that the state and the program can be compared. Pure. */
import { canonical, isRecord } from "../../base/records";
import type { HostEntry } from "../../plan/schema/hosts";
import type { FieldType } from "../../plan/schema/type";
import { holdsUnknown, isUnknown } from "../../plan/unknown";
import type { Props } from "./contract";

/** A host of the inputs as it was read and as it was given. */
export interface NormalHost {
  readonly read: HostEntry;
  readonly given: unknown;
}

/** The inputs of one resource. */
export interface NormalForm {
  /** By identity, in the order of the program. */
  readonly hosts: ReadonlyMap<string, NormalHost>;
  /** The number of entries that are not known yet. */
  readonly unknownHosts: number;
  /** Absent when not known yet. */
  readonly triggers: string | undefined;
  /** The inputs that concern all hosts, by name, except those that the resource compares itself. */
  readonly others: ReadonlyMap<string, string>;
  /** The inputs whose change is only stored, by name. */
  readonly stored: ReadonlyMap<string, string>;
}

/** The declarations of a resource's inputs. */
export type InputTypes = Readonly<Record<string, FieldType>>;

const connectionsOfHosts = "connections of hosts";

/**
 * @param read the fields that could be read; values that cannot, as in the state of a newer version, are compared as they are
 * @param apart inputs that the resource compares itself, besides `hosts` and `triggers`
 */
export function normalForm(
  inputs: Props,
  read: { readonly hosts: readonly HostEntry[] },
  types: InputTypes,
  apart: readonly string[],
): NormalForm {
  const rawHosts = inputs["hosts"] ?? undefined;
  const entries: readonly unknown[] = Array.isArray(rawHosts) ? rawHosts : [];
  const triggers = inputs["triggers"] ?? undefined;
  const fields: Readonly<Record<string, unknown>> = { ...read };
  const others = new Map(
    Object.entries(types)
      .filter(([name]) => name !== "hosts" && name !== "triggers" && !apart.includes(name))
      .map(([name, type]) => [name, canonical(fields[name] ?? inputs[name] ?? type.default ?? {})]),
  );
  const stored = Object.entries(types).flatMap(([name, { onChange }]) =>
    onChange === "store" ? [[name, others.get(name) ?? ""] as const] : [],
  );
  return {
    hosts: new Map(
      read.hosts.flatMap((host, index) =>
        host.label === undefined ? [] : [[host.label, { read: host, given: entries[index] }] as const],
      ),
    ),
    unknownHosts: isUnknown(rawHosts)
      ? 1
      : entries.filter((entry, index) => read.hosts[index]?.label === undefined && holdsUnknown(entry))
          .length,
    triggers: holdsUnknown(triggers) ? undefined : canonical(triggers ?? []),
    others,
    stored: new Map([...stored, [connectionsOfHosts, canonical(accessOf(read.hosts, entries))]]),
  };
}

/** Whether other hosts are named, or the same ones are reached in another way. */
export function haveHostsChanged(before: NormalForm, after: NormalForm): boolean {
  return (
    after.unknownHosts > 0 ||
    before.hosts.size !== after.hosts.size ||
    [...after.hosts.keys()].some((label) => !before.hosts.has(label)) ||
    before.stored.get(connectionsOfHosts) !== after.stored.get(connectionsOfHosts)
  );
}

/** Names of the inputs for all hosts that differ, those included whose change alone has no effect. */
export function changedNames(before: NormalForm, after: NormalForm): readonly string[] {
  return [...after.others.keys()].filter((name) => before.others.get(name) !== after.others.get(name));
}

/** Names of what differs and has only to be stored. */
export function storedNames(before: NormalForm, after: NormalForm): readonly string[] {
  return [...after.stored.keys()].filter((name) => before.stored.get(name) !== after.stored.get(name));
}

/** Sorted by identity, because the order of hosts has no meaning. */
function accessOf(hosts: readonly HostEntry[], entries: readonly unknown[]): unknown {
  return hosts
    .map((host, index) => {
      const entry = entries[index];
      const connection = isRecord(entry) ? entry["connection"] : undefined;
      const access = canonical(host.connection ?? connection ?? {});
      return [host.label ?? "", host.at?.user, host.platform, access] as const;
    })
    .filter((access) => access.slice(1, 3).some((part) => part !== undefined) || access[3] !== "{}")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
