/* global fetch, AbortSignal */
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm } from "../npm.mjs";
import { run } from "../command.mjs";

const manifest = fileURLToPath(new URL("official", import.meta.url));

/** What Pulumi's npm package requests first. It has no time limit, so we request it before. */
const installScript = "https://get.pulumi.com/install.sh";
const connectMs = 20_000;
const overallMs = 5 * 60_000;

/**
 * The official engine, obtained through Pulumi's npm package `pulumi`, pinned in official/package.json.
 *
 * When first run, that package fetches the release into PULUMI_HOME.
 *
 * @type {import("./ensure.mjs").EngineMaker}
 */
export const officialEngine = {
  source: "official",
  version: officialVersion,
  title: () => `official Pulumi ${officialVersion()}`,
  folder: () => `official-${officialVersion()}-${process.platform}-${process.arch}`,
  async make(folder, { env, log }) {
    await checkReachable();
    log(`Fetching the official Pulumi ${officialVersion()}`);
    const until = Date.now() + overallMs;
    const [packages, home] = [join(folder, "npm"), join(folder, "home")];
    mkdirSync(packages);
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(join(manifest, file), join(packages, file));
    }
    await npm(
      ["ci", "--prefix", packages, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"],
      {
        cwd: packages,
        env,
        timeoutMs: overallMs,
      },
    );

    await run(process.execPath, [join(packages, "node_modules", "pulumi", "run.js"), "version"], {
      // PULUMI_VERSION would make the package fetch a version other than ours.
      env: { ...env, PULUMI_VERSION: undefined, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "1" },
      timeoutMs: Math.max(1_000, until - Date.now()),
      onTick: (elapsedMs) => log(`Still fetching Pulumi (${Math.round(elapsedMs / 1000)} s)`),
    });
    renameSync(join(home, "versions", officialVersion(), "bin"), join(folder, "bin"));
    for (const leftover of [packages, home]) rmSync(leftover, { recursive: true, force: true });
  },
};

async function checkReachable() {
  try {
    const answer = await fetch(installScript, { method: "HEAD", signal: AbortSignal.timeout(connectMs) });
    if (answer.ok) return;
    throw new Error(`HTTP status ${answer.status}`);
  } catch (error) {
    const { message, cause } = /** @type {Error & { cause?: Error }} */ (error);
    throw new Error(`Cannot reach ${new URL(installScript).host}: ${cause?.message ?? message}`, {
      cause: error,
    });
  }
}

/** @returns {string} */
function officialVersion() {
  return JSON.parse(readFileSync(join(manifest, "package.json"), "utf8")).dependencies.pulumi;
}
