import type { GoTools } from "./go-tools";
import type { Sizes } from "./sizes";

/** What every part of the benchmark needs. */
export interface BenchContext {
  readonly sizes: Sizes;
  readonly go: GoTools;
  /** Where costly things are kept between runs, such as Ansible. */
  readonly cacheFolder: string;
  /** Whether a contestant that is missing may be installed there, which takes minutes. */
  readonly mayInstall: boolean;
  readonly cores: number;
  readonly log: (line: string) => void;
}
