/**
 * Hosts that the program has removed and that still refuse new logons because of us. The state is the only place that
 * knows them: they stand behind the program's own hosts, and totals count without them. Pure.
 */
import { withoutCredentials } from "../plan/credentials";
import { readFields } from "../plan/fields";
import { isRecord } from "../plan/unknown";

type Props = Readonly<Record<string, unknown>>;

/**
 * Inputs whose `hosts` go on naming hosts that the program has removed: they still have to be undrained. Their own
 * credentials are left out, since nothing marks them as secret any more.
 */
export function withHostsKept(inputs: Props, olds: Props, labels: readonly string[]): Props {
  const { hosts } = inputs;
  if (labels.length === 0 || !Array.isArray(hosts)) return inputs;
  return { ...inputs, hosts: [...(hosts as unknown[]), ...entriesOf(olds, labels).map(withoutCredentials)] };
}

/** Outputs with those hosts only that the program named when they were written. */
export function withoutHostsKept(outputs: Props): Props {
  const { hosts } = outputs;
  return Array.isArray(hosts) ? { ...outputs, hosts: hosts.slice(0, namedHosts(outputs)) } : outputs;
}

/** How many of the state's hosts the program named. */
function namedHosts({ totals }: Props): number {
  const named = isRecord(totals) ? totals["hosts"] : undefined;
  return typeof named === "number" ? named : Infinity;
}

/** The entries of the state's `hosts` with these identities, kept ones too, as they were given. */
export function entriesOf(inputs: Props, labels: readonly string[]): readonly unknown[] {
  const wanted = new Set(labels);
  const given: readonly unknown[] = Array.isArray(inputs["hosts"]) ? inputs["hosts"] : [];
  const { read } = readFields(inputs);
  return given.filter((_, index) => {
    const label = read.hosts[index]?.label;
    return label !== undefined && wanted.has(label);
  });
}
