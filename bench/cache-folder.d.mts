/** The folder in which this project keeps what is costly to make, for this user and every checkout. It need not exist yet. */
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
