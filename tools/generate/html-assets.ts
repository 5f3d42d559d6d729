import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The module with the style and the script of the HTML report, which the report's writer cannot read from disk. */
export function htmlAssets(folder: string): string {
  const literal = (name: string): string => JSON.stringify(readFileSync(join(folder, name), "utf8"));
  return `
    export const pageStyle = ${literal("style.css")};
    export const pageScript = ${literal("script.js")};
  `;
}
