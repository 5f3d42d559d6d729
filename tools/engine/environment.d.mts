export interface EngineEnvironmentOptions {
  /** Path of the executable, as `ensureEngine` gives it. */
  readonly engine: string;
  /** PULUMI_HOME: where the engine keeps its plugins, logs and settings. Made if missing. */
  readonly home: string;
  /** Folder of the file backend, which holds the state of all stacks. Made if missing. */
  readonly stateDir: string;
  /** Encrypts secrets in the state. Default: the empty one, fit for states that are thrown away. */
  readonly passphrase?: string;
  /** Where PATH, HOME and the like are taken from. Default: those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The whole environment for an engine that nobody sits at: its own home and state, no questions, no look for updates, no fetching
 * of plugins.
 *
 * Of the caller's environment only what programs need to run at all is passed on: no PULUMI_ variable, no credential. What the
 * Pulumi program should see beyond that is for the caller to add.
 */
export function engineEnvironment(options: EngineEnvironmentOptions): Record<string, string>;
