import type { Language } from "./language.mjs";

export interface EngineEnvironmentOptions {
  /** Path of the executable, as returned by `ensureEngine`. */
  readonly engine: string;
  /** PULUMI_HOME: where the engine keeps its plugins, logs and settings. Created if missing. */
  readonly home: string;
  /** Folder of the file backend, which holds the state of all stacks. Created if missing. */
  readonly stateDir: string;
  /** Encrypts secrets in the state. Default: empty, suitable for disposable states. */
  readonly passphrase?: string;
  /** Further languages of programs, as returned by `ensureLanguage`. */
  readonly languages?: readonly Language[];
  /** The source of PATH, HOME and similar variables. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The complete environment for an unattended engine: its own home and state, no prompts, no update checks, no plugin downloads.
 *
 * From the caller's environment, it passes on only what programs need to run at all: no PULUMI_ variables and no credentials.
 * The caller adds anything else that the Pulumi program needs.
 */
export function engineEnvironment(options: EngineEnvironmentOptions): Record<string, string>;
