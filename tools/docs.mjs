import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/**
 * `npm run docs [-- OPTIONS]`: sets up, then TypeDoc writes one site of README, docs/ and the reference of the public API to dist-docs,
 * as typedoc.json and tools/docs/ say. The sources import this package by its name, so it must be built. A warning, such as a member
 * without a comment or a link that leads nowhere, fails it.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
await setUp({ log: (line) => console.error(line) });
const child = spawn(process.execPath, ["node_modules/typedoc/bin/typedoc", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
child.once("close", (code) => (process.exitCode = code ?? 1));
