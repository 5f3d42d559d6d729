/**
 * Hosts that the program has removed and that still refuse new logons because of us. The state is the only place that
 * knows them: they stand behind the program's own hosts, and totals count without them. Pure.
 */
import { canonical, isRecord, onlyFields, withoutEmptyFields, withoutFields } from "../../base/records";
import { withoutCredentials } from "../../plan/credentials";
import { readFields } from "../../plan/schema/fields";

type Props = Readonly<Record<string, unknown>>;

/**
 * Inputs whose `hosts` go on naming hosts that the program has removed: they still have to be undrained, the way they were
 * reached before. Credentials are left out, since nothing marks them as secret any more.
 */
export function withHostsKept(inputs: Props, olds: Props, labels: readonly string[]): Props {
  const { hosts } = inputs;
  if (labels.length === 0 || !Array.isArray(hosts)) return inputs;
  const way = formerWay(olds["connection"], inputs["connection"], labels.length);
  const kept = entriesOf(olds, labels).map((entry) => reachedBy(withoutCredentials(entry), way));
  return { ...inputs, hosts: [...(hosts as unknown[]), ...kept] };
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

/**
 * The entries of the state's `hosts` with these identities, kept ones too. A host key of the shared connection stands with
 * the host that it is for: it is not that of a kept one.
 */
export function entriesOf(olds: Props, labels: readonly string[]): readonly unknown[] {
  const wanted = new Set(labels);
  const given: readonly unknown[] = Array.isArray(olds["hosts"]) ? olds["hosts"] : [];
  const named = namedHosts(olds);
  const { hostKey } = fieldsOf(olds["connection"]);
  const pinned = hostKey === undefined ? {} : { hostKey };
  const { read } = readFields(olds);
  return given.flatMap((entry, index) => {
    const label = read.hosts[index]?.label;
    if (label === undefined || !wanted.has(label)) return [];
    return [index < named ? withConnection(entry, pinned) : entry];
  });
}

/** What the state's connection says for every host. */
export function connectionOfEvery({ connection }: Props): unknown {
  return isRecord(connection) ? withoutFields(connection, ["hostKey"]) : connection;
}

/** Trust in host keys. Of several levels only the nearest that has one of them counts. */
const knownHostsFields = ["knownHosts", "knownHostsFile"];

/**
 * The way to a host, and trust in it. The login is no part of it: without its secret it would be of no use, and where it was
 * rejected the program mends it.
 */
const wayFields = [
  "port",
  "jumpHosts",
  "sshConfig",
  ...knownHostsFields,
  "strictHostKeyChecking",
  "algorithms",
  "keepalive",
];

/** What a connection means that does not say it. */
const unsaid = { jumpHosts: [], sshConfig: false, strictHostKeyChecking: "yes", algorithms: "default" };

/** The way of a connection in full. ssh_config may have a port of its own. */
function wayOf(connection: unknown): Props {
  const said = fieldsOf(withoutCredentials(connection));
  const { sshConfig = false } = said;
  const way = { ...unsaid, ...(sshConfig === false ? { port: 22 } : {}), ...said };
  return onlyFields(way, wayFields);
}

/** So many characters of known hosts, over all kept hosts, leave room in a state that has to stay below 8 MB. */
const mostKnownHosts = 1_000_000;

/** What the old connection says of the way, where the new one says something else. */
function formerWay(old: unknown, now: unknown, hosts: number): Props {
  const before = wayOf(old);
  const after = wayOf(now);
  const changed = wayFields.filter((name) => canonical(before[name]) !== canonical(after[name]));
  const { knownHosts = "" } = before;
  const isTooLong = typeof knownHosts === "string" && knownHosts.length * hosts > mostKnownHosts;
  const trust = changed.some((name) => knownHostsFields.includes(name)) && !isTooLong ? knownHostsFields : [];
  const names = [...changed.filter((name) => !knownHostsFields.includes(name)), ...trust];
  return onlyFields(before, names);
}

/** An entry that is reached this way, where it says nothing else itself. Its jump hosts share what is for every host. */
function reachedBy(entry: unknown, way: Props): unknown {
  const reached = withConnection(entry, way);
  const connection = isRecord(reached) ? fieldsOf(reached["connection"]) : {};
  const jumps = connection["jumpHosts"];
  if (!isRecord(reached) || !Array.isArray(jumps)) return reached;
  const shared = withoutFields(way, ["port", "jumpHosts"]);
  const jumpHosts = jumps.map((jump) => withConnection(jump, shared));
  return { ...reached, connection: { ...connection, jumpHosts } };
}

/** A host, or a jump host, with these fields below those of its own connection. */
function withConnection(entry: unknown, further: Props): unknown {
  if (Object.keys(further).length === 0) return entry;
  const host = isRecord(entry) ? entry : { host: entry };
  const own = fieldsOf(host["connection"]);
  const knowsHosts = knownHostsFields.some((name) => own[name] !== undefined);
  const added = knowsHosts ? withoutFields(further, knownHostsFields) : further;
  return { ...host, connection: { ...added, ...own } };
}

function fieldsOf(value: unknown): Props {
  const fields = withoutEmptyFields(value);
  return isRecord(fields) ? fields : {};
}
