import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/** `npm run pictures`: sets up, then draws the pictures in docs/images. */

const root = fileURLToPath(new URL("..", import.meta.url));
await setUp({ log: (line) => console.error(line) });
const child = spawn(process.execPath, ["--import=tsx", "tools/pictures/main.ts"], {
  cwd: root,
  stdio: "inherit",
});
child.once("close", (code) => (process.exitCode = code ?? 1));
