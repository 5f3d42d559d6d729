/** The code blocks of the documents. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const checkout = resolve(__dirname, "..", "..");

/** A Markdown document of this repository. */
export interface Page {
  /** Relative to the checkout, such as `docs/draining.md`. */
  readonly file: string;
  readonly text: string;
}

/** A fenced code block. */
export interface Block {
  readonly file: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** The first word after the fence; empty if there is none. */
  readonly language: string;
  /** The code, without the indentation of the fence. */
  readonly code: string;
  /** Why the test must not run it. */
  readonly notRun?: string;
}

/** What is wrong, and where. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Languages whose blocks are run. */
export const runLanguages = ["console", "sh", "ts", "yaml"] as const;
export type RunLanguage = (typeof runLanguages)[number];

/** Languages whose blocks are only read. */
export const readLanguages = [
  "json",
  "text",
  "powershell",
  "ini",
  "js",
  "xml",
  "sudoers",
  "python",
  "go",
] as const;

export function isRun(block: Block, language: RunLanguage): boolean {
  return block.language === language && block.notRun === undefined;
}

/** The page of {@link readWalk}. */
export const walkPage = "docs/getting-started.md";

/** Pages of the Pulumi registry, which have its own syntax. */
const registryPages = ["_index.md", "installation-configuration.md"];

/** README.md and docs/*.md. */
export function readPages(): readonly Page[] {
  const docs = readdirSync(join(checkout, "docs")).filter(
    (name) => name.endsWith(".md") && !registryPages.includes(name),
  );
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)].map((file) => ({
    file,
    text: readFileSync(join(checkout, file), "utf8"),
  }));
}

/**
 * The blocks of the section (`## …`) of docs/getting-started.md that starts the lab. They follow each other at one home folder, so
 * getting-started.test.ts runs them together.
 */
export function readWalk(page: Page): readonly Block[] {
  const { blocks } = readBlocks(page);
  const start = blocks.find(({ code }) => /\bnpm run lab\b/u.test(code));
  if (start === undefined) return [];
  const heads = page.text.split("\n").flatMap((text, index) => (text.startsWith("## ") ? [index + 1] : []));
  const from = heads.findLast((line) => line < start.line) ?? 0;
  const to = heads.find((line) => line > start.line) ?? Infinity;
  return blocks.filter(({ line, language }) => line > from && line < to && language !== "ts");
}

/** The blocks of a page, and the comments about them that are not understood or belong to none. */
export function readBlocks({ file, text }: Page): {
  readonly blocks: readonly Block[];
  readonly problems: readonly Problem[];
} {
  const blocks: Block[] = [];
  const problems: Problem[] = [];
  const lines = text.split("\n");
  let remark: { readonly line: number; readonly reason: string } | undefined;
  const unused = (): void => {
    if (remark !== undefined)
      problems.push({ file, line: remark.line, message: "belongs to no block that would run" });
    remark = undefined;
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const [, indent, fence, info] = /^(\s*)(`{3,}|~{3,})\s*(.*)$/u.exec(line) ?? [];
    if (indent !== undefined && fence !== undefined && info !== undefined) {
      const end = lines.findIndex(
        (other, at) =>
          at > index && new RegExp(`^\\s*${fence[0] ?? ""}{${fence.length},}\\s*$`, "u").test(other),
      );
      if (end < 0) {
        problems.push({ file, line: index + 1, message: "has no end" });
        break;
      }
      const code = lines
        .slice(index + 1, end)
        .map((one) => one.replace(new RegExp(`^\\s{0,${indent.length}}`, "u"), ""));
      const [language = ""] = info.split(/\s/u);
      const runs = runLanguages.some((one) => one === language);
      if (!runs) unused();
      blocks.push({
        file,
        line: index + 2,
        language,
        code: code.map((one) => `${one}\n`).join(""),
        ...(remark === undefined ? {} : { notRun: remark.reason }),
      });
      remark = undefined;
      index = end;
      continue;
    }
    if (/<!--\s*not[ -]run/iu.test(line)) {
      unused();
      const reason = /^\s*<!-- not run: (\S.*) -->\s*$/u.exec(line)?.[1];
      if (reason === undefined)
        problems.push({
          file,
          line: index + 1,
          message: "must be <!-- not run: REASON -->, alone on its line",
        });
      else remark = { line: index + 1, reason };
    } else if (line.trim() !== "") unused();
  }
  unused();
  return { blocks, problems };
}
