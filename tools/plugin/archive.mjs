// `npm run package:plugin`: makes the archives that `pulumi plugin install --file` and a pluginDownloadURL take.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "tar";
import { bundlePlugin } from "./bundle.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where Node and Pulumi both run. */
const systems = ["darwin", "linux", "windows"].flatMap((os) =>
  ["amd64", "arm64"].map((arch) => `${os}-${arch}`),
);

/** The same bytes for the same content, whenever and wherever they are made. */
const noTime = new Date(0);

/** @type {typeof import("./archive.mjs").packagePlugin} */
export async function packagePlugin({ folder = join(root, "dist-plugin"), bundle } = {}) {
  const staging = mkdtempSync(join(tmpdir(), "session-logoff-archive-"));
  try {
    const from = bundle ?? (await bundlePlugin());
    for (const file of readdirSync(from)) copyFileSync(join(from, file), join(staging, file));
    copyFileSync(join(root, "LICENSE"), join(staging, "LICENSE"));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // The scripts run on every system: each archive has the same content.
    const content = await archiveOf(staging);
    const names = systems.map((system) => `pulumi-resource-session-logoff-v${version}-${system}.tar.gz`);
    const sum = createHash("sha256").update(content).digest("hex");
    for (const name of names) writeFileSync(join(folder, name), content);
    writeFileSync(join(folder, "SHA256SUMS"), names.map((name) => `${sum}  ${name}\n`).join(""));
    return names.map((name) => join(folder, name));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** @param {string} folder @returns {Promise<Buffer>} */
async function archiveOf(folder) {
  // `portable` leaves out the owner.
  const options = { cwd: folder, gzip: { level: 9 }, portable: true, mtime: noTime };
  const chunks = [];
  for await (const chunk of create(options, readdirSync(folder).sort())) chunks.push(chunk);
  return Buffer.concat(chunks);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const file of await packagePlugin()) console.log(file);
}
