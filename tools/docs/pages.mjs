import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const list = "docs/README.md";

/** Pages of the Pulumi registry, which have its own syntax and stand where it looks for them. */
const registryPages = ["_index.md", "installation-configuration.md"];

/** The pages of docs/, in the order in which docs/README.md links to them. A page that it does not link to is an error. */
export function pagesInOrder() {
  const linked = readFileSync(join(root, list), "utf8").matchAll(/\]\(([\w-]+\.md)(?:#[^)]*)?\)/gu);
  const pages = [...new Set([list, ...[...linked].map(([, name]) => `docs/${name}`)])];
  const forgotten = readdirSync(join(root, "docs"))
    .filter(
      (name) => name.endsWith(".md") && !registryPages.includes(name) && !pages.includes(`docs/${name}`),
    )
    .map((name) => `docs/${name}`);
  if (forgotten.length > 0) throw new Error(`${list} does not link to ${forgotten.join(", ")}`);
  return pages;
}

/** The pages about the project that exist. */
export function projectPages() {
  return [
    "CHANGELOG.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CODE_OF_CONDUCT.md",
    "ARCHITECTURE.md",
    "bench/RESULTS.md",
  ].filter((file) => existsSync(join(root, file)));
}

/** The title of a page: its first heading. @param {string} text @param {string} file */
export function titleOf(text, file) {
  const title = /^# (.+)$/mu.exec(text)?.[1];
  if (!title) throw new Error(`${file} has no title: a line that starts with "# "`);
  return title.replaceAll("`", "").trim();
}
