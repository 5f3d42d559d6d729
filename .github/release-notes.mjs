/* eslint no-console: "off" -- a program for the terminal */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * `node .github/release-notes.mjs v1.2.3` prints the section of that version in CHANGELOG.md. It fails if the tag is not the version in
 * package.json, or if the changelog has no dated section for it.
 */

const root = new URL("..", import.meta.url);

/**
 * @param {string} tag @param {string} version that of package.json @param {string} changelog
 * @returns {string}
 */
export function releaseNotes(tag, version, changelog) {
  if (tag !== `v${version}`) throw new Error(`The tag is "${tag}", but package.json has version ${version}`);
  const lines = changelog.split(/\r?\n/u);
  const heading = new RegExp(String.raw`^## \[?${version.replaceAll(".", String.raw`\.`)}\]?(?: .*)?$`, "u");
  const start = lines.findIndex((line) => heading.test(line));
  if (start === -1) throw new Error(`CHANGELOG.md has no section "## ${version} - YYYY-MM-DD"`);
  if (!/ - \d{4}-\d{2}-\d{2}$/u.test(lines[start] ?? "")) {
    throw new Error(
      `The section "${lines[start]}" in CHANGELOG.md has no date: "## ${version} - YYYY-MM-DD"`,
    );
  }
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  const notes = (end === -1 ? rest : rest.slice(0, end)).join("\n").trim();
  if (notes === "") throw new Error(`The section of ${version} in CHANGELOG.md is empty`);
  return `${notes}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    const changelog = readFileSync(new URL("CHANGELOG.md", root), "utf8");
    process.stdout.write(releaseNotes(process.argv[2] ?? "", version, changelog));
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
