import { writeFileSync } from "node:fs";
import { htmlAssets } from "./generate/html-assets.mjs";

/** `npm run generate`: writes the files that are made from others. They are committed, and a test fails when one is stale. */
for (const { path, text } of [htmlAssets()]) writeFileSync(path, text);
