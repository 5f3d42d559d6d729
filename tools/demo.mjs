import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setUp } from "./setup.mjs";

/** `npm run demo`: sets up, then runs tools/demo/main.ts, which is TypeScript and needs what the set-up brings. */

const root = fileURLToPath(new URL("..", import.meta.url));
await setUp({ log: (line) => console.error(line) });
const child = spawn(process.execPath, ["--import=tsx", "tools/demo/main.ts"], {
  cwd: root,
  stdio: "inherit",
});
child.once("close", (code) => (process.exitCode = code ?? 1));
