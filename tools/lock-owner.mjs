import { readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * The holder of a lock. `name` is the name of the owner's file in the lock's folder and is never reused; `beat` changes every
 * few seconds while the owner is alive.
 *
 * @typedef {{ name: string, pid: number, host: string, beat: number }} Owner
 */

/** @param {string} folder @returns {Owner | undefined} */
export function readOwner(folder) {
  try {
    const name = readdirSync(folder)[0];
    if (name === undefined) return undefined;
    const { pid, host } = JSON.parse(readFileSync(join(folder, name), "utf8"));
    return { name, pid, host, beat: statSync(join(folder, name)).mtimeMs };
  } catch {
    return undefined; // Released in the meantime.
  }
}

/** @param {Owner} owner */
export function hasDied({ pid, host }) {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** @param {string} folder @param {string} name */
export function removeOwner(folder, name) {
  try {
    unlinkSync(join(folder, name));
  } catch {
    // Another waiter removed it first.
  }
  rmdirIfEmpty(folder);
}

/** @param {string} folder */
export function rmdirIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // It does not exist, or an owner holds it.
  }
}

/** @param {unknown} error */
export function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
