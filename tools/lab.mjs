import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/** `npm run lab [-- FOLDER]`: sets up, then starts the simulated hosts on their own. */

const root = fileURLToPath(new URL("..", import.meta.url));
// npm runs scripts in the folder of package.json, but a relative folder is meant from where npm was called.
const folders = process.argv.slice(2).map((name) => resolve(process.env.INIT_CWD ?? process.cwd(), name));
await setUp({ log: (line) => console.error(line) });
// The lab ends when the channel closes, so it also ends if this process is killed.
const child = spawn(process.execPath, ["--import=tsx", "test/lab/main.ts", ...folders], {
  cwd: root,
  stdio: ["inherit", "inherit", "inherit", "ipc"],
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
  process.on(signal, () => child.kill(signal));
// The lab decides whether the end of a terminal ends it.
process.on("SIGHUP", () => {});
child.once("close", (code) => (process.exitCode = code ?? 1));
