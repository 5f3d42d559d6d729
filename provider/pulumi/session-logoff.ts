import * as pulumi from "@pulumi/pulumi";
import type { Inputs } from "../plan/input";
import type { Configuration, Props } from "./contract";
import { previewSessions } from "./program-preview";
import { sealed } from "./sealed";
import type { HostResult, Results } from "./state";

/** A value whose every leaf may be a `pulumi.Input`. */
export type WithInputs<T> = pulumi.Input<WithInputsBelow<T>>;

type WithInputsBelow<T> = unknown extends T // any value at all, as in triggers
  ? T
  : T extends readonly (infer E)[]
    ? readonly WithInputs<E>[]
    : T extends object
      ? FieldsWithInputs<T>
      : T;

/** The same fields, each of which may be a `pulumi.Input`, also of undefined where a field may be left out. */
export type FieldsWithInputs<T> = {
  [K in keyof T]: Partial<Pick<T, K>> extends Pick<T, K>
    ? WithInputs<T[K] | undefined> | undefined
    : WithInputs<T[K]>;
};

/** The arguments of {@link SessionLogoff}. */
export type SessionLogoffArgs = FieldsWithInputs<Inputs>;

/** What the SDK writes into every resource's state and calls from there on, whatever version is installed by then. */
interface SerializedProvider extends pulumi.dynamic.ResourceProvider<Props, Props> {
  configuration?: Promise<Configuration>;
}

/**
 * The SDK serializes this object as text into the state. Nothing may be referenced from within but the package's name:
 * what else is captured is copied into the state, whole. The SDK's host calls other methods before `configure` has
 * ended, therefore all of them wait for what it left.
 */
export const serializedProvider: SerializedProvider = {
  configure(request) {
    this.configuration = import("pulumi-session-logoff/provider").then((code) => code.configure(request));
    return this.configuration.then(() => undefined);
  },
  async check(olds, news) {
    const code = await import("pulumi-session-logoff/provider");
    return code.check(olds, news, await this.configuration);
  },
  async diff(id, olds, news) {
    const code = await import("pulumi-session-logoff/provider");
    return code.diff(id, olds, news, await this.configuration);
  },
  async create(inputs) {
    const code = await import("pulumi-session-logoff/provider");
    return code.create(inputs, await this.configuration);
  },
  async read(id, props) {
    const code = await import("pulumi-session-logoff/provider");
    return code.read(id, props ?? {}, await this.configuration);
  },
  async update(id, olds, news) {
    const code = await import("pulumi-session-logoff/provider");
    return code.update(id, olds, news, await this.configuration);
  },
  async delete(id, props) {
    const code = await import("pulumi-session-logoff/provider");
    return code.delete(id, props, await this.configuration);
  },
};

const noOutputsYet: Record<keyof Results, undefined> = {
  totals: undefined,
  readyHosts: undefined,
  hostResults: undefined,
  remaining: undefined,
  finishedAt: undefined,
  resume: undefined,
  stateVersion: undefined,
};

/**
 * Sessions logged off on many hosts, before they are patched. Creating it runs every host; a later update runs the hosts
 * that are new, that failed, or all of them when `triggers` change. Let the patch step depend on it.
 */
export class SessionLogoff extends pulumi.dynamic.Resource {
  /** The inputs as given. */
  declare readonly hosts: pulumi.Output<Inputs["hosts"]>;
  declare readonly sessions: pulumi.Output<Inputs["sessions"]>;
  declare readonly connection: pulumi.Output<Inputs["connection"]>;
  declare readonly drain: pulumi.Output<Inputs["drain"]>;
  declare readonly warn: pulumi.Output<Inputs["warn"]>;
  declare readonly atDeadline: pulumi.Output<Inputs["atDeadline"]>;
  declare readonly ifStuck: pulumi.Output<Inputs["ifStuck"]>;
  declare readonly ifMissing: pulumi.Output<Inputs["ifMissing"]>;
  declare readonly ifArrived: pulumi.Output<Inputs["ifArrived"]>;
  declare readonly limits: pulumi.Output<Inputs["limits"]>;
  declare readonly rollout: pulumi.Output<Inputs["rollout"]>;
  declare readonly failOn: pulumi.Output<Inputs["failOn"]>;
  declare readonly window: pulumi.Output<Inputs["window"]>;
  declare readonly timeouts: pulumi.Output<Inputs["timeouts"]>;
  declare readonly mode: pulumi.Output<Inputs["mode"]>;
  declare readonly triggers: pulumi.Output<Inputs["triggers"]>;
  declare readonly report: pulumi.Output<Inputs["report"]>;
  declare readonly previewSessions: pulumi.Output<Inputs["previewSessions"]>;
  /** Sums over the last known of every host. */
  declare readonly totals: pulumi.Output<Results["totals"]>;
  /** Identities (`rdsh01.corp.example:22`) of the hosts that are done and may be patched. */
  declare readonly readyHosts: pulumi.Output<readonly string[]>;
  /** The last known of every host, by identity. */
  declare readonly hostResults: pulumi.Output<Readonly<Record<string, HostResult>>>;
  /** Matching sessions that are still there, over all hosts. */
  declare readonly remaining: pulumi.Output<number>;
  /** RFC 3339; changes only when a host was contacted. */
  declare readonly finishedAt: pulumi.Output<string>;
  /** For unfinished hosts who was warned and when, and who was asked to go. A secret. */
  declare readonly resume: pulumi.Output<Results["resume"]>;
  declare readonly stateVersion: pulumi.Output<number>;

  /** Every credential given by value becomes a secret, however deep it stands and even if it was plain. */
  constructor(name: string, args: SessionLogoffArgs, options: pulumi.CustomResourceOptions = {}) {
    const inputs = {
      ...args,
      hosts: sealed(args.hosts),
      ...(args.connection === undefined ? {} : { connection: sealed(args.connection) }),
      resourceName: name,
      ...noOutputsYet,
    };
    const ours = { additionalSecretOutputs: ["resume"], deleteBeforeReplace: true };
    super(
      serializedProvider,
      name,
      inputs,
      pulumi.mergeOptions(options, ours),
      "session-logoff",
      "SessionLogoff",
    );
    previewSessions(this, args, this.finishedAt);
  }
}
