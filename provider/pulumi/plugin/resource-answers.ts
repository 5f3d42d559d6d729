/** What the plugin answers for one type of resource: the resource's methods on values with marks, under its URN. */
import { isRecord } from "../../base/records";
import { printable } from "../../base/text";
import type { Call } from "../common/call";
import type { Configuration, Props } from "../common/contract";
import { PartialFailure } from "../common/partial-failure";
import type { InputChanges, Resource, ResourceKind } from "../common/resource-kind";
import { jsonBytes } from "../common/size-limit";
import type { Runs } from "../process/cancellation";
import type { World } from "../process/world";
import { detailedDiff, type Difference } from "./detailed-diff";
import type { LogQueue } from "./log-queue";
import { inputsWithCredentials, markBytes, markedOuts, withMarks, type Stored } from "./marked-outputs";
import { unmarkedProps, withCredentialsMarked, type MarkedProps } from "./values";

/** What the answers for every type have in common. */
export interface AnswerContext {
  /** The process, which the first call that needs it loads. */
  readonly world: () => Promise<World>;
  readonly runs: Runs;
  /** The engine's log of now. */
  readonly log: () => LogQueue;
  /** As of now. */
  readonly configuration: () => Configuration;
}

/** One call for one resource. */
export interface ResourceCall {
  readonly urn: string;
  readonly name: string;
  /** Of the program's customTimeouts, in seconds; 0: none. */
  readonly timeoutSeconds: number;
}

/** The methods for one type of resource. All may throw an error whose message the engine prints. */
export interface ResourceAnswers {
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

export function answersOf<C extends InputChanges>(
  kind: ResourceKind<C>,
  { world, runs, log, configuration }: AnswerContext,
): ResourceAnswers {
  let methods: Promise<Resource> | undefined;
  const heavy = (): Promise<Resource> => (methods ??= world().then((loaded) => kind.methodsIn(loaded)));
  /** Resources that the program has registered: a refresh also calls diff, but not check. */
  const checked = new Set<string>();
  /** The last resource that was created, by URN. */
  const created = new Map<string, Created>();
  const callOf = ({ urn, name, timeoutSeconds }: ResourceCall, inputs: MarkedProps): Call => ({
    name: printable(name, 100),
    voice: log().voiceOf(urn),
    configuration: configuration(),
    runs,
    ...(timeoutSeconds > 0 ? { mostMs: timeoutSeconds * 1000 } : {}),
    markBytes: jsonBytes(inputs) - jsonBytes(unmarkedProps(inputs)) + markBytes,
  });
  const preview = async (
    given: ResourceCall,
    olds: MarkedProps | undefined,
    news: MarkedProps,
  ): Promise<MarkedProps> => {
    const [before, inputs] = [unmarkedProps(olds ?? {}), unmarkedProps(news)];
    const changes = kind.changesOf(before, inputs);
    await kind.preview(callOf(given, news), { inputs, changes, isNew: olds === undefined }, world);
    return markedOuts(kind, { ...inputs, ...kind.expectedResults(before, changes) }, news);
  };
  return {
    check: ({ urn }, news) => {
      checked.add(urn);
      const inputs = { ...news };
      for (const name of inputsWithCredentials)
        if (name in news) inputs[name] = withCredentialsMarked(news[name]);
      return { inputs, reasons: kind.problemsOf(unmarkedProps(news), configuration()) };
    },
    diff: ({ urn }, olds, news) => {
      const [before, after] = [unmarkedProps(olds), unmarkedProps(news)];
      const changes = kind.changesOf(before, after);
      if (!changes.changed) return new Map();
      if (checked.has(urn)) log().voiceOf(urn).say(changes.why);
      return detailedDiff(before, after, changes);
    },
    create: async (given, inputs) => {
      const call = callOf(given, inputs);
      return withMarks(kind, inputs, async () => (await heavy()).create(unmarkedProps(inputs), call), {
        see: (id, outs) => created.set(given.urn, { id, closed: kind.closedHosts(outs) }),
      });
    },
    previewCreate: (given, inputs) => preview(given, undefined, inputs),
    update: async (given, id, olds, news) => {
      const call = callOf(given, news);
      const { properties } = await withMarks(
        kind,
        news,
        async () => {
          const outs = await (await heavy()).update(id, unmarkedProps(olds), unmarkedProps(news), call);
          return { id, outs };
        },
        { olds },
      );
      return properties;
    },
    previewUpdate: preview,
    read: async (given, id, properties) => {
      // Not an output of ours: a program that gets a resource may give inputs with the id.
      if (id === "" || properties["stateVersion"] === undefined)
        throw new Error(
          `Cannot import or get ${kind.type} "${given.name}": there is nothing to adopt; create it`,
        );
      const plain = unmarkedProps(properties);
      const outs = kind.isReadFromHosts(plain)
        ? await (await heavy()).read(plain, callOf(given, properties))
        : plain;
      const marked = markedOuts(kind, outs, properties);
      const reasons = kind.openReasons(given.name, outs);
      if (reasons.length > 0) throw new PartialFailure(id, marked, reasons);
      return { id, properties: marked };
    },
    delete: async (given, id, properties) => {
      const successor = created.get(given.urn);
      const plain = unmarkedProps(properties);
      const props =
        successor === undefined || successor.id === id ? plain : withoutHosts(successor.closed, plain);
      if (!kind.isUndoneOnHosts(props)) return;
      const reasons = await (await heavy()).delete(props, callOf(given, properties));
      // An error keeps the resource and with it the names of the drained hosts.
      if (reasons.length > 0) throw new Error(reasons.join("\n"));
    },
  };
}

/** The state without what it says of these hosts. */
function withoutHosts(labels: ReadonlySet<string>, props: Props): Props {
  const { hostResults } = props;
  if (!isRecord(hostResults)) return props;
  const others = Object.entries(hostResults).filter(([label]) => !labels.has(label));
  return { ...props, hostResults: Object.fromEntries(others) };
}
