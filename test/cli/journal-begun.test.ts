import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { withScene } from "./scene";

const one = [{ name: "rdsh01", sessions: [{ user: "alice" }] }];

describe("the journal of a run that was killed before it had written a line", () => {
  for (const [what, text] of [
    ["is empty", ""],
    ["holds a torn header", '{"journal":1,"star'],
  ] as const)
    it(`${what} and is begun by --resume`, () =>
      withScene(one, async ({ lab, run, hosts, path }) => {
        writeFileSync(path("journal"), text, { mode: 0o600 });
        const argv = ["--all", "--yes", ...hosts(), "--resume", path("journal")];
        const { status, stderr } = await run(argv);
        assert.equal(status, 0, stderr);
        assert.deepEqual(lab.host("rdsh01").model.people(), []);
        const lines = readFileSync(path("journal"), "utf8").split("\n").slice(0, -1);
        const [header, ...notes] = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
        assert.equal(header?.["journal"], 1);
        assert.equal(notes.at(-1)?.["note"], "done");
      }));
});
