// Makes dist/command, the command: a script with all of our own code, and the executable that starts it.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, writeStarter } from "./bundle.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** @type {typeof import("./command.mjs").bundleCommand} */
export async function bundleCommand(folder = join(root, "dist", "command")) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The dependencies stay outside: bundled they load no faster, and ssh2 would not find its native part.
  const external = ["ssh2", "iconv-lite"];
  await bundle({ command: join(root, "provider", "cli", "main.ts") }, folder, external);
  const starter = join(folder, "session-logoff.js");
  await writeStarter(starter, "command.js", "#!/usr/bin/env node");
  chmodSync(starter, 0o755);
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await bundleCommand());
