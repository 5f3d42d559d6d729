import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheFolder } from "../cache-folder.mjs";
import { executableName, isExecutable } from "../on-path.mjs";
import { engineVersion } from "./choice.mjs";

/** @typedef {import("./ensure.mjs").EngineMaker} EngineMaker */

/** The folder for engines that this project fetched or built. @param {NodeJS.ProcessEnv} env */
export function engineFolder(env) {
  return join(cacheFolder(env), "engine");
}

/**
 * The executable that this maker made before, or undefined. It is always complete, because it was moved there by one rename.
 *
 * @param {EngineMaker} maker
 * @param {NodeJS.ProcessEnv} env
 */
export function keptEngine(maker, env) {
  const file = executableIn(join(engineFolder(env), maker.folder()));
  return isExecutable(file) ? file : undefined;
}

/**
 * Makes an engine, tests it, and only then moves it to where engines are kept. The caller must hold the lock.
 *
 * @param {EngineMaker} maker
 * @param {{ env: NodeJS.ProcessEnv, log: (line: string) => void }} options
 * @returns {Promise<string>} the executable
 */
export async function makeEngine(maker, { env, log }) {
  const target = join(engineFolder(env), maker.folder());
  mkdirSync(dirname(target), { recursive: true });
  removeLeftovers(target);
  const aside = mkdtempSync(`${target}${making}`);
  try {
    await maker.make(aside, { env, log });
    // A separate home, because an engine creates folders in it when first started.
    const home = join(aside, "first-start");
    await engineVersion(executableIn(aside), { ...env, PULUMI_HOME: home });
    rmSync(home, { recursive: true, force: true });
    rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return executableIn(target);
}

const making = ".making-";

/** Removes what killed makers left behind; under the lock, no other maker is running. @param {string} target */
function removeLeftovers(target) {
  for (const name of readdirSync(dirname(target))) {
    if (name.startsWith(`${basename(target)}${making}`)) {
      rmSync(join(dirname(target), name), { recursive: true, force: true });
    }
  }
}

/** @param {string} folder */
function executableIn(folder) {
  return join(folder, "bin", executableName("pulumi"));
}
