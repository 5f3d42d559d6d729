import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const endings = [".js", ".d.ts", ".js.map", ".d.ts.map"];

/** The file of each bundle that is written last, so that it is as old as the bundle. */
const lastOfBundles = ["dist/plugin/pulumi-resource-session-logoff", "dist/command/session-logoff.js"];

/**
 * Whether dist/plugin and dist/command are the bundles of what there is now, and dist/provider contains exactly the outputs of the sources in provider/, none older than its
 * source or the compiler settings.
 *
 * Each source is compared with its own output, because a killed compiler leaves a mix of new and old outputs.
 *
 * @param {string} root
 */
export function buildIsCurrent(root) {
  const settings = Math.max(
    ...["tsconfig.json", "tsconfig.build.json"].map((name) => changedAt(join(root, name)) ?? 0),
  );
  const fresh = sources(root).every((name) => {
    const built = changedAt(join(root, "dist", `${name}.js`));
    const written = changedAt(join(root, `${name}.ts`)) ?? 0;
    return built !== undefined && built >= written && built >= settings;
  });
  return (
    fresh &&
    outputsWithoutSource(root).length === 0 &&
    lastOfBundles.every((name) => bundleIsCurrent(root, name))
  );
}

/** @param {string} root @param {string} lastFile */
function bundleIsCurrent(root, lastFile) {
  const bundledAt = changedAt(join(root, lastFile));
  if (bundledAt === undefined) return false;
  const tools = ["tools/bundle", "tools/plugin"].flatMap((folder) =>
    namesUnder(root, folder, ".mjs").map((name) => `${name}.mjs`),
  );
  return [...sources(root).map((name) => `${name}.ts`), ...tools, "schema/pulumi.json"].every(
    (name) => (changedAt(join(root, name)) ?? 0) <= bundledAt,
  );
}

/** Removes the outputs of deleted sources, which the compiler never does. @param {string} root */
export function removeOldOutputs(root) {
  for (const name of outputsWithoutSource(root)) {
    for (const ending of endings) rmSync(join(root, "dist", name + ending), { force: true });
  }
}

/** @param {string} root */
function outputsWithoutSource(root) {
  const known = new Set(sources(root));
  return namesUnder(join(root, "dist"), "provider", ".js").filter((name) => !known.has(name));
}

/** `provider/ssh/open-ssh` for each source. @param {string} root */
function sources(root) {
  return namesUnder(root, "provider", ".ts").filter((name) => !name.endsWith(".d"));
}

/** @param {string} root @param {string} folder @param {string} ending */
function namesUnder(root, folder, ending) {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name.slice(0, -ending.length)));
}

/** @param {string} file */
function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
