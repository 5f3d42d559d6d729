import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../command.mjs";
import { findOnPath } from "../on-path.mjs";
import { isRecentEnough, parseVersion } from "./choice.mjs";

/** @typedef {(module: string, args: readonly string[], onTick?: (elapsedMs: number) => void) => Promise<string>} Go */

/**
 * A function that runs the machine's Go in the folder of a module, once it is clear that this Go can build that module.
 *
 * @param {string} module Folder of the go.mod that asks for the newest Go
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Go>}
 * @throws {Error} saying which Go is needed
 */
export async function findGo(module, env) {
  const need = goVersionOf(module);
  const file = findOnPath("go", env);
  if (!file) throw new Error(`no "go" on PATH; Go ${need} or later would do`);

  // Outside of any module, so that an old Go says its own version and does not fetch the one which the module asks for.
  const own = await run(file, ["env", "GOVERSION"], { cwd: tmpdir(), env: { ...env, GOTOOLCHAIN: "local" } });
  const have = parseVersion(own) ?? "0";
  if (isRecentEnough(have, need)) {
    return (folder, args, onTick) =>
      run(file, args, { cwd: folder, env: buildEnvironment(env, "local"), onTick });
  }

  const toolchain = env.GOTOOLCHAIN ?? "auto";
  const goEnv = buildEnvironment(env, toolchain);
  try {
    // Go from 1.21 on fetches the version that the module asks for, if it is allowed to and has a network.
    const switched = await run(file, ["env", "GOVERSION"], {
      cwd: module,
      env: goEnv,
      timeoutMs: 5 * 60_000,
    });
    const now = parseVersion(switched) ?? "0";
    if (!isRecentEnough(now, need)) throw new Error(`it stays at ${now}`);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Error(`Go ${have} (${file}) is older than ${need}, and fetching that one failed: ${message}`, {
      cause: error,
    });
  }
  return (folder, args, onTick) => run(file, args, { cwd: folder, env: goEnv, onTick });
}

/** The Go that a module asks for. @param {string} module */
export function goVersionOf(module) {
  return matchIn(module, /^go (\S+)$/m);
}

/** The version of a dependency, as pinned in the go.mod, without the v. @param {string} module @param {string} path */
export function pinnedVersion(module, path) {
  return matchIn(module, new RegExp(`^\\s*(?:require )?${path.replaceAll(".", "\\.")} v(\\S+)`, "m"));
}

/** @param {string} module @param {RegExp} pattern @returns {string} */
function matchIn(module, pattern) {
  const file = join(module, "go.mod");
  const found = pattern.exec(readFileSync(file, "utf8"))?.[1];
  if (!found) throw new Error(`Cannot read ${file}: nothing matches ${pattern}`);
  return found;
}

/** @param {NodeJS.ProcessEnv} env @param {string} toolchain */
function buildEnvironment(env, toolchain) {
  return {
    ...env,
    // We build for the machine that we run on.
    GOOS: undefined,
    GOARCH: undefined,
    GOTOOLCHAIN: toolchain,
    GO111MODULE: "on",
    GOWORK: "off", // A workspace in a folder above would not know our modules.
    CGO_ENABLED: "0", // Needs no C compiler.
  };
}
