import * as pulumi from "@pulumi/pulumi";
import type { Configuration, Props, ProviderCode } from "../common/contract";
import type { HostResult, Results } from "../resource/state";
import type { SessionLogoffArgs, SessionLogoffInputs } from "./args";
import { checkDeclaration, declaredOptions, sealedArgs } from "./declaration";
import { previewSessions } from "./program-preview";
import { optionWarnings } from "./resource-options";

/** What the SDK writes into every resource's state and calls from there on, whatever version is installed by then. */
interface SerializedProvider extends pulumi.dynamic.ResourceProvider<Props, Props> {
  configuration?: Promise<Configuration>;
  /** The code, or undefined where this package is not installed. A broken installation is an error. */
  find(): Promise<ProviderCode | undefined>;
  /** The code. @throws one sentence, without a stack, where this package is not installed */
  load(purpose: string): Promise<ProviderCode>;
}

/**
 * The SDK serializes this object as text into the state. Nothing may be referenced from within but the package's name:
 * what else is captured is copied into the state, whole. The SDK's host calls other methods before `configure` has
 * ended, therefore all of them wait for what it left; what went wrong there is for them to report.
 *
 * A program may remove its resources and this package in one step. Then this text still runs: a refresh, which calls read
 * and diff, leaves the resource as it is, and delete lets it go if it has drained no host. The text holds no comments, since
 * they would be stored too.
 */
export const serializedProvider: SerializedProvider = {
  async find() {
    try {
      return await import("pulumi-session-logoff/provider");
    } catch (error) {
      if (/^Cannot find (package|module) 'pulumi-session-logoff['/]/.test((error as Error).message))
        return undefined;
      throw error;
    }
  },
  async load(purpose) {
    const code = await this.find();
    if (code !== undefined) return code;
    const error = new Error(
      `Cannot ${purpose}: "pulumi-session-logoff" is not installed in "${process.cwd()}". It has to be one of the program's own dependencies until its resources are deleted`,
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
    const code = await this.load("log off");
    return code.create(inputs, await this.configuration);
  },
  async read(id, props = {}) {
    const code = await this.find();
    if (code !== undefined) return code.read(id, props, await this.configuration);
    const name = String(props["resourceName"]);
    process.stdout.write(`${name}: not refreshed: "pulumi-session-logoff" is not installed\n`);
    return { id, props };
  },
  async update(id, olds, news) {
    const code = await this.load("log off");
    return code.update(id, olds, news, await this.configuration);
  },
  async delete(id, props) {
    const hosts = Object.entries((props["hostResults"] ?? {}) as Results["hostResults"]);
    const drained = hosts.flatMap(([host, result]) => (/^until-/.test(result.drained) ? [host] : []));
    const named = drained.slice(0, 20).join(", ") + (drained.length > 20 ? ", …" : "");
    const code = named === "" ? await this.find() : await this.load(`undrain ${named}`);
    await code?.delete(id, props, await this.configuration);
  },
};

const noOutputsYet: Record<keyof Results, undefined> = {
  totals: undefined,
  readyHosts: undefined,
  hostResults: undefined,
  remaining: undefined,
  bootIds: undefined,
  finishedAt: undefined,
  resume: undefined,
  stateVersion: undefined,
};

/** The inputs as given, which are outputs too. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface SessionLogoff extends SessionLogoffInputs {}

/**
 * Sessions logged off on many hosts, before they are patched. Creating it runs every host; a later update runs the hosts
 * that are new, that failed, or all of them when `triggers` change. Let the patch step depend on it.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class SessionLogoff extends pulumi.dynamic.Resource {
  /** Sums over the last known of every host. A host that no run has reported yet counts only in `totals.hosts`. */
  declare readonly totals: pulumi.Output<Results["totals"]>;
  /** Identities (`rdsh01.corp.example:22`) of the hosts that are done and may be patched, in the order of `hosts`. */
  declare readonly readyHosts: pulumi.Output<readonly string[]>;
  /** The last known of every host, by identity. A host that no run has reported yet is absent. */
  declare readonly hostResults: pulumi.Output<Readonly<Record<string, HostResult>>>;
  /** Number of matching sessions that are still there, over all hosts. */
  declare readonly remaining: pulumi.Output<number>;
  /**
   * What changes when a host restarts, by host, as each host's last run read it; `restartedSince` of HostUndrain takes it. Servers behind another
   * host, and hosts where it cannot be read, are absent.
   */
  declare readonly bootIds: pulumi.Output<Readonly<Record<string, string>>>;
  /** When the last run that contacted a host ended, in RFC 3339. Empty before that; a refresh does not change it. */
  declare readonly finishedAt: pulumi.Output<string>;
  /** Who was warned and when, and who was asked to log off, on hosts that are not done, by identity. A secret. */
  declare readonly resume: pulumi.Output<Results["resume"]>;
  /** The version of the form of these outputs: 1. */
  declare readonly stateVersion: pulumi.Output<number>;

  /**
   * Declares the resource. Every credential given by value becomes a secret, however deep it stands and even if it was plain.
   * @param name the resource's name, which the lines of its runs begin with
   * @param args which sessions to log off on which hosts, and how
   * @param options Pulumi's own; `import` and `id` cannot be used
   * @throws pulumi.RunError if `import` or `id` is set, or if the program cannot use this package
   */
  constructor(name: string, args: SessionLogoffArgs, options: pulumi.CustomResourceOptions = {}) {
    checkDeclaration({ type: "SessionLogoff", name, code: "pulumi-session-logoff/provider" }, options);
    const inputs = { ...sealedArgs(args), resourceName: name, ...noOutputsYet };
    const declared = declaredOptions(options, ["resume"]);
    super(serializedProvider, name, inputs, declared.options, "session-logoff", "SessionLogoff");
    pulumi.output(args.drain).apply((drain) => {
      for (const warning of optionWarnings(declared.seen(), drain)) void pulumi.log.warn(warning, this);
    });
    previewSessions(this, args, this.finishedAt);
  }
}
