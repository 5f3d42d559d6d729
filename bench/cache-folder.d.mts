/** The folder for files that are costly to make, shared by all checkouts of this user. It may not exist yet. */
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
