import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/**
 * `npm run docs:api [-- OPTIONS]`: sets up, then TypeDoc writes the reference of the public API to dist-docs, as typedoc.json says.
 * The sources import this package by its name, so it must be built. A warning, such as a member without a comment, fails it.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
await setUp({ log: (line) => console.error(line) });
const child = spawn(process.execPath, ["node_modules/typedoc/bin/typedoc", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
child.once("close", (code) => (process.exitCode = code ?? 1));
