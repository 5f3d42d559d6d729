import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { withLock } from "./lock.mjs";
import { npm } from "./npm.mjs";

/** The newest versions when this was written, pinned so that everybody uses the same ones and as cache keys. */
const versions = /** @type {Readonly<Record<number, string>>} */ ({ 22: "22.23.3", 24: "24.9.0" });

/** @type {typeof import("./node-versions.mjs").ensureNode} */
export async function ensureNode(major, { env = process.env, log = () => {} } = {}) {
  const version = versions[major];
  if (!version) throw new Error(`No version of Node ${major} is pinned in tools/node-versions.mjs`);
  // The package `node` only selects one of these, with a script that npm may be configured not to run.
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const target = join(cacheFolder(env), "node", `${name}-${version}`);
  const executable = join(
    target,
    "node_modules",
    name,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (existsSync(executable)) return executable;
  return withLock(`${target}.lock`, { log, what: `it fetches Node ${version}` }, async () => {
    if (existsSync(executable)) return executable;
    mkdirSync(dirname(target), { recursive: true });
    const aside = mkdtempSync(`${target}.making-`);
    try {
      await npm(
        ["install", "--prefix", aside, "--no-audit", "--no-fund", "--no-save", `${name}@${version}`],
        {
          env,
          timeoutMs: 300_000,
        },
      );
      renameSync(aside, target);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
    return executable;
  });
}
