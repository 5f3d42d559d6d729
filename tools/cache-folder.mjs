import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder in which this project keeps what is costly to make, for this user and every checkout. It need not exist yet.
 *
 * XDG_CACHE_HOME wins everywhere, as it is what somebody sets on purpose.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string}
 */
export function cacheFolder(env = process.env) {
  return join(userCache(env), "pulumi-session-logoff");
}

/** @param {NodeJS.ProcessEnv} env */
function userCache(env) {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (process.platform === "win32") {
    return env.LOCALAPPDATA || join(env.USERPROFILE || homedir(), "AppData", "Local");
  }
  const home = env.HOME || homedir();
  return process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
}
