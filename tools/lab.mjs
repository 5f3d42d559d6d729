import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/** `npm run lab`: sets up, then starts the simulated hosts on their own. */

const root = fileURLToPath(new URL("..", import.meta.url));
await setUp({ log: (line) => console.error(line) });
const child = spawn(process.execPath, ["--import=tsx", "test/lab/main.ts"], { cwd: root, stdio: "inherit" });
child.once("close", (code) => (process.exitCode = code ?? 1));
