import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock } from "../../../provider/base/clock";
import { withKnownHostsLock } from "../../../provider/ssh/host-keys/known-hosts-append";
import { never } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "known-hosts-lock-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => join(folder, `known_hosts-${(files += 1)}`);

function leaveLock(lock: string, ageMs: number): void {
  writeFileSync(lock, "left behind");
  utimesSync(lock, new Date(), new Date(Date.now() - ageMs));
}

function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  return withKnownHostsLock(path, systemClock, never, work);
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the lock of a known_hosts file", () => {
  for (const [what, ageMs] of [
    ["old", 60_000],
    ["dated in the future", -3_600_000],
  ] as const)
    it(`is taken over when it is ${what}`, async () => {
      const path = fresh();
      leaveLock(`${path}.lock`, ageMs);
      assert.equal(await locked(path, () => Promise.resolve("done")), "done");
      assert.ok(!existsSync(`${path}.lock`));
    });

  it("admits one process at a time if many find it stale concurrently", async () => {
    for (let round = 0; round < 60; round += 1) {
      const path = fresh();
      leaveLock(`${path}.lock`, 60_000);
      let inside = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        inside += 1;
        most = Math.max(most, inside);
        for (let turn = 0; turn < 5; turn += 1) await pause();
        inside -= 1;
      };
      await Promise.all(Array.from({ length: 6 }, () => locked(path, work)));
      assert.equal(most, 1, `round ${round}`);
    }
  });

  it("is not removed if another process has taken it since", async () => {
    const path = fresh();
    const lock = `${path}.lock`;
    await locked(path, async () => {
      rmSync(lock);
      writeFileSync(lock, "another's");
      await pause();
    });
    assert.equal(readFileSync(lock, "utf8"), "another's");
  });

  it("is taken over even if a process died while taking it over", async () => {
    const path = fresh();
    leaveLock(`${path}.lock`, 60_000);
    leaveLock(`${path}.lock.stale`, 60_000);
    await locked(path, pause);
    assert.ok(!existsSync(`${path}.lock`));
    assert.ok(!existsSync(`${path}.lock.stale`));
  });
});
