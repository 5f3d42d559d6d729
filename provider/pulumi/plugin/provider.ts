/** What the plugin answers, without gRPC: its configuration, and the answers of each resource by its token. */
import type { Configuration } from "../common/contract";
import type { Runs } from "../process/cancellation";
import type { World } from "../process/world";
import { sessionLogoff } from "../resource/session-logoff";
import { hostUndrain } from "../undrain/host-undrain";
import { configurationOf, isConfigurationChanged, withConfigurationMarked } from "./configuration";
import type { LogQueue } from "./log-queue";
import { answersOf, type ResourceAnswers } from "./resource-answers";
import type { MarkedProps } from "./values";

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

/** The methods of the provider. All may throw an error whose message the engine prints. */
export interface Provider {
  checkConfiguration(news: MarkedProps): MarkedProps;
  isConfigurationChanged(olds: MarkedProps, news: MarkedProps): boolean;
  /** @param name of the provider resource */
  configure(args: MarkedProps, name: string): void;
  /** What is answered for resources of a type. @param token such as `session-logoff:index:SessionLogoff` @throws Error for another type */
  resource(token: string): ResourceAnswers;
}

export function createProvider(deps: ProviderDeps): Provider {
  let configuration: Configuration = {};
  let world: Promise<World> | undefined;
  const context = {
    world: () => (world ??= deps.world()),
    runs: deps.runs,
    log: deps.log,
    configuration: () => configuration,
  };
  const answers: Readonly<Record<string, ResourceAnswers>> = {
    [tokenOf(sessionLogoff)]: answersOf(sessionLogoff, context),
    [tokenOf(hostUndrain)]: answersOf(hostUndrain, context),
  };
  return {
    checkConfiguration: withConfigurationMarked,
    isConfigurationChanged,
    configure: (args, name) => {
      configuration = configurationOf(args, name, deps.configurationOfToday);
    },
    resource: (token) => {
      const found = Object.hasOwn(answers, token) ? answers[token] : undefined;
      if (found === undefined) throw new Error(`The plugin "session-logoff" has no resource "${token}"`);
      return found;
    },
  };
}

function tokenOf({ type }: { readonly type: string }): string {
  return `session-logoff:index:${type}`;
}
