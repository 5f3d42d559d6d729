// Makes dist/plugin, the provider plugin: two scripts with everything in them, the one that starts them, the schema, the two files that start that, and whose work it is.
// The second script is loaded late, because reading all of it would double the time that the engine waits for the port.
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, bundleCompiledAtOnce, writeStarter } from "../bundle/bundle.mjs";
import { bundledPackages, noticesOf } from "./notices.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const name = "pulumi-resource-session-logoff";

/** The name that Windows starts, and the one that every other system does. */
const starters = {
  [`${name}.cmd`]: `@node "%~dp0plugin.js" %*\r\n`,
  [name]: `#!/usr/bin/env node\nrequire("./plugin.js");\n`,
};

/** @type {typeof import("./bundle.mjs").bundlePlugin} */
export async function bundlePlugin(folder = join(root, "dist", "plugin")) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const source = join(root, "provider", "pulumi", "plugin");
  // ssh2 does without its native parts where they are not installed; an empty stand-in would pass for them.
  // The gRPC library reads .proto files only for services that are not used here.
  const external = ["*.node", "cpu-features", "@grpc/proto-loader", "./late.js"];
  const early = await bundleCompiledAtOnce(join(source, "main.ts"), join(folder, "server.js"), external);
  const late = await bundle({ late: join(source, "late.ts") }, folder, external);
  await writeStarter(join(folder, "plugin.js"), "server.js");
  const inputs = { ...early.inputs, ...late.inputs };
  copyFileSync(join(root, "schema", "pulumi.json"), join(folder, "schema.json"));
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES"), noticesOf(bundledPackages({ inputs }, root)));
  // Otherwise a package.json in a folder above, such as the user's home, might say that the scripts are modules.
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
  for (const [file, text] of Object.entries(starters)) {
    writeFileSync(join(folder, file), text);
    chmodSync(join(folder, file), 0o755);
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await bundlePlugin());
