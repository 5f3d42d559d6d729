import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** @typedef {import("./notices.mjs").Bundled} Bundled */

/** The files that a license asks to be passed on. */
const licenseFile = /^(?:license|licence|notice|copying|copyright)/iu;

/** @type {typeof import("./notices.mjs").bundledPackages} */
export function bundledPackages(metafile, root) {
  const folders = Object.keys(metafile.inputs).flatMap(
    // The last of nested packages is the one that the file belongs to.
    (file) => /^.*[\\/]?node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/u.exec(file)?.[0] ?? [],
  );
  return [...new Set(folders)]
    .map((folder) => readPackage(resolve(root, folder)))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** @param {string} folder @returns {Bundled} */
function readPackage(folder) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder)
    .filter((file) => licenseFile.test(file))
    .sort();
  return {
    name,
    version,
    // Older packages have a list of objects.
    license: license ?? licenses?.map((/** @type {{ type: string }} */ { type }) => type).join(" or ") ?? "",
    texts: Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")])),
  };
}

/** @type {typeof import("./notices.mjs").noticesOf} */
export function noticesOf(packages) {
  const list = packages.map(({ name, version, license }) => `- ${name} ${version} (${license})`);
  const texts = packages.flatMap(({ name, version, texts: files }) => {
    if (Object.keys(files).length === 0) throw new Error(`${name} ${version} has no license file to pass on`);
    return Object.entries(files).map(([file, text]) =>
      [`${"=".repeat(80)}`, `${name} ${version}: ${file}`, "", text.replaceAll("\r\n", "\n").trim()].join(
        "\n",
      ),
    );
  });
  const head = "This program contains work of others, which they license as follows.";
  return `${[[head, ...list].join("\n"), ...texts].join("\n\n")}\n`;
}
