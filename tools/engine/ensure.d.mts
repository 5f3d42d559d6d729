/** An executable Pulumi engine, and how we came to it. */
export interface Engine {
  /** Absolute path of the `pulumi` executable. The programs it needs beside itself are in the same folder. */
  readonly path: string;
  readonly version: string;
  /** `variable`: PULUMI_SESSION_LOGOFF_ENGINE names it; `cache`: fetched or built at an earlier time. */
  readonly source: "variable" | "path" | "cache" | "official" | "built";
  /** Why this one and none that would have come before it; one line. */
  readonly why: string;
}

/** A way to get an engine that is not there yet. */
export interface EngineMaker {
  readonly source: "official" | "built";
  version(): string;
  /** What it makes, in words that fit after `no`. */
  title(): string;
  /** The name it is kept under. It holds all versions that went into it, so that an upgrade is made anew. */
  folder(): string;
  /** Puts `bin/pulumi` and what belongs beside it into the folder, which is empty and not yet where engines are kept. */
  make(
    folder: string,
    options: { readonly env: NodeJS.ProcessEnv; readonly log: (line: string) => void },
  ): Promise<void>;
}

export interface EngineOptions {
  /** Receives one line for what was chosen and, while something is made, one about every 15 s. Default: nothing is said. */
  readonly log?: (line: string) => void;
  /** Where PATH, HOME and the like are read. Default: those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** What to try in which order when no engine is there. Default: fetch the official one, then build it with Go. */
  readonly makers?: readonly EngineMaker[];
}

/**
 * A Pulumi engine that works: the one named by PULUMI_SESSION_LOGOFF_ENGINE, else a recent one on PATH, else one kept in the
 * user's cache, else it is fetched or built into that cache, which takes minutes.
 *
 * @throws Error that says what was tried and what the user can do
 */
export function ensureEngine(options?: EngineOptions): Promise<Engine>;
