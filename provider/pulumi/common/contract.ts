/**
 * What passes between the text in a state and the export `pulumi-session-logoff/provider`. It is declared apart from the code
 * so that programs with old compilers can read it.
 */
import type { ConnectionDefaults } from "../../plan/connection-defaults";

/** Inputs or outputs as the engine hands them over: plain values, secrets included. */
export type Props = Readonly<Record<string, unknown>>;

/** The part of the SDK's request that this package reads. */
export interface ConfigureRequest {
  readonly config: { get(key: string): unknown };
}

/** What `configure` returns and every other method receives; absent if there is none. */
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

/** The members of the export. */
export interface ProviderCode extends Lifecycle {
  /** The values of the stack configuration, which the project sets as `session-logoff:user` and so on. */
  configure(request: ConfigureRequest): Promise<Configuration>;
}
