import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { it } from "node:test";
import { errorCodes } from "../../provider/base/errors";
import { errorComments } from "../../tools/generate/error-comments";
import { generatedFiles } from "../../tools/generate/files";

it("generated files are what npm run generate writes", async () => {
  const files = await generatedFiles();
  assert.ok(files.length > 5);
  for (const { path, text } of files)
    assert.equal(readFileSync(path, "utf8"), text, `${path} is stale: run npm run generate`);
});

it("generated pages are short, and no cell of their tables is long", async () => {
  const pages = (await generatedFiles()).filter(({ path }) => path.endsWith(".md"));
  assert.deepEqual(
    pages.map(({ path }) => basename(path)),
    ["inputs.md", "undrain-inputs.md", "options.md", "troubleshooting.md"],
  );
  for (const { path, text } of pages) {
    const lines = text.split("\n");
    assert.ok(lines.length <= 300, `${path} has ${lines.length} lines`);
    for (const line of lines.filter((one) => one.startsWith("|")))
      for (const cell of line.split(/(?<!\\)\|/u))
        assert.ok(cell.trim().length <= 120, `a cell of ${path} is too long: ${cell.trim()}`);
  }
});

it("every error code has a comment in three parts", () => {
  const comments = errorComments(join(__dirname, "..", "..", "provider", "base", "error-codes.ts"));
  assert.deepEqual(
    comments.map(({ code }) => code),
    errorCodes,
  );
  for (const { code, ...parts } of comments)
    for (const part of Object.values(parts)) assert.match(part, /^[A-Z`].*\.$/u, code);
});

it("a comment without one of the parts is refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-generate-"));
  try {
    const path = join(folder, "errors.ts");
    for (const comment of [
      "",
      "/** It happened. */",
      "/**\n * It happened.\n *\n * - **Why:** So.\n */",
      "/**\n * It happened.\n *\n * - **What to do:** That.\n * - **Why:** So.\n */",
    ]) {
      writeFileSync(path, `export type ErrorCode =\n${comment}\n| "some-code" | "other-code";\n`);
      assert.throws(() => errorComments(path), /The comment of "some-code" must be/u, comment);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
