import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { lockFile } from "../../provider/files/lock-file";
import { until } from "../lab/until";

async function inFolder(work: (folder: string, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "lock-file-"));
  try {
    await work(folder, join(folder, "journal"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The ID of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? assert.fail("it did not start");
}

describe("a locked file", () => {
  it("is refused while it is locked, and given after that", () =>
    inFolder(async (folder, path) => {
      const unlock = await lockFile(path);
      await assert.rejects(lockFile(path), /Cannot use the journal ".*": process \d+ uses it$/u);
      await unlock();
      await (
        await lockFile(path)
      )();
      assert.deepEqual(readdirSync(folder), []);
    }));

  it("is taken over from a process that is gone, with the draft that it left", () =>
    inFolder(async (folder, path) => {
      const pid = await endedPid();
      writeFileSync(`${path}.lock`, JSON.stringify({ pid, started: "1" }));
      writeFileSync(`${path}.lock.${pid}.0123456789ab.tmp`, "");
      const unlock = await lockFile(path);
      assert.deepEqual(readdirSync(folder), ["journal.lock"]);
      await unlock();
      assert.deepEqual(readdirSync(folder), []);
    }));

  it("is not taken from a process on another machine, which cannot be seen from here", () =>
    inFolder(async (folder, path) => {
      const text = JSON.stringify({ pid: await endedPid(), started: "1", machine: "runner-1.example" });
      writeFileSync(`${path}.lock`, text);
      await assert.rejects(
        lockFile(path),
        /process \d+ on runner-1\.example uses it, or was killed there: .*lock"$/u,
      );
      assert.deepEqual(readdirSync(folder), ["journal.lock"]);
    }));

  it("is not taken if its lock cannot be read", () =>
    inFolder(async (_folder, path) => {
      mkdirSync(`${path}.lock`);
      await assert.rejects(lockFile(path), /cannot read its lock ".*": it is a folder$/u);
    }));

  it("stays locked by the process that has locked it since somebody removed our lock", () =>
    inFolder(async (_folder, path) => {
      const unlock = await lockFile(path);
      writeFileSync(`${path}.lock`, "theirs");
      await unlock();
      assert.equal(readFileSync(`${path}.lock`, "utf8"), "theirs");
    }));

  it("is locked after a process was killed while it took the lock over", () =>
    inFolder(async (folder, path) => {
      const text = JSON.stringify({ pid: await endedPid(), started: "1" });
      for (const lock of [`${path}.lock`, `${path}.lock.lock`]) writeFileSync(lock, text);
      const unlock = await lockFile(path);
      assert.deepEqual(readdirSync(folder), ["journal.lock"]);
      await unlock();
    }));

  it("keeps the drafts of processes that live, and other files", () =>
    inFolder(async (folder, path) => {
      const others = [`journal.lock.${process.pid}.0123456789ab.tmp`, "journal.lock.tmp", "journal.old"];
      for (const name of others) writeFileSync(join(folder, name), "");
      await (
        await lockFile(path)
      )();
      assert.deepEqual(readdirSync(folder).sort(), [...others].sort());
    }));

  const skip = process.platform === "linux" ? false : "needs /proc";
  it("is taken over from a process that has ended and that nobody has collected", { skip }, () =>
    inFolder(async (_folder, path) => {
      // The shell becomes a program that never collects its child.
      const parent = spawn("/bin/sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      try {
        const [line] = (await once(parent.stdout, "data")) as [Buffer];
        const pid = Number(line.toString());
        writeFileSync(`${path}.lock`, JSON.stringify({ pid, started: null }));
        const unlock = await until("the lock is taken over", () => lockFile(path).catch(() => undefined));
        await unlock();
      } finally {
        parent.kill("SIGKILL");
      }
    }),
  );
});
