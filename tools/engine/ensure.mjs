import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "../lock.mjs";
import { findOnPath, isExecutable } from "../on-path.mjs";
import { builtEngine } from "./built.mjs";
import { engineVersion, isRecentEnough, oldestVersion } from "./choice.mjs";
import { goVersionOf } from "./go.mjs";
import { engineFolder, engineOf, keptFile, makeAndKeep } from "./kept.mjs";
import { officialEngine } from "./official.mjs";

/** @typedef {import("./ensure.mjs").Engine} Engine */
/** @typedef {import("./ensure.mjs").EngineMaker} EngineMaker */

/** The variable that names the executable to use; it takes precedence over everything else. */
const variable = "PULUMI_SESSION_LOGOFF_ENGINE";

/** @type {typeof import("./ensure.mjs").ensureEngine} */
export async function ensureEngine({
  log = () => {},
  env = process.env,
  makers = [officialEngine, builtEngine],
} = {}) {
  const engine = (await namedByVariable(env)) ?? (await chooseOrMake(makers, env, log));
  log(`Using Pulumi ${engine.version}, ${engine.path}: ${engine.why}`);
  return engine;
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<Engine | undefined>} */
async function namedByVariable(env) {
  const value = env[variable];
  if (!value) return undefined;
  const path = resolve(value);
  if (!isExecutable(path)) {
    throw new Error(`Cannot use ${variable}="${value}": it must be the path of a pulumi executable`);
  }
  return { path, version: await engineVersion(path, env), source: "variable", why: `${variable} names it` };
}

/**
 * @param {readonly EngineMaker[]} makers
 * @param {NodeJS.ProcessEnv} env
 * @param {(line: string) => void} log
 * @returns {Promise<Engine>}
 */
async function chooseOrMake(makers, env, log) {
  const found = await onPath(env);
  if (typeof found !== "string") return found;
  const kept = () => firstKept(makers, env, found);

  const ready = kept();
  if (ready) return ready;
  return withLock(join(engineFolder(env), "lock"), { log, what: "it makes the Pulumi engine" }, async () => {
    const madeMeanwhile = kept();
    if (madeMeanwhile) return madeMeanwhile;

    const problems = [found];
    for (const maker of makers) {
      try {
        const path = await makeAndKeep(engineOf(maker), { env, log });
        return {
          path,
          version: maker.version(),
          source: maker.source,
          why: problems.map(oneLine).join("; "),
        };
      } catch (error) {
        const problem = `no ${maker.title()}: ${/** @type {Error} */ (error).message}`;
        problems.push(problem);
        log(capitalized(problem));
      }
    }
    throw new Error(advice(problems));
  });
}

/** The engine on PATH, or why there is none that we accept. @param {NodeJS.ProcessEnv} env @returns {Promise<Engine | string>} */
async function onPath(env) {
  const path = findOnPath("pulumi", env);
  if (!path) return `no "pulumi" on PATH`;
  try {
    const version = await engineVersion(path, env);
    if (isRecentEnough(version, oldestVersion))
      return { path, version, source: "path", why: "it is on PATH" };
    return `${path} on PATH is ${version}, older than ${oldestVersion}`;
  } catch (error) {
    return `${path} on PATH does not work: ${/** @type {Error} */ (error).message}`;
  }
}

/**
 * @param {readonly EngineMaker[]} makers
 * @param {NodeJS.ProcessEnv} env
 * @param {string} problem
 * @returns {Engine | undefined}
 */
function firstKept(makers, env, problem) {
  for (const maker of makers) {
    const path = keptFile(engineOf(maker), env);
    if (path)
      return {
        path,
        version: maker.version(),
        source: "cache",
        why: `${oneLine(problem)}; kept: ${maker.title()}`,
      };
  }
  return undefined;
}

/** @param {readonly string[]} problems */
function advice(problems) {
  const go = goVersionOf(fileURLToPath(new URL("cli", import.meta.url)));
  return [
    "Cannot find or make a Pulumi engine:",
    ...problems.map((problem) => `  - ${problem}`),
    "Do one of these and try again:",
    `  - install Pulumi ${oldestVersion} or later: https://www.pulumi.com/docs/install/`,
    `  - install Go ${go} or later, to build it: https://go.dev/dl/`,
    `  - set ${variable} to the path of a pulumi executable`,
  ].join("\n");
}

/** A problem with only the first line of the failed command's output. @param {string} problem */
function oneLine(problem) {
  const [what = "", output = ""] = problem.split("\n");
  return `${what} ${output.trim()}`.trim();
}

/** @param {string} text */
function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
