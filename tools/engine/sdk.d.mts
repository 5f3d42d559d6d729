import type { MakeOptions } from "./ensure.mjs";
import type { Language } from "./language.mjs";

export interface SdkOptions extends Partial<MakeOptions> {
  readonly language: Language;
  /** Path of the executable. */
  readonly engine: string;
  /** The file with the package's schema. */
  readonly schema: string;
  /** Where a folder with the SDK is written. */
  readonly folder: string;
}

/**
 * Generates the SDK of a package, as `pulumi package add` does: with the engine if it brought the language's host, else with a
 * program of the same version, because the hosts that can be built are older than this.
 *
 * @returns the folder of the SDK, which Python can load as it is
 */
export function generateSdk(options: SdkOptions): Promise<string>;
