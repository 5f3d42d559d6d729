import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./cache-folder.mjs";
import { withLock } from "./lock.mjs";
import { npm } from "./npm.mjs";
import { buildIsCurrent, removeOldOutputs } from "./setup/build.mjs";
import { dependenciesAreCurrent } from "./setup/dependencies.mjs";

const checkout = fileURLToPath(new URL("..", import.meta.url));

/** @type {typeof import("./setup.mjs").setUp} */
export async function setUp({ log = () => {}, root = checkout, env = process.env } = {}) {
  if (isSetUp(root)) return;
  // Not in node_modules, which `npm ci` removes first.
  const lock = join(
    cacheFolder(env),
    `setup-${createHash("sha256").update(realpathSync(root)).digest("hex").slice(0, 16)}`,
  );
  await withLock(lock, { log, what: `it sets up ${root}` }, async () => {
    if (!dependenciesAreCurrent(root)) {
      log("Installing the dependencies in package-lock.json (npm ci)");
      await npm(["ci", "--no-audit", "--no-fund"], { cwd: root, env, onTick: stillAt("installing", log) });
    }
    if (!buildIsCurrent(root)) {
      log("Building dist from provider (npm run build)");
      removeOldOutputs(root);
      try {
        await npm(["run", "build"], { cwd: root, env, onTick: stillAt("building", log) });
      } catch (error) {
        // The compiler may write output despite errors, and the next run must not mistake that for a good build.
        rmSync(join(root, "dist", "provider"), { recursive: true, force: true });
        throw error;
      }
    }
  });
}

/** @type {typeof import("./setup.mjs").isSetUp} */
export function isSetUp(root = checkout) {
  return dependenciesAreCurrent(root) && buildIsCurrent(root);
}

/** @param {string} what @param {(line: string) => void} log @returns {(elapsedMs: number) => void} */
function stillAt(what, log) {
  return (elapsedMs) => log(`Still ${what} (${Math.round(elapsedMs / 1000)} s)`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await setUp({ log: (line) => console.error(line) });
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
