import * as pulumi from "@pulumi/pulumi";
import type { Configuration, Props, ProviderCode } from "../common/contract";
import type { UndrainHostResult, UndrainResults } from "../undrain/state";
import { checkDeclaration, declaredOptions, sealedArgs } from "./declaration";
import type { HostUndrainArgs, HostUndrainInputs } from "./host-undrain-args";
import { previewWait } from "./program-preview";
import { optionWarnings } from "./resource-options";

/** What the SDK writes into every resource's state and calls from there on, whatever version is installed by then. */
interface SerializedProvider extends pulumi.dynamic.ResourceProvider<Props, Props> {
  configuration?: Promise<Configuration>;
  /** The code, or undefined where this package, or a version with HostUndrain, is not installed. A broken installation is an error. */
  find(): Promise<ProviderCode | undefined>;
  /** The code. @throws one sentence, without a stack, where it is not installed */
  load(purpose: string): Promise<ProviderCode>;
}

/**
 * The SDK serializes this object as text into the state. As with SessionLogoff, nothing may be referenced from within but the package's name,
 * all methods wait for what `configure` left, and the text holds no comments. Where the package is not installed, a refresh changes nothing and
 * delete succeeds: the resource leaves nothing on its hosts.
 */
export const serializedProvider: SerializedProvider = {
  async find() {
    try {
      return await import("pulumi-session-logoff/host-undrain");
    } catch (error) {
      if (
        /^(Cannot find (package|module) 'pulumi-session-logoff['/]|Package subpath '.\/host-undrain')/.test(
          (error as Error).message,
        )
      )
        return undefined;
      throw error;
    }
  },
  async load(purpose) {
    const code = await this.find();
    if (code !== undefined) return code;
    const error = new Error(
      `Cannot ${purpose}: "pulumi-session-logoff" with HostUndrain is not installed in "${process.cwd()}". It has to be one of the program's own dependencies until its resources are deleted`,
    );
    error.stack = "";
    throw error;
  },
  configure(request) {
    this.configuration = this.load("configure").then((code) => code.configure(request));
    return this.configuration.then(
      () => undefined,
      () => undefined,
    );
  },
  async check(olds, news) {
    const code = await this.load("check the inputs");
    return code.check(olds, news, await this.configuration);
  },
  async diff(id, olds, news) {
    const code = await this.find();
    return code === undefined ? { changes: false } : code.diff(id, olds, news, await this.configuration);
  },
  async create(inputs) {
    const code = await this.load("wait for hosts");
    return code.create(inputs, await this.configuration);
  },
  async read(id, props = {}) {
    const code = await this.find();
    return code === undefined ? { id, props } : code.read(id, props, await this.configuration);
  },
  async update(id, olds, news) {
    const code = await this.load("wait for hosts");
    return code.update(id, olds, news, await this.configuration);
  },
  async delete(id, props) {
    const code = await this.find();
    await code?.delete(id, props, await this.configuration);
  },
};

const noOutputsYet: Record<keyof UndrainResults, undefined> = {
  readyHosts: undefined,
  hostResults: undefined,
  finishedAt: undefined,
  stateVersion: undefined,
};

/** The inputs as given, which are outputs too. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface HostUndrain extends HostUndrainInputs {}

/**
 * Hosts that accept logons again after they were patched. Creating it waits until each host has restarted and answers, then lifts its drain; a
 * later update waits for the hosts that are new, that failed, or for all of them when `triggers` change. Let it depend on the patch step.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class HostUndrain extends pulumi.dynamic.Resource {
  /** Identities (`rdsh01.corp.example:22`) of the hosts that accept logons again, in the order of `hosts`. */
  declare readonly readyHosts: pulumi.Output<readonly string[]>;
  /** The last known of every host, by identity. A host that no run has reported yet is absent. */
  declare readonly hostResults: pulumi.Output<Readonly<Record<string, UndrainHostResult>>>;
  /** When the last run that contacted a host ended, in RFC 3339. Empty before that; a refresh does not change it. */
  declare readonly finishedAt: pulumi.Output<string>;
  /** The version of the form of these outputs: 1. */
  declare readonly stateVersion: pulumi.Output<number>;

  /**
   * Declares the resource. Every credential given by value becomes a secret, however deep it stands and even if it was plain.
   * @param name the resource's name, which the lines of its runs begin with
   * @param args which hosts to wait for, and what may be lifted there
   * @param options Pulumi's own; `import` and `id` cannot be used
   * @throws pulumi.RunError if `import` or `id` is set, or if the program cannot use this package
   */
  constructor(name: string, args: HostUndrainArgs, options: pulumi.CustomResourceOptions = {}) {
    checkDeclaration({ type: "HostUndrain", name, code: "pulumi-session-logoff/host-undrain" }, options);
    const inputs = {
      ...sealedArgs(args),
      ...givenRecord("closedBy", args.closedBy),
      ...givenRecord("restartedSince", args.restartedSince),
      resourceName: name,
      ...noOutputsYet,
    };
    const declared = declaredOptions(options);
    super(serializedProvider, name, inputs, declared.options, "session-logoff", "HostUndrain");
    this.urn.apply(() => {
      for (const warning of optionWarnings(declared.seen(), undefined)) void pulumi.log.warn(warning, this);
    });
    previewWait(this, args, this.finishedAt);
  }
}

/**
 * An input that is given. An output that an old state does not have turns out undefined; that must not count as left out, which would lift
 * more, or require less, than the program says.
 */
function givenRecord(name: string, value: unknown): Props {
  if (value === undefined) return {};
  return { [name]: pulumi.output(value).apply((known: unknown) => known ?? {}) };
}
