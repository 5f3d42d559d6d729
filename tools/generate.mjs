import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** `npm run generate`: writes the files that are made from others. They are committed, and a test fails when one is stale. */
const main = fileURLToPath(new URL("generate/main.ts", import.meta.url));
process.exitCode = spawnSync(process.execPath, ["--import=tsx", main], { stdio: "inherit" }).status ?? 1;
