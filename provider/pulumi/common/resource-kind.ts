/** What the class and the plugin know of a resource. */
import type { World } from "../process/world";
import type { Call } from "./call";
import type { Configuration, Props } from "./contract";

/** What an update would do, in terms that all resources share. */
export interface InputChanges {
  /** Whether there is anything to do, such as storing inputs. */
  readonly changed: boolean;
  /** The identities of the hosts to run; during a preview, of those that are known. */
  readonly hostsToRun: ReadonlySet<string>;
  /** Identities of the hosts that the program names, in its order. */
  readonly labels: readonly string[];
  /** Whether the identities of some hosts are not known yet. */
  readonly hasUnknownHosts: boolean;
  /** Names of the inputs that differ, those included whose change alone has no effect. */
  readonly inputs: readonly string[];
  /** Hosts that run because of what the state says of them. */
  readonly unfinished: readonly string[];
  /** Whether hosts run because a refresh has found them changed. Absent: no. */
  readonly hasDrifted?: boolean;
  /** What will happen, and why, in one line. */
  readonly why: string;
}

/** The methods of a resource that may contact hosts. Inputs and outputs are plain values. */
export interface Resource {
  /** Runs every host. @throws PartialFailure once a host was contacted and not all are done */
  create(inputs: Props, call: Call): Promise<{ id: string; outs: Props }>;
  /** Runs the hosts that changes call for, and stores the rest. @throws PartialFailure when not all hosts are done */
  update(id: string, olds: Props, news: Props, call: Call): Promise<Props>;
  /** The outputs, as far as a refresh changes them. Never throws. */
  read(props: Props, call: Call): Promise<Props>;
  /**
   * Ends what the resource has left on its hosts.
   * @returns why the resource must not be forgotten; empty: it may be
   * @throws LogoffError `plan-invalid`
   */
  delete(props: Props, call: Call): Promise<readonly string[]>;
}

/** What a preview is about. */
export interface Previewed<C extends InputChanges> {
  readonly inputs: Props;
  readonly changes: C;
  /** Whether the resource does not exist yet: then nothing has said why it changes. */
  readonly isNew: boolean;
}

/** A resource: what it does, and how its outputs are treated. Loading it must not load the SSH client, which comes with the world. */
export interface ResourceKind<C extends InputChanges = InputChanges> {
  /** Its name in programs and messages. */
  readonly type: string;
  /** Outputs that are secret whatever the inputs are. */
  readonly secretOutputs: readonly string[];
  /** Outputs that name hosts, and are secret if hosts are. */
  readonly outputsWithHosts: readonly string[];
  /** Every problem of the inputs, which may hold unknown values; each begins with its path. */
  problemsOf(news: Props, configuration: Configuration): readonly string[];
  /** What an update would do. The inputs may hold unknown values. */
  changesOf(olds: Props, news: Props): C;
  /** The results after an update, as far as a preview knows them. */
  expectedResults(olds: Props, changes: C): Props;
  /** Why the next update runs hosts that the program names, as far as that fails the resource; empty: nothing is open. */
  openReasons(name: string, props: Props): readonly string[];
  /** Says in a preview what the changes alone do not say. */
  preview(call: Call, previewed: Previewed<C>, world: () => Promise<World>): Promise<void>;
  /** Whether a refresh contacts hosts. */
  isReadFromHosts(props: Props): boolean;
  /** Whether a delete contacts hosts. */
  isUndoneOnHosts(props: Props): boolean;
  /** The hosts that refuse logons after a create, which the delete of a resource that it replaces must not open. */
  closedHosts(props: Props): ReadonlySet<string>;
  /** The methods in a given process. */
  methodsIn(world: World): Resource;
}
