/**
 * The export `pulumi-session-logoff/provider`: what the text in every state loads and calls. Its name, the names of its
 * functions and the order of their parameters therefore hold for ever; new parameters go to the end.
 */
import { printable } from "../errors";
import { findProblems, readPlan } from "../plan";
import type { ConnectionDefaults } from "../plan/access";
import { compare } from "./changes";
import { failureReasons, fitted, isFailed, PartialFailure } from "./partial";
import { processFront, type Front } from "./process";
import { planError, runAndRecord } from "./run";
import { readKnown, toResults, type Known } from "./state";

/** Inputs or outputs as the engine hands them over: plain values, secrets included. */
export type Props = Readonly<Record<string, unknown>>;

/** The part of the SDK's request that is read. */
export interface ConfigureRequest {
  readonly config: { get(key: string): unknown };
}

/** What `configure` answers and every other method receives; absent when there was none. */
export type Configuration = ConnectionDefaults;

/** The methods of the provider. */
export interface Lifecycle {
  check(
    olds: Props,
    news: Props,
    configuration?: Configuration,
  ): Promise<{ inputs: Props; failures: { property: string; reason: string }[] }>;
  diff(id: string, olds: Props, news: Props, configuration?: Configuration): Promise<{ changes: boolean }>;
  create(inputs: Props, configuration?: Configuration): Promise<{ id: string; outs: Props }>;
  read(id: string, props: Props, configuration?: Configuration): Promise<{ id: string; props: Props }>;
  update(id: string, olds: Props, news: Props, configuration?: Configuration): Promise<{ outs: Props }>;
  delete(id: string, props: Props, configuration?: Configuration): Promise<void>;
}

/** The values of the stack configuration, which the project sets as `session-logoff:user` and so on. */
export function configure({ config }: ConfigureRequest): Promise<Configuration> {
  const values = (["user", "password", "privateKey", "passphrase", "knownHosts"] as const).flatMap((name) => {
    const value = config.get(`session-logoff:${name}`);
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Promise.resolve(Object.fromEntries(values));
}

/** The methods on a given front; the process's own is {@link processFront}. */
export function lifecycleOn(front: Front): Lifecycle {
  const finish = async (
    id: string | undefined,
    inputs: Props,
    { labels, hostsToRun }: { readonly labels: readonly string[]; readonly hostsToRun: ReadonlySet<string> },
    before: Known,
    configuration: Configuration | undefined,
  ): Promise<{ id: string; outs: Props }> => {
    const name = nameOf(inputs);
    const { plan, problems } = readPlan(ownInputs(inputs), { defaults: configuration ?? {} });
    if (plan === undefined) throw planError(name, problems);
    const { known, contacted } =
      hostsToRun.size === 0
        ? { known: before, contacted: false }
        : await runAndRecord(name, plan, hostsToRun, before, front);
    const results = toResults(labels, known);
    const itsId = id ?? front.newId();
    const properties = fitted(inputs, results);
    if (!isFailed(results.hostResults, plan.failOn)) return { id: itsId, outs: properties };
    const reasons = failureReasons(name, results);
    // Nothing was touched and nothing is there yet: then there is no state worth keeping.
    if (id === undefined && !contacted) throw new Error(reasons.join("\n"));
    throw new PartialFailure(itsId, properties, reasons);
  };
  return {
    check: (_olds, news, configuration) => {
      const problems = findProblems(ownInputs(news), { defaults: configuration ?? {} });
      // The engine prints the value of a failure's property, with secrets: so none is named.
      const failures = problems.map(({ path, message }) => ({ property: "", reason: `${path}: ${message}` }));
      return Promise.resolve({ inputs: news, failures });
    },
    diff: (_id, olds, news) => {
      const { changed, why } = compare(ownInputs(olds), ownInputs(news));
      if (changed) front.print(`${nameOf(news)}: ${why}`);
      return Promise.resolve({ changes: changed });
    },
    create: (inputs, configuration) =>
      finish(undefined, inputs, allHosts(inputs), readKnown({}), configuration),
    update: async (id, olds, news, configuration) => {
      const changes = compare(ownInputs(olds), ownInputs(news));
      const { outs } = await finish(id, news, changes, readKnown(olds), configuration);
      return { outs };
    },
    read: (id, props) => Promise.resolve({ id, props }),
    // The place where hosts are undrained that the state says we drained; nothing drains yet, so nobody is contacted.
    delete: () => Promise.resolve(),
  };
}

function allHosts(inputs: Props): {
  readonly labels: readonly string[];
  readonly hostsToRun: ReadonlySet<string>;
} {
  const { labels } = compare({}, ownInputs(inputs));
  return { labels, hostsToRun: new Set(labels) };
}

/** What the class and the SDK put beside the program's inputs. */
const notInputs = ["__provider", "resourceName"];

function ownInputs(props: Props): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !notInputs.includes(name)));
}

function nameOf({ resourceName }: Props): string {
  return typeof resourceName === "string" ? printable(resourceName, 100) : "session-logoff";
}

const here = (): Lifecycle => lifecycleOn(processFront());

/** Every problem of the inputs at once, and the inputs as given. Connects to nothing. */
export const check: Lifecycle["check"] = (...given) => here().check(...given);

/** Whether an update is needed, always explicitly, and prints why. Connects to nothing. */
export const diff: Lifecycle["diff"] = (...given) => here().diff(...given);

/** Runs every host. @throws a partial state once a host was contacted and not all are done */
export const create: Lifecycle["create"] = (...given) => here().create(...given);

/** What the state says: in mode `once` nothing drifts. */
export const read: Lifecycle["read"] = (...given) => here().read(...given);

/** Runs the hosts that changes call for, and stores the rest. @throws a partial state when not all hosts are done */
export const update: Lifecycle["update"] = (...given) => here().update(...given);

const remove: Lifecycle["delete"] = (...given) => here().delete(...given);
/** Forgets the hosts. Nobody is contacted. */
export { remove as delete };
