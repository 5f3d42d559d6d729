import type { GoTools } from "./go-tools";
import type { Sizes } from "./sizes";

/** What each part of the benchmark needs. */
export interface BenchContext {
  readonly sizes: Sizes;
  readonly go: GoTools;
  /** The folder for what is costly to install, such as Ansible; kept between runs. */
  readonly cacheFolder: string;
  /** Whether missing contestants may be installed there, which takes minutes. */
  readonly mayInstall: boolean;
  readonly cores: number;
  readonly log: (line: string) => void;
}
