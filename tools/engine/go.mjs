import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../command.mjs";
import { findOnPath } from "../on-path.mjs";
import { isRecentEnough, parseVersion } from "./choice.mjs";

/** @typedef {(module: string, args: readonly string[], onTick?: (elapsedMs: number) => void) => Promise<string>} Go */

/**
 * Returns a function that runs the machine's Go in a module's folder, after checking that this Go can build the module.
 *
 * @param {string} module Folder of the go.mod that requires the newest Go
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Go>}
 * @throws {Error} naming the Go version that is needed
 */
export async function findGo(module, env) {
  const need = goVersionOf(module);
  const file = findOnPath("go", env);
  if (!file) throw new Error(`no "go" on PATH; Go ${need} or later would do`);

  // Outside any module, so that an old Go reports its own version and does not fetch the one that the module requires.
  const own = await run(file, ["env", "GOVERSION"], { cwd: tmpdir(), env: { ...env, GOTOOLCHAIN: "local" } });
  const have = parseVersion(own) ?? "0";
  if (isRecentEnough(have, need)) {
    return (folder, args, onTick) =>
      run(file, args, { cwd: folder, env: buildEnvironment(env, "local"), onTick });
  }

  const toolchain = env.GOTOOLCHAIN ?? "auto";
  const goEnv = buildEnvironment(env, toolchain);
  try {
    // Go 1.21 and later fetch the version that the module requires, if allowed and online.
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

/** The Go version that a module requires. @param {string} module */
export function goVersionOf(module) {
  return matchIn(module, /^go (\S+)$/m);
}

/** The version of a dependency pinned in the go.mod, without the v. @param {string} module @param {string} path */
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
    // We build for this machine.
    GOOS: undefined,
    GOARCH: undefined,
    GOTOOLCHAIN: toolchain,
    GO111MODULE: "on",
    GOWORK: "off", // A workspace in a parent folder would not include our modules.
    CGO_ENABLED: "0", // Avoids the need for a C compiler.
  };
}
