import { readFileSync, readdirSync, statSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { DocumentReflection, MinimalSourceFile, ReflectionKind, normalizePath } from "typedoc";
import { root, titleOf } from "./pages.mjs";

/** How a file is highlighted, by the end of its name. A file with another end, such as a picture, is copied as it is. */
const languages = new Map([
  [".ts", "ts"],
  [".mts", "ts"],
  [".js", "js"],
  [".mjs", "js"],
  [".json", "json"],
  [".yaml", "yaml"],
  [".yml", "yaml"],
  [".py", "python"],
  [".xml", "xml"],
  [".ps1", "powershell"],
  [".sh", "sh"],
  [".txt", "text"],
  ["", "text"],
]);

/**
 * @typedef {import("typedoc").Application} Application
 * @typedef {import("typedoc").ProjectReflection} Project
 * @typedef {import("typedoc").CommentDisplayPart} Part
 */

/**
 * Adds a Markdown file, with its first heading as its title.
 *
 * @param {Application} app @param {Project} project @param {string} file @param {string} group
 */
export function addPage(app, project, file, group) {
  const path = normalizePath(join(root, file));
  const text = readFileSync(path, "utf8");
  const { content } = app.converter.parseRawComment(new MinimalSourceFile(text, path), project.files);
  add(project, file, titleOf(text, file), content, group);
}

/**
 * Adds a page for each file and folder of the repository that a page links to, and for those in a folder, so that a link leads to
 * what it names without a server that shows source code.
 *
 * @param {Application} app @param {Project} project
 */
export function addLinkedFiles(app, project) {
  /** @type {Part[]} */
  const parts = [...(project.readme ?? [])];
  for (const document of project.documents ?? []) parts.push(...document.content);
  // Grows while it is read: a new page may link to more.
  for (const part of parts) {
    if (part.kind !== "relative-link" || part.target === undefined) continue;
    const path = project.files.resolve(part.target, project);
    if (typeof path !== "string") continue;
    const file = normalizePath(relative(root, path));
    if (file.startsWith("..")) throw new Error(`A page links to "${file}", which is outside of this folder`);
    const known = project.files.resolve(
      project.files.registerAbsolute(normalizePath(join(root, file))).target,
      project,
    );
    if (known instanceof DocumentReflection) {
      project.files.registerReflectionPath(normalizePath(path), known);
    } else if (statSync(path).isDirectory()) {
      // Its own link comes once more, because it may end with a slash.
      parts.push(...add(project, file, `${file}/`, listOf(project, join(root, file)), "Files"), part);
    } else if (file.endsWith(".md")) {
      addPage(app, project, file, "Project");
      parts.push(...(project.documents?.at(-1)?.content ?? []));
    } else {
      const language = languages.get(extname(file));
      if (!language) continue;
      const code = `\`\`\`\`\`${language}\n${readFileSync(path, "utf8")}\n\`\`\`\`\``;
      add(project, file, file, [heading(file), { kind: "code", text: code }], "Files");
    }
  }
}

/** @param {string} text @returns {Part} */
function heading(text) {
  return { kind: "text", text: `# ${text}\n\n` };
}

/** The content of the page of a folder: links to what is in it. @param {Project} project @param {string} folder @returns {Part[]} */
function listOf(project, folder) {
  const entries = readdirSync(folder)
    .filter((name) => !name.startsWith(".") && name !== "node_modules")
    .sort();
  return [
    heading(`${normalizePath(relative(root, folder))}/`),
    ...entries.flatMap((name) => {
      const { target } = project.files.registerAbsolute(normalizePath(join(folder, name)));
      /** @type {Part[]} */
      const item = [
        { kind: "text", text: `- [${name}](` },
        { kind: "relative-link", text: name, target, targetAnchor: undefined },
        { kind: "text", text: ")\n" },
      ];
      return item;
    }),
  ];
}

/** @param {Project} project @param {string} file @param {string} title @param {Part[]} content @param {string} group */
function add(project, file, title, content, group) {
  const document = new DocumentReflection(title, project, content, { group });
  project.addChild(document);
  project.registerReflection(document, undefined, normalizePath(join(root, file)));
  return content;
}

/** The file in the repository that a page was made from. @param {import("typedoc").RouterTarget} page */
export function fileOf(page) {
  if (!(page instanceof DocumentReflection) || !page.kindOf(ReflectionKind.Document)) return undefined;
  const path = page.project.files.getReflectionPath(page);
  return path && normalizePath(relative(root, path));
}
