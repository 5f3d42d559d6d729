// Makes the bundles of the command and of the plugin: one script with everything that starts, so that Node reads one file instead of two hundred.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What both bundles have in common. @satisfies {import("esbuild").BuildOptions} */
const common = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  // `require` instead: `import()` would start Node's loader of modules, and read each script twice.
  supported: { "dynamic-import": false },
  logLevel: "warning",
  legalComments: "none",
  metafile: true,
});

/** @type {typeof import("./bundle.mjs").bundle} */
export async function bundle(entryPoints, folder, external) {
  const { metafile } = await build({ ...common, entryPoints, outdir: folder, external, minify: true });
  return metafile;
}

/** @type {typeof import("./bundle.mjs").bundleCompiledAtOnce} */
export async function bundleCompiledAtOnce(source, file, external) {
  // A line for each wrapper begins and ends it, which `minifyWhitespace` would change.
  const options = { minifySyntax: true, minifyIdentifiers: true };
  const { metafile } = await build({ ...common, ...options, entryPoints: [source], outfile: file, external });
  writeFileSync(file, compiledAtOnce(readFileSync(file, "utf8")));
  return metafile;
}

/** @type {typeof import("./bundle.mjs").writeStarter} */
export async function writeStarter(file, script, firstLine = "") {
  await build({
    ...common,
    stdin: {
      contents: `import { keepCompiledCode } from "./provider/files/compiled-code"; keepCompiledCode(); require("./${script}");`,
      resolveDir: root,
    },
    external: [`./${script}`],
    outfile: file,
    minify: true,
    banner: { js: firstLine },
  });
}

/** @type {typeof import("./bundle.mjs").compiledAtOnce} */
export function compiledAtOnce(script) {
  let isOpen = false;
  let count = 0;
  const lines = script.split("\n").map((line) => {
    const [, start, parameters] = /^(var \S+ = \S+\()\(([^()]*)\) => \{$/u.exec(line) ?? [];
    if (start !== undefined) {
      isOpen = true;
      count += 1;
      return `${start}(function (${parameters}) {`;
    }
    if (!isOpen || line !== "});") return line;
    isOpen = false;
    return "}));";
  });
  if (count === 0 || isOpen) throw new Error("esbuild writes the wrapper of a module in another way");
  return lines.join("\n");
}
