import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { after, describe } from "node:test";
import { sendStatesThroughJson, visitsOfOtherProcesses } from "./visit-of-another-process";

/** Every test that runs whole hosts. */
const files = [__dirname, join(__dirname, "host"), join(__dirname, "../scenario")].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts") && name !== basename(__filename))
    .map((name) => join(folder, name)),
);

sendStatesThroughJson();

describe("with the state of each host sent through JSON to another process between visits", () => {
  for (const file of files) {
    // Each file has its own hooks.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    describe(basename(file), () => void require(file));
  }

  after(() => assert.ok(visitsOfOtherProcesses() > 1000, `${visitsOfOtherProcesses()} visits`));
});
