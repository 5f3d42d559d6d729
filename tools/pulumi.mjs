// `npm run pulumi -- ARGS`: finds or makes a Pulumi engine, then runs it with these arguments.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, dirname, isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureEngine } from "./engine/ensure.mjs";
import { searchPath } from "./on-path.mjs";
import { setUp } from "./setup.mjs";

const checkout = fileURLToPath(new URL("..", import.meta.url));

/** @param {string} line */
const log = (line) => console.error(line);

try {
  await setUp({ log });
  const { path } = await ensureEngine({ log });
  await runEngine(path, process.argv.slice(2));
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 1;
}

/** @param {string} engine @param {readonly string[]} args */
function runEngine(engine, args) {
  const child = spawn(engine, args, { cwd: startFolder(), env: environment(engine), stdio: "inherit" });
  // A terminal also sends Ctrl-C to the engine, which shuts down in order and counts how often it was pressed; we must only not
  // exit before it. The other signals reach only us.
  process.on("SIGINT", () => {});
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"]))
    process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => {
      process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
      done(undefined);
    });
  });
}

/** npm runs scripts in the folder of package.json, but a call from an example's folder is meant for that example. */
function startFolder() {
  const caller = process.env.INIT_CWD;
  if (!caller) return process.cwd();
  const inside = relative(checkout, caller);
  return inside.startsWith("..") || isAbsolute(inside) ? process.cwd() : caller;
}

/** @param {string} engine */
function environment(engine) {
  return { ...process.env, PATH: [dirname(engine), searchPath(process.env)].join(delimiter) };
}
