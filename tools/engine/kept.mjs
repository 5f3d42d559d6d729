import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheFolder } from "../cache-folder.mjs";
import { withLock } from "../lock.mjs";
import { executableName, isExecutable } from "../on-path.mjs";
import { engineVersion } from "./choice.mjs";

/** @typedef {import("./ensure.mjs").EngineMaker} EngineMaker */
/** @typedef {import("./ensure.mjs").MakeOptions} MakeOptions */

/**
 * What is made once and then kept in the user's cache.
 *
 * @typedef {object} Keepable
 * @property {string} folder The name of its folder, with every version that went into it
 * @property {string} file The executable, relative to the folder
 * @property {(folder: string, options: MakeOptions) => Promise<void>} make Fills the folder, which is empty and temporary
 * @property {(file: string, env: NodeJS.ProcessEnv, aside: string) => Promise<unknown>} check Fails if the executable does not work
 */

/** The folder for engines that this project fetched or built. @param {NodeJS.ProcessEnv} env */
export function engineFolder(env) {
  return join(cacheFolder(env), "engine");
}

/**
 * The executable if it was made before, or undefined. It is always complete, because it was moved there by one rename.
 *
 * @param {Keepable} keepable
 * @param {NodeJS.ProcessEnv} env
 */
export function keptFile({ folder, file }, env) {
  const path = join(engineFolder(env), folder, file);
  return isExecutable(path) ? path : undefined;
}

/**
 * Makes it, tests it, and only then moves it to where it is kept. The caller must hold the lock.
 *
 * @param {Keepable} keepable
 * @param {MakeOptions} options
 * @returns {Promise<string>} the executable
 */
export async function makeAndKeep({ folder, file, make, check }, { env, log }) {
  const target = join(engineFolder(env), folder);
  mkdirSync(dirname(target), { recursive: true });
  removeLeftovers(target);
  const aside = mkdtempSync(`${target}${making}`);
  try {
    await make(aside, { env, log });
    await check(join(aside, file), env, aside);
    rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return join(target, file);
}

/** The executable, made now unless it is kept. @param {Keepable} keepable @param {MakeOptions} options */
export async function keptOrMade(keepable, { env, log }) {
  const kept = () => keptFile(keepable, env);
  // One lock for everything, so that two builds never share the machine.
  return (
    kept() ??
    withLock(join(engineFolder(env), "lock"), { log, what: `it makes ${keepable.folder}` }, () => {
      const madeMeanwhile = kept();
      return madeMeanwhile ? Promise.resolve(madeMeanwhile) : makeAndKeep(keepable, { env, log });
    })
  );
}

/** A part of a folder's name that changes with a text that goes into it. @param {string} text */
export function digestOf(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** The engine that this maker makes. @param {EngineMaker} maker @returns {Keepable} */
export function engineOf(maker) {
  return {
    folder: maker.folder(),
    file: join("bin", executableName("pulumi")),
    make: (folder, options) => maker.make(folder, options),
    check: async (file, env, aside) => {
      // A separate home, because an engine creates folders in it when first started.
      const home = join(aside, "first-start");
      await engineVersion(file, { ...env, PULUMI_HOME: home });
      rmSync(home, { recursive: true, force: true });
    },
  };
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
