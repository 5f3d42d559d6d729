import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { until } from "../lab/until.js";
import { startScript } from "./child.js";

function place(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [lock, journal] = [join(folder, "lock"), join(folder, "journal")];
  const hold = (holdMs: number) =>
    startScript(t, "hold-lock.mjs", [lock, journal, String(holdMs)], process.env);
  const entries = () => (existsSync(journal) ? readFileSync(journal, "utf8").trim().split("\n") : []);
  return { folder, lock, hold, entries };
}

/** An unused process ID: Linux and macOS assign none above 4,194,304. */
const nobody = 99_999_999;

describe("a lock", () => {
  test("admits one process at a time, even if all find the lock of a dead owner, and leaves nothing behind", async (t) => {
    const { folder, lock, hold, entries } = place(t);
    mkdirSync(lock);
    writeFileSync(join(lock, "dead"), JSON.stringify({ pid: nobody, host: hostname() }));
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map(() => hold(30).ended));
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0, 0, 0, 0, 0],
    );

    const lines = entries();
    assert.equal(lines.length, 12);
    for (let i = 0; i < lines.length; i += 2) {
      assert.equal(lines[i + 1], lines[i]?.replace("begins", "ends"), "no other came in between");
    }
    assert.deepEqual(readdirSync(folder), ["journal"]);
  });

  test("is free again after its owner is killed", async (t) => {
    const { hold, entries } = place(t);
    const killed = hold(60_000);
    await until("it holds the lock", () => entries().length === 1);
    killed.process.kill("SIGKILL");
    await killed.ended;
    assert.equal((await hold(0).ended).code, 0);
  });

  test("logs which process it waits for, and is not taken from an owner on another machine", async (t) => {
    const { lock, hold, entries } = place(t);
    mkdirSync(lock);
    writeFileSync(join(lock, "owner"), JSON.stringify({ pid: nobody, host: "elsewhere" }));
    const waiting = hold(0);
    await until("it says whom it waits for", () => waiting.complaints().includes("\n"));
    assert.deepEqual(entries(), []);
    rmSync(join(lock, "owner"));
    const { stderr } = await waiting.ended;
    assert.equal(stderr, `Waiting for process ${nobody} on elsewhere: it holds the lock\n`);
    assert.equal(entries().length, 2);
  });
});
