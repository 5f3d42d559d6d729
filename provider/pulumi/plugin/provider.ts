/** What the plugin answers, without gRPC: the methods of the resource on values with marks, under the resource's URN. */
import { isRecord } from "../../base/records";
import { printable } from "../../base/text";
import { holdsUnknown } from "../../plan/unknown";
import type { Runs } from "../process/cancellation";
import type { World } from "../process/world";
import type { Call } from "../resource/call";
import type { Changes } from "../resource/changes";
import type { Configuration, Props } from "../resource/contract";
import { expectedResults } from "../resource/expected";
import { PartialFailure } from "../resource/partial-failure";
import {
  changesOf,
  drainedIn,
  isListedAgain,
  openReasons,
  problemsOf,
  resourceIn,
  type Resource,
} from "../resource/resource";
import { readKnown } from "../resource/state";
import { configurationOf, isConfigurationChanged, withConfigurationMarked } from "./configuration";
import { detailedDiff, type Difference } from "./detailed-diff";
import type { LogQueue } from "./log-queue";
import {
  holdsSecret,
  isSecret,
  markedLike,
  secret,
  unmarked,
  unmarkedProps,
  withCredentialsMarked,
  type MarkedProps,
} from "./values";

/** What the answers depend on. */
export interface ProviderDeps {
  /** The process, on first use: it loads the SSH client. */
  readonly world: () => Promise<World>;
  readonly runs: Runs;
  /** The engine's log of now. */
  readonly log: () => LogQueue;
  /** The variable PULUMI_CONFIG. */
  readonly configurationOfToday: string | undefined;
}

/** One call for one resource. */
export interface ResourceCall {
  readonly urn: string;
  readonly name: string;
  /** Of the program's customTimeouts, in seconds; 0: none. */
  readonly timeoutSeconds: number;
}

/** The answer of a create or a read. */
export interface Stored {
  readonly id: string;
  readonly properties: MarkedProps;
}

/** The methods of the provider. All may throw an error whose message the engine prints. */
export interface Provider {
  checkConfiguration(news: MarkedProps): MarkedProps;
  isConfigurationChanged(olds: MarkedProps, news: MarkedProps): boolean;
  /** @param name of the provider resource */
  configure(args: MarkedProps, name: string): void;
  check(call: ResourceCall, news: MarkedProps): { inputs: MarkedProps; reasons: readonly string[] };
  /** The differing properties by path; empty: no update is needed. */
  diff(call: ResourceCall, olds: MarkedProps, news: MarkedProps): ReadonlyMap<string, Difference>;
  /** @throws PartialFailure with marked properties */
  create(call: ResourceCall, inputs: MarkedProps): Promise<Stored>;
  previewCreate(call: ResourceCall, inputs: MarkedProps): Promise<MarkedProps>;
  /** @throws PartialFailure with marked properties */
  update(call: ResourceCall, id: string, olds: MarkedProps, news: MarkedProps): Promise<MarkedProps>;
  previewUpdate(call: ResourceCall, olds: MarkedProps, news: MarkedProps): Promise<MarkedProps>;
  /** @throws PartialFailure with marked properties, so that the engine remembers that hosts are pending */
  read(call: ResourceCall, id: string, properties: MarkedProps): Promise<Stored>;
  delete(call: ResourceCall, id: string, properties: MarkedProps): Promise<void>;
}

/**
 * A resource that this process has created. `pulumi up --replace` creates the new resource before it deletes the old one, which must not open
 * the hosts that the new one has closed.
 */
interface Created {
  readonly id: string;
  readonly closed: ReadonlySet<string>;
}

export function createProvider(deps: ProviderDeps): Provider {
  let configuration: Configuration = {};
  let resource: Promise<Resource> | undefined;
  const heavy = (): Promise<Resource> => (resource ??= deps.world().then(resourceIn));
  /** Resources that the program has registered: a refresh also calls diff, but not check. */
  const checked = new Set<string>();
  /** The last resource that was created, by URN. */
  const created = new Map<string, Created>();
  const callOf = ({ urn, name, timeoutSeconds }: ResourceCall, inputs: MarkedProps): Call => ({
    name: printable(name, 100),
    voice: deps.log().voiceOf(urn),
    configuration,
    runs: deps.runs,
    ...(timeoutSeconds > 0 ? { mostMs: timeoutSeconds * 1000 } : {}),
    markBytes: jsonBytes(inputs) - jsonBytes(unmarkedProps(inputs)) + markBytes,
  });
  const showSessions = async (call: Call, inputs: Props, changes: Changes): Promise<void> => {
    const { hostsToRun, hasUnknownHosts } = changes;
    if (inputs["previewSessions"] !== true || (hostsToRun.size === 0 && !hasUnknownHosts)) return;
    if (holdsUnknown(inputs)) {
      call.voice.say("sessions are not shown: not all inputs are known before the update");
      return;
    }
    const [world, { previewText }] = await Promise.all([deps.world(), import("../resource/preview.js")]);
    const text = await call.runs.hold(({ stop }) =>
      previewText(inputs, configuration, world, { hosts: hostsToRun, signal: stop }),
    );
    call.voice.say(text);
  };
  return {
    checkConfiguration: withConfigurationMarked,
    isConfigurationChanged,
    configure: (args, name) => {
      configuration = configurationOf(args, name, deps.configurationOfToday);
    },
    check: ({ urn }, news) => {
      checked.add(urn);
      const inputs = { ...news };
      for (const name of ["hosts", "connection"])
        if (name in news) inputs[name] = withCredentialsMarked(news[name]);
      return { inputs, reasons: problemsOf(unmarkedProps(news), configuration) };
    },
    diff: ({ urn }, olds, news) => {
      const [before, after] = [unmarkedProps(olds), unmarkedProps(news)];
      const changes = changesOf(before, after);
      if (!changes.changed) return new Map();
      if (checked.has(urn)) deps.log().voiceOf(urn).say(changes.why);
      return detailedDiff(before, after, changes);
    },
    create: async (given, inputs) => {
      const call = callOf(given, inputs);
      return withMarks(inputs, async () => (await heavy()).create(unmarkedProps(inputs), call), {
        see: (id, outs) => created.set(given.urn, { id, closed: closedIn(outs) }),
      });
    },
    previewCreate: async (given, inputs) => {
      const plain = unmarkedProps(inputs);
      const changes = changesOf({}, plain);
      await showSessions(callOf(given, inputs), plain, changes);
      return markedOuts({ ...plain, ...expectedResults({}, changes) }, inputs);
    },
    update: async (given, id, olds, news) => {
      const call = callOf(given, news);
      const { properties } = await withMarks(
        news,
        async () => {
          const outs = await (await heavy()).update(id, unmarkedProps(olds), unmarkedProps(news), call);
          return { id, outs };
        },
        { olds },
      );
      return properties;
    },
    previewUpdate: async (given, olds, news) => {
      const [before, after] = [unmarkedProps(olds), unmarkedProps(news)];
      const changes = changesOf(before, after);
      await showSessions(callOf(given, news), after, changes);
      return markedOuts({ ...after, ...expectedResults(before, changes) }, news);
    },
    read: async (given, id, properties) => {
      // Not an output of ours: a program that gets a resource may give inputs with the id.
      if (id === "" || properties["stateVersion"] === undefined)
        throw new Error(
          `Cannot import or get SessionLogoff "${given.name}": there is nothing to adopt; create it`,
        );
      const plain = unmarkedProps(properties);
      const outs = isListedAgain(plain)
        ? await (await heavy()).read(plain, callOf(given, properties))
        : plain;
      const marked = markedOuts(outs, properties);
      const reasons = openReasons(given.name, outs);
      if (reasons.length > 0) throw new PartialFailure(id, marked, reasons);
      return { id, properties: marked };
    },
    delete: async (given, id, properties) => {
      const successor = created.get(given.urn);
      const plain = unmarkedProps(properties);
      const props =
        successor === undefined || successor.id === id ? plain : withoutHosts(successor.closed, plain);
      if (drainedIn(props).length === 0) return;
      const reasons = await (await heavy()).delete(props, callOf(given, properties));
      // An error keeps the resource and with it the names of the drained hosts.
      if (reasons.length > 0) throw new Error(reasons.join("\n"));
    },
  };
}

/** What the marks of results add: those of `resume`, and of all results if hosts are secret. */
const markBytes = 300;

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Runs `work` and marks what becomes of it, also of a failure. */
async function withMarks(
  inputs: MarkedProps,
  work: () => Promise<{ readonly id: string; readonly outs: Props }>,
  { see, olds = {} }: { readonly see?: (id: string, outs: Props) => void; readonly olds?: MarkedProps } = {},
): Promise<Stored> {
  try {
    const { id, outs } = await work();
    see?.(id, outs);
    return { id, properties: markedOuts(outs, inputs) };
  } catch (thrown) {
    if (!(thrown instanceof PartialFailure)) throw thrown;
    see?.(thrown.id, thrown.properties);
    const marked = markedOuts(thrown.properties, withHostsHidden(thrown.properties, inputs, olds));
    throw new PartialFailure(thrown.id, marked, thrown.reasons);
  }
}

/** Results that name hosts. */
const namingHosts = ["readyHosts", "hostResults", "bootIds"];

/** Outputs with the marks of what they come from. The engine stores what has no mark in plain text, whatever the inputs are. */
function markedOuts(outs: Props, like: MarkedProps): MarkedProps {
  const areHostsSecret = hasSecretHosts(like["hosts"]);
  return Object.fromEntries(
    Object.entries(outs).map(([name, value]) => {
      if (name === "resume" || (areHostsSecret && namingHosts.includes(name))) return [name, secret(value)];
      const marked = markedLike(value, like[name]);
      return [name, name === "hosts" || name === "connection" ? withCredentialsMarked(marked) : marked];
    }),
  );
}

/** The inputs with their hosts marked as a whole if secret hosts of the state, which the program has removed, are kept with them. */
function withHostsHidden({ hosts: outs }: Props, inputs: MarkedProps, olds: MarkedProps): MarkedProps {
  const hosts = unmarked(inputs["hosts"]);
  const areHostsKept = Array.isArray(outs) && Array.isArray(hosts) && outs.length > hosts.length;
  return areHostsKept && hasSecretHosts(olds["hosts"])
    ? { ...inputs, hosts: secret(inputs["hosts"]) }
    : inputs;
}

/** Whether the addresses of hosts are secret, not only their credentials. */
function hasSecretHosts(hosts: unknown): boolean {
  if (isSecret(hosts)) return true;
  const entries: readonly unknown[] = Array.isArray(hosts) ? hosts : [];
  return entries.some(
    (entry) =>
      isSecret(entry) ||
      (isRecord(entry) && [entry["host"], entry["port"], entry["server"]].some(holdsSecret)),
  );
}

/** The hosts that refuse logons after a create, because of us or of somebody else. */
function closedIn(properties: Props): ReadonlySet<string> {
  const open = ["no", "undrained"];
  return new Set(
    [...readKnown(properties).hosts].flatMap(([label, { drained }]) =>
      open.includes(drained) ? [] : [label],
    ),
  );
}

/** The state without what it says of these hosts. */
function withoutHosts(labels: ReadonlySet<string>, props: Props): Props {
  const { hostResults } = props;
  if (!isRecord(hostResults)) return props;
  const others = Object.entries(hostResults).filter(([label]) => !labels.has(label));
  return { ...props, hostResults: Object.fromEntries(others) };
}
