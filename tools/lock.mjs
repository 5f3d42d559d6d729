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
/** An owner whose sign of life we saw unchanged for so long is gone: its number may belong to another process by now. */
const silentMs = 60_000;
const reminderMs = 15_000;

/**
 * Does the work while no other process does work under the same lock, and gives what the work gives.
 *
 * The lock is a folder that holds one file, named and written by its owner. Each step is one that the file system decides:
 * the folder appears complete, by a rename that fails while another stands there with a file in it; who takes over from a
 * dead owner removes that owner's file by its unique name and can therefore never remove the lock of a living one.
 *
 * @template T
 * @param {string} folder Path of the lock; its parent is made
 * @param {{ log: (line: string) => void, what: string }} options `what` the others are waiting for, for their log
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
      // Our own clock measures the silence: it stands still while the computer sleeps, when owners are silent too.
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

/** @param {string} folder @returns {(() => void) | undefined} what releases the lock, unless another was quicker */
function tryToTake(folder) {
  const name = randomUUID();
  const candidate = `${folder}.${name}`;
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(candidate);
  writeFileSync(join(candidate, name), JSON.stringify({ pid: process.pid, host: hostname() }));
  try {
    rmdirIfEmpty(folder); // Windows renames nothing onto an existing folder, not even an empty one.
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
      // Taken from us, by a waiter that believed us dead.
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
