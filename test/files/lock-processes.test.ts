import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

const lockFile = join(__dirname, "..", "..", "provider", "files", "lock-file.ts");

/**
 * Takes the lock again and again. `held` can only be created while nobody else holds it. A lock that a killed process leaves is written in
 * place of each that is released, so that all processes find it stale at once.
 */
const contender = `
const { mkdirSync, renameSync, rmdirSync, writeFileSync, appendFileSync } = require("node:fs");
const { setImmediate: soon } = require("node:timers/promises");
const { lockFile } = require(process.argv[1]);
const [path, rounds] = [process.argv[2], Number(process.argv[3])];
(async () => {
  for (let taken = 0; taken < rounds;) {
    const unlock = await lockFile(path).catch((error) => {
      if (!/uses it$/.test(error.message)) throw error;
    });
    if (unlock === undefined) { await soon(); continue; }
    mkdirSync(path + ".held");
    for (let turns = 0; turns < 5; turns += 1) await soon();
    rmdirSync(path + ".held");
    appendFileSync(path, ".");
    taken += 1;
    // As after a kill: the lock stays, of a process that is gone.
    const stale = path + "." + process.pid;
    writeFileSync(stale, JSON.stringify({ pid: 4194304 + taken, started: String(process.pid) }));
    renameSync(stale, path + ".lock");
  }
})();`;

describe("a stale lock", () => {
  it("is taken over by one of the processes that find it at once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lock-processes-"));
    const path = join(folder, "journal");
    try {
      writeFileSync(`${path}.lock`, JSON.stringify({ pid: 4194304, started: "1" }));
      const rounds = 60;
      const processes = Array.from({ length: 4 }, () =>
        spawn(process.execPath, ["--import=tsx", "-e", contender, lockFile, path, String(rounds)], {
          stdio: ["ignore", "ignore", "pipe"],
        }),
      );
      const ends = await Promise.all(
        processes.map(async (child) => {
          const errors: string[] = [];
          child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
          const [status] = (await once(child, "close")) as [number | null];
          return { status, errors: errors.join("") };
        }),
      );
      for (const { status, errors } of ends) assert.equal(status, 0, errors);
      assert.equal(readFileSync(path, "utf8").length, 4 * rounds);
      assert.deepEqual(readdirSync(folder).sort(), ["journal", "journal.lock"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
