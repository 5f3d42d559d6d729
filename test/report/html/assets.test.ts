import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

it("the style and the script of the HTML report are those of style.css and script.js", async () => {
  const { htmlAssets } = await import("../../../tools/generate/html-assets.mjs");
  const { path, text } = htmlAssets();
  assert.equal(readFileSync(path, "utf8"), text, "run: npm run generate");
});
