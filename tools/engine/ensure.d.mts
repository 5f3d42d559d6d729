/** An executable Pulumi engine, and where it comes from. */
export interface Engine {
  /** Absolute path of the `pulumi` executable. The other programs that it needs are in the same folder. */
  readonly path: string;
  readonly version: string;
  /** `variable`: PULUMI_SESSION_LOGOFF_ENGINE names it; `cache`: it was fetched or built earlier. */
  readonly source: "variable" | "path" | "cache" | "official" | "built";
  /** Why this engine was chosen and not one with higher precedence; one line. */
  readonly why: string;
}

/** A way to get an engine that does not exist yet. */
export interface EngineMaker {
  readonly source: "official" | "built";
  version(): string;
  /** What it makes, worded to follow `no`. */
  title(): string;
  /** The name of its folder. It contains all versions that went into the engine, so that an upgrade makes a new one. */
  folder(): string;
  /** Writes `bin/pulumi` and its companion programs into the folder, which is empty and temporary. */
  make(folder: string, options: MakeOptions): Promise<void>;
}

/** How something is made: for whom, and where to say what takes so long. */
export interface MakeOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

export interface EngineOptions {
  /** Receives a line on what was chosen and, while an engine is being made, about one every 15 s. Default: no logging. */
  readonly log?: (line: string) => void;
  /** The source of PATH, HOME and similar variables. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** What to try, in order, if there is no engine. Default: fetch the official one, then build it with Go. */
  readonly makers?: readonly EngineMaker[];
}

/**
 * Returns a working Pulumi engine: the one named by PULUMI_SESSION_LOGOFF_ENGINE, else a recent one on PATH, else one kept in
 * the user's cache, else a new one fetched or built into that cache, which takes minutes.
 *
 * @throws Error with what was tried and what the user can do
 */
export function ensureEngine(options?: EngineOptions): Promise<Engine>;
