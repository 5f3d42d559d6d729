import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../pulumi/dynamic/built-package";
import {
  readBlocks,
  readLanguages,
  readPages,
  registryPages,
  runLanguages,
  type Page,
  type Problem,
} from "./blocks";
import { shown } from "./run-block";

const pages = readPages();
const index = "docs/README.md";

function linesOf({ text }: Page): number {
  return text.trimEnd().split("\n").length;
}

/** Blocks in no known language, and comments that say nothing. */
function blockProblems(page: Page): readonly Problem[] {
  const { blocks, problems } = readBlocks(page);
  const known: readonly string[] = [...runLanguages, ...readLanguages];
  const unknown = blocks
    .filter(({ language }) => !known.includes(language))
    .map(({ file, line, language }) => ({
      file,
      line,
      message: `"${language}" is not one of ${known.join(", ")}`,
    }));
  return [...problems, ...unknown];
}

describe("the documents", () => {
  for (const page of pages) {
    const most = page.file === "README.md" ? 150 : 300;
    it(`${page.file} has at most ${most} lines`, () => {
      assert.ok(linesOf(page) <= most, `${linesOf(page)} lines`);
    });

    it(`${page.file} begins with its title`, () => {
      // A generated page says first how it is made.
      assert.match(page.text, /^(?:<!-- [^\n]* -->\n\n)?# \S/u);
    });

    it(`${page.file} has code blocks in known languages, and says why one cannot run`, () => {
      assert.equal(shown(blockProblems(page)), "");
    });
  }

  it("are all listed in docs/README.md", () => {
    const list = pages.find(({ file }) => file === index)?.text ?? "";
    const missing = pages
      .map(({ file }) => file.replace(/^docs\//u, ""))
      .filter((name) => name !== "README.md" && !new RegExp(`\\]\\((?:\\./)?${name}\\)`, "u").test(list));
    assert.deepEqual(missing, []);
  });

  it("show lines of examples/rolling in docs/rolling.md, in their order", () => {
    const file = "docs/rolling.md";
    const page = pages.find((one) => one.file === file);
    const [program] = readBlocks(page ?? { file, text: "" }).blocks.filter(
      ({ language }) => language === "ts",
    );
    const [, batches = ""] = program?.code.split(/^(?=let previous)/mu) ?? [];
    assert.match(batches, /new HostUndrain/u);
    const example = readFileSync(join(checkout, "examples", "rolling", "index.ts"), "utf8").split("\n");
    let from = 0;
    for (const line of batches.trimEnd().split("\n")) {
      const at = example.indexOf(line, from);
      assert.ok(at >= 0, `the example lacks, at this place: ${line}`);
      from = at + 1;
    }
  });

  it("may not have a block in an unknown language or a comment without a reason", () => {
    const text =
      "# A page\n\n```bash\ntrue\n```\n\n<!-- not run -->\n\n```sh\nfalse\n```\n\n<!-- not run: x -->\n\ntext\n";
    assert.deepEqual(
      blockProblems({ file: "a.md", text }).map(({ line }) => line),
      [7, 13, 4],
    );
  });
});

describe("the pages for Pulumi's registry", () => {
  const textOf = (name: string): string => readFileSync(join(checkout, "docs", name), "utf8");
  const flat = (text: string): string => text.replaceAll(/\s+/gu, " ").trim();
  const schema = JSON.parse(readFileSync(join(checkout, "schema", "pulumi.json"), "utf8")) as {
    readonly displayName: string;
  };

  it("have the titles that the registry asks for", () => {
    const titles = registryPages.map(
      (name) => /^---\ntitle: (.+)\nmeta_desc: .+\nlayout: package\n---\n/u.exec(textOf(name))?.[1],
    );
    assert.deepEqual(titles, [schema.displayName, `${schema.displayName} Installation & Configuration`]);
  });

  it("repeat the programs of docs/languages.md, which are tested", () => {
    const shownThere = flat(textOf("_index.md"));
    const { blocks } = readBlocks({ file: "docs/languages.md", text: textOf("languages.md") });
    for (const language of ["yaml", "python", "ts", "go", "csharp", "java"]) {
      const first = blocks.find((block) => block.language === language);
      assert.ok(first, language);
      assert.ok(shownThere.includes(flat(first.code)), `${language}:\n${first.code}`);
    }
  });
});
