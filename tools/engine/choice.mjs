import { run } from "../command.mjs";

/** The oldest `pulumi` on PATH that we accept. Older ones are untested with the Node SDK that this package is developed with. */
export const oldestVersion = "3.200.0";

/**
 * The version that an executable reports, without the leading v.
 *
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @throws {import("../command.mjs").CommandFailed} if it does not run or does not answer
 */
export async function engineVersion(file, env) {
  // Only 30 s: npm's `pulumi` is a script that first fetches the real one, which is our own next step.
  const text = await run(file, ["version"], {
    env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "1" },
    timeoutMs: 30_000,
  });
  const version = parseVersion(text);
  if (!version) throw new Error(`"${file} version" printed "${text.trim()}", which is no version`);
  return version;
}

/** `v3.259.0-beta.1` → `3.259.0`, `go1.26.8` → `1.26.8`. @param {string} text */
export function parseVersion(text) {
  return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0];
}

/** Whether `version` is `oldest` or newer. @param {string} version @param {string} oldest */
export function isRecentEnough(version, oldest) {
  const [have, need] = [version, oldest].map((text) => text.split(".").map(Number));
  for (const place of [0, 1, 2]) {
    const difference = (have?.[place] ?? 0) - (need?.[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
