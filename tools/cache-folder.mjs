import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder for files that are costly to make, shared by all checkouts of this user. It may not exist yet.
 *
 * XDG_CACHE_HOME takes precedence on all platforms, because it is set deliberately.
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
