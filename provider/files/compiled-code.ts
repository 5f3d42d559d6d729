import { mkdirSync, realpathSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/** The part of node:module that is there from Node 22.8 on. */
interface CompileCache {
  readonly enableCompileCache?: (folder: string) => unknown;
  readonly flushCompileCache?: () => void;
}

/** Later than what a process loads to start and to make its first connection. */
const writtenAfterMs = 1000;

/**
 * Lets Node keep the compiled code of this process's scripts, so that the next process starts faster. Node 20 cannot, and then nothing happens. The same
 * if the user has switched Node's cache on or off, or if there is no folder for it that only this user can change: whoever changes compiled code
 * runs what they like as this user. Never throws.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv = process.env): void {
  const { enableCompileCache, flushCompileCache } = nodeModule as CompileCache;
  if (enableCompileCache === undefined) return;
  if (env["NODE_COMPILE_CACHE"] || env["NODE_DISABLE_COMPILE_CACHE"]) return;
  try {
    const folder = ownCacheFolder(env);
    if (folder === undefined) return;
    enableCompileCache(folder);
    // Node writes at the end of a process, but not when a signal ends it, as the engine ends a plugin.
    setTimeout(() => flushCompileCache?.(), writtenAfterMs).unref();
  } catch {
    // It only takes longer.
  }
}

/** A folder below the user's cache folder that only this user can change, and made if it is missing; undefined: there is none. */
export function ownCacheFolder(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const base = userCacheFolder(env, platform);
  if (base === undefined || !isAbsolute(base)) return undefined;
  const folder = join(base, "pulumi-session-logoff", "compiled");
  // Checked before anything is made, so that root makes nothing in the home folder of somebody else (`sudo` keeps HOME on some systems).
  if (!isOwn(nearestExisting(folder), platform)) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Where links lead, so that nothing that was checked is looked up a second time.
  const real = realpathSync(folder);
  const isOurs = platform === "win32" || statSync(real).uid === process.getuid?.();
  return isOurs && isOwn(real, platform) ? real : undefined;
}

function userCacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  // The folders of a Windows profile can be changed by its user and by administrators only.
  if (platform === "win32") return env["LOCALAPPDATA"];
  if (env["XDG_CACHE_HOME"]) return env["XDG_CACHE_HOME"];
  return platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
}

function nearestExisting(folder: string): string {
  let at = folder;
  while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) at = dirname(at);
  return at;
}

/** Whether only this user and root can change what is in a folder, or put another one in its place. */
function isOwn(folder: string, platform: NodeJS.Platform): boolean {
  if (platform === "win32") return true;
  const user = process.getuid?.();
  const real = realpathSync(folder);
  for (let at = real; ; at = dirname(at)) {
    const { uid, mode } = statSync(at);
    if (uid !== user && uid !== 0) return false;
    // In a sticky folder such as /tmp, nobody can rename what belongs to others. What is missing in one could be made by anybody.
    const isSticky = (mode & 0o1000) !== 0 && at !== real;
    if ((mode & 0o022) !== 0 && !isSticky) return false;
    if (dirname(at) === at) return true;
  }
}
