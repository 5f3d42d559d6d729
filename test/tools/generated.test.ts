import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { generatedFiles } from "../../tools/generate/files";

it("generated files are what npm run generate writes", async () => {
  const files = await generatedFiles();
  assert.ok(files.length > 5);
  for (const { path, text } of files)
    assert.equal(readFileSync(path, "utf8"), text, `${path} is stale: run npm run generate`);
});
