import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 */

/**
 * Whether node_modules matches package-lock.json.
 *
 * npm writes node_modules/.package-lock.json as the last step of each install, and `npm ci` removes it as its first. Comparing
 * the two files needs no marker of our own, accepts manual installs, and detects an interrupted install.
 *
 * @param {string} root
 */
export function dependenciesAreCurrent(root) {
  const wanted = packagesIn(join(root, "package-lock.json"));
  const present = packagesIn(join(root, "node_modules", ".package-lock.json"));
  if (!wanted)
    throw new Error(`Cannot read "${join(root, "package-lock.json")}": it must be there, as npm wrote it`);
  if (!present) return false;
  return Object.entries(wanted).every(([place, locked]) => {
    if (!place.includes("node_modules/")) return true; // The package itself.
    const installed = present[place];
    // Optional packages are not installed if they do not fit the platform.
    if (!installed) return Boolean(locked.optional ?? locked.devOptional);
    return installed.version === locked.version && installed.integrity === locked.integrity;
  });
}

/** @param {string} file @returns {Record<string, LockedPackage> | undefined} */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
