import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, hasDied, readOwner, removeOwner, rmdirIfEmpty } from "./lock-owner.mjs";

/** @typedef {import("./lock-owner.mjs").Owner} Owner */

const pollMs = 250;
const beatMs = 5_000;
/** An owner whose heartbeat does not change for this long is dead, even if its process ID exists: it may have been reused. */
const silentMs = 60_000;
const reminderMs = 15_000;

/**
 * Runs `work` while no other process runs work under the same lock, and returns its result.
 *
 * The lock is a folder with one file, named and written by its owner. Each step is atomic in the file system: the folder
 * appears complete, by a rename that fails while a folder with a file exists there; a process that takes over from a dead
 * owner removes that owner's file by its unique name, and so can never remove a live owner's lock.
 *
 * @template T
 * @param {string} folder Path of the lock; its parent is created
 * @param {{ log: (line: string) => void, what: string }} options `what` describes for the log what other processes wait for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, { log, what }, work) {
  const release = await acquire(folder, (owner) =>
    log(`Waiting for process ${owner.pid}${owner.host === hostname() ? "" : ` on ${owner.host}`}: ${what}`),
  );
  try {
    return await work();
  } finally {
    release();
  }
}

/** @param {string} folder @param {(owner: Owner) => void} onWait */
async function acquire(folder, onWait) {
  const started = performance.now();
  let remindAt = 1_000;
  /** @type {{ beat: number, name: string, since: number } | undefined} */
  let seen;
  for (;;) {
    const owner = readOwner(folder);
    const release = owner ? undefined : tryToTake(folder);
    if (release) return release;
    if (owner) {
      // We measure the silence with our monotonic clock, which stops while the computer, and so the owner, sleeps.
      const now = performance.now();
      if (seen?.name !== owner.name || seen.beat !== owner.beat) seen = { ...owner, since: now };
      if (hasDied(owner) || now - seen.since > silentMs) {
        removeOwner(folder, owner.name);
        continue;
      }
      if (now - started > remindAt) {
        onWait(owner);
        remindAt += reminderMs;
      }
    }
    await sleep(pollMs);
  }
}

/** @param {string} folder @returns {(() => void) | undefined} releases the lock; undefined if another process took it first */
function tryToTake(folder) {
  const name = randomUUID();
  const candidate = `${folder}.${name}`;
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(candidate);
  writeFileSync(join(candidate, name), JSON.stringify({ pid: process.pid, host: hostname() }));
  try {
    rmdirIfEmpty(folder); // Windows cannot rename onto an existing folder, not even an empty one.
    renameSync(candidate, folder);
  } catch (error) {
    rmSync(candidate, { recursive: true, force: true });
    if (readOwner(folder) || isTaken(error)) return undefined;
    throw error;
  }
  const beat = setInterval(() => {
    try {
      utimesSync(join(folder, name), new Date(), new Date());
    } catch {
      // A waiter that believed us dead took the lock.
    }
  }, beatMs).unref();
  const release = () => {
    clearInterval(beat);
    process.off("exit", release);
    removeOwner(folder, name);
  };
  process.on("exit", release);
  return release;
}

/** @param {unknown} error */
function isTaken(error) {
  return ["ENOTEMPTY", "EEXIST", "EPERM", "EBUSY"].includes(codeOf(error) ?? "");
}
