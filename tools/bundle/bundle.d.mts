import type { Metafile } from "esbuild";

/**
 * Bundles scripts. What one of them imports with `import()` is in it, and runs when it is wanted.
 * @param entryPoints the sources by the names of their scripts
 * @param external what is not bundled
 */
export declare function bundle(
  entryPoints: Readonly<Record<string, string>>,
  folder: string,
  external: string[],
): Promise<Metafile>;

/** The same for one script whose modules are all needed at its start; see {@link compiledAtOnce}. */
export declare function bundleCompiledAtOnce(
  source: string,
  file: string,
  external: string[],
): Promise<Metafile>;

/**
 * Writes the script that runs another one beside it, with Node's cache of compiled code where there is one.
 * @param firstLine such as `#!/usr/bin/env node`
 */
export declare function writeStarter(file: string, script: string, firstLine?: string): Promise<void>;

/**
 * A bundle in which the function around each CommonJS module is in parentheses. V8 compiles such a function at once, as if it were called right there. Otherwise
 * V8 reads it twice, first for errors and later to compile it, and Node's cache has only what was compiled at first.
 * @throws Error if there is no such function
 */
export declare function compiledAtOnce(script: string): string;
