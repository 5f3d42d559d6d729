/**
 * Hosts that the program has removed and that our drain still closes. Only the state knows them: they follow the program's own hosts, and totals
 * do not count them. Pure.
 */
import { isNoCommand } from "../../base/proxy-command";
import { isRecord, onlyFields, withoutEmptyFields, withoutFields } from "../../base/records";
import { withoutCredentials } from "../../plan/credentials";
import { readFields } from "../../plan/schema/read-fields";

type Props = Readonly<Record<string, unknown>>;

/**
 * Inputs whose `hosts` still contain removed hosts, which have to be undrained over their previous connection: each entry holds how its
 * host was reached, defaults included, so that a changed connection has no effect on it. Credentials are left out, because nothing marks
 * them as secret any more.
 */
export function withHostsKept(inputs: Props, olds: Props, labels: readonly string[]): Props {
  const { hosts } = inputs;
  if (labels.length === 0 || !Array.isArray(hosts)) return inputs;
  const { connection } = olds;
  const way = boundedWay(connection, labels.length);
  const kept = agedEntriesOf(olds, labels).map(({ entry, isKept }) => {
    const { connection: own, ...host } = isRecord(entry) ? entry : { host: entry };
    const isComplete = isKept && own !== undefined;
    const route = routeOf(own) ?? (isComplete ? routeOfProgram : (routeOf(connection) ?? { jumpHosts: [] }));
    const login = withoutFields(fieldsOf(withoutCredentials(own)), ["jumpHosts"]);
    return reachedBy({ ...host, connection: login }, { ...way, ...route });
  });
  return { ...inputs, hosts: [...(hosts as unknown[]), ...kept] };
}

/** Outputs with only those hosts that the program named when the outputs were written. */
export function withoutHostsKept(outputs: Props): Props {
  const { hosts } = outputs;
  return Array.isArray(hosts) ? { ...outputs, hosts: hosts.slice(0, namedHosts(outputs)) } : outputs;
}

/** The number of hosts in the state that the program named. */
function namedHosts({ totals }: Props): number {
  const named = isRecord(totals) ? totals["hosts"] : undefined;
  return typeof named === "number" ? named : Infinity;
}

/**
 * The entries of the state's `hosts` with these identities, kept hosts included. The host key of the shared connection is moved to its host,
 * because it is not the key of a kept host.
 */
export function entriesOf(olds: Props, labels: readonly string[]): readonly unknown[] {
  return agedEntriesOf(olds, labels).map(({ entry }) => entry);
}

/** {@link entriesOf}, and whether an earlier update has kept them. */
function agedEntriesOf(
  olds: Props,
  labels: readonly string[],
): readonly { readonly entry: unknown; readonly isKept: boolean }[] {
  const wanted = new Set(labels);
  const given: readonly unknown[] = Array.isArray(olds["hosts"]) ? olds["hosts"] : [];
  const named = namedHosts(olds);
  const { hostKey } = fieldsOf(olds["connection"]);
  const pinned = hostKey === undefined ? {} : { hostKey };
  const { read } = readFields(olds);
  return given.flatMap((entry, index) => {
    const label = read.hosts[index]?.label;
    if (label === undefined || !wanted.has(label)) return [];
    const isKept = index >= named;
    return [{ entry: isKept ? entry : withConnection(entry, pinned), isKept }];
  });
}

/** The fields of the state's connection that apply to every host. */
export function connectionOfEvery({ connection }: Props): unknown {
  return isRecord(connection) ? withoutFields(connection, ["hostKey"]) : connection;
}

/** Trust in host keys. Of several levels only the nearest that has one of them counts. */
const knownHostsFields = ["knownHosts", "knownHostsFile"];

/**
 * The fields that reach and trust a host. The login is not among them: it is useless without its secret, and a rejected login is fixed in the
 * program.
 */
const wayFields = [
  "client",
  "port",
  "sshConfig",
  ...knownHostsFields,
  "strictHostKeyChecking",
  "algorithms",
  "keepalive",
];

/** The defaults of a connection, but for the way to the host, and for `sshConfig`, whose default depends on the client. */
const unsaid = { client: "builtin", strictHostKeyChecking: "yes", algorithms: "default" };

/** The fields of a connection with their defaults. With ssh_config there is no default port. */
function wayOf(connection: unknown): Props {
  const said = fieldsOf(withoutCredentials(connection));
  const { sshConfig = said["client"] === "openssh" } = said;
  const way = { ...unsaid, sshConfig, ...(sshConfig === false ? { port: 22 } : {}), ...said };
  return onlyFields(way, wayFields);
}

/** The route of a host whose own one is not kept: that of the program. */
const routeOfProgram: Props = {};

/**
 * Through what a connection leads; undefined if it does not say. A proxy command is a credential: a host that was reached through one, its own or
 * that of a jump host, takes the {@link routeOfProgram}.
 */
function routeOf(connection: unknown): Props | undefined {
  const { proxyCommand, jumpHosts } = fieldsOf(connection);
  if (proxyCommand !== undefined)
    return typeof proxyCommand === "string" && isNoCommand(proxyCommand) ? { proxyCommand } : routeOfProgram;
  if (!Array.isArray(jumpHosts)) return undefined;
  const usesCommand = jumpHosts.some(
    (jump) => isRecord(jump) && routeOf(jump["connection"]) === routeOfProgram,
  );
  return usesCommand ? routeOfProgram : { jumpHosts: withoutCredentials(jumpHosts) };
}

/** The most characters of known_hosts text for all kept hosts, so that the state stays below 8 MB. */
const mostKnownHosts = 1_000_000;

/** How every host was reached, for entries that leave the connection that they had in common. */
function boundedWay(connection: unknown, hosts: number): Props {
  const way = wayOf(connection);
  const { knownHosts = "" } = way;
  const isTooLong = typeof knownHosts === "string" && knownHosts.length * hosts > mostKnownHosts;
  return isTooLong ? withoutFields(way, knownHostsFields) : way;
}

/** An entry with these fields as defaults. Its jump hosts share the fields for every host. */
function reachedBy(entry: unknown, way: Props): unknown {
  const reached = withConnection(entry, way);
  const connection = isRecord(reached) ? fieldsOf(reached["connection"]) : {};
  const jumps = connection["jumpHosts"];
  if (!isRecord(reached) || !Array.isArray(jumps)) return reached;
  const shared = withoutFields(way, ["client", "port", "jumpHosts", "proxyCommand"]);
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
