/** Wine, set up for tests. */
export interface Wine {
  /** Wine's loader, which starts a program of Windows. */
  readonly wine: string;
  readonly server: string;
  /** Holds `launch.exe` and a Wine prefix with the stand-ins, `prefix`. */
  readonly folder: string;
}

export const sources: readonly string[];

/** The programs of Wine, or why there are none. */
export function findPrograms(env: NodeJS.ProcessEnv): Omit<Wine, "folder"> | { readonly unavailable: string };

/** The folder of the kept files, which may not exist yet. */
export function folderFor(wine: string, env: NodeJS.ProcessEnv): string;

/** Finds what `npm run setup:extras` has made, or says why there is nothing. Installs and makes nothing. */
export function findWine(options?: {
  readonly env?: NodeJS.ProcessEnv;
}): Wine | { readonly unavailable: string };
