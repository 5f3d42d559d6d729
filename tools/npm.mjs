import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "./command.mjs";

/**
 * Runs npm with these arguments.
 *
 * Runs npm's script with this Node if we can find it, because Node refuses to start Windows' `npm.cmd` without a shell. The npm
 * that runs us names its script in `npm_execpath`, and Node's installers put npm next to Node.
 *
 * @param {readonly string[]} args
 * @param {import("./command.mjs").CommandOptions & { env: NodeJS.ProcessEnv }} options
 */
export function npm(args, options) {
  const script = npmScript(options.env);
  // `npm run --silent` also silences nested npm calls, so a failure would have no reason.
  const spoken = { ...options, env: { ...options.env, npm_config_loglevel: "error" } };
  return script ? run(process.execPath, [script, ...args], spoken) : run("npm", args, spoken);
}

/** @param {NodeJS.ProcessEnv} env */
function npmScript(env) {
  const runsUs = env.npm_execpath;
  // pnpm and yarn also set it, to their own scripts.
  if (runsUs && basename(runsUs) === "npm-cli.js") return runsUs;
  const node = dirname(process.execPath);
  return [node, join(node, "..", "lib")]
    .map((folder) => join(folder, "node_modules", "npm", "bin", "npm-cli.js"))
    .find((script) => existsSync(script));
}
