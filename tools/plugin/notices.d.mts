import type { Metafile } from "esbuild";

/** A package of which something is in a bundle. */
export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** As its package.json says it. */
  readonly license: string;
  /** Its license files by name. */
  readonly texts: Readonly<Record<string, string>>;
}

/** The packages of which something is in the bundle, by name. @param root what the paths in the metafile are relative to */
export declare function bundledPackages(metafile: Pick<Metafile, "inputs">, root: string): readonly Bundled[];

/** THIRD-PARTY-NOTICES: whose work is in the bundle, and under which license. @throws Error if a package has no license text */
export declare function noticesOf(packages: readonly Bundled[]): string;
