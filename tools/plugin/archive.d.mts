/** The archives of the plugin for all systems, as the engine asks a server for them, and their checksums in SHA256SUMS. */
export declare function packagePlugin(options?: {
  /** Where they are written; replaced as a whole. Default: `dist-plugin` */
  readonly folder?: string;
  /** The bundle to pack. Default: `dist/plugin`, made anew */
  readonly bundle?: string;
}): Promise<readonly string[]>;
