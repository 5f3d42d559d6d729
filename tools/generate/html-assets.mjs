import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../provider/report/html/", import.meta.url));

/**
 * The module with the style and the script of the HTML report, which the report's writer cannot read from disk.
 * @returns {{ path: string, text: string }}
 */
export function htmlAssets() {
  const literal = (/** @type {string} */ name) => JSON.stringify(readFileSync(join(folder, name), "utf8"));
  const lines = [
    "// Made by `npm run generate` from style.css and script.js.",
    "",
    `export const pageStyle = ${literal("style.css")};`,
    `export const pageScript = ${literal("script.js")};`,
    "",
  ];
  return { path: join(folder, "assets.ts"), text: lines.join("\n") };
}
