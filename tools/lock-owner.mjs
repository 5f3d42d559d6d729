import { readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * Who holds a lock. `name` is that of the owner's file in the lock's folder, unique for all time; `beat` changes every few
 * seconds while the owner lives.
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
    return undefined; // Released while we looked.
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
    // Another waiter saw the same and was quicker.
  }
  rmdirIfEmpty(folder);
}

/** @param {string} folder */
export function rmdirIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or held by an owner.
  }
}

/** @param {unknown} error */
export function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
