/** Writes the key of a new host to known_hosts, for `accept-new`. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../base/clock";
import { decodeText, textEncoding, type TextEncoding } from "../../base/decode-text";

/** An older lock was left behind by a process that died, and so was a lock dated in the future: the wait for it would never end. */
const staleLockMs = 10_000;
const lockPauseMs = 20;

/**
 * Runs `work` while holding `FILE.lock`, which excludes other processes of this program. ssh takes no lock, but only appends,
 * as we do, so neither can lose what the other wrote.
 * @throws Error if the lock cannot be created, LogoffError if the signal fires
 */
export async function withKnownHostsLock<T>(
  path: string,
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const lock = `${path}.lock`;
  const owner = randomUUID();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  while (!(await create(lock, owner))) {
    const isOver = (await isStale(lock, clock)) && (await removeStale(lock, owner, clock));
    if (!isOver) await clock.sleep(lockPauseMs, signal);
  }
  try {
    return await work();
  } finally {
    // If we were slow and taken for dead, the lock now belongs to another process.
    const holder = await readFile(lock, "utf8").catch(() => undefined);
    if (holder === owner) await rm(lock, { force: true });
  }
}

/** Creates a file. Returns false if it already exists. */
async function create(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: "wx", mode: 0o600 });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  }
}

async function isStale(path: string, clock: Clock): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Math.abs(clock.date().getTime() - mtimeMs) > staleLockMs,
    () => false,
  );
}

/**
 * Removes a stale lock while holding a second lock. Otherwise, of two waiters that both found it stale, the slower would remove the
 * new lock of the faster. Returns false if another process is removing it.
 */
async function removeStale(lock: string, owner: string, clock: Clock): Promise<boolean> {
  const removal = `${lock}.stale`;
  if (!(await create(removal, owner))) {
    // It exists only for an instant, but a process may die in that instant.
    if (await isStale(removal, clock)) await rm(removal, { force: true });
    return false;
  }
  try {
    if (await isStale(lock, clock)) await rm(lock, { force: true });
    return true;
  } finally {
    await rm(removal, { force: true });
  }
}

/**
 * Appends one line in one write and in the file's encoding, after a line break if the last line has none. Creates a missing file,
 * readable only by its owner. The caller must hold the lock.
 */
export async function appendKnownHost(path: string, line: string): Promise<void> {
  const before = await readFile(path).catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw thrown;
  });
  const start = before.length > 0 && !decodeText(before).endsWith("\n") ? "\n" : "";
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    await file.appendFile(encoded(`${start}${line}\n`, textEncoding(before)));
    await file.sync();
  } finally {
    await file.close();
  }
}

function encoded(text: string, encoding: TextEncoding): Buffer {
  if (encoding === "utf-8") return Buffer.from(text);
  const bytes = Buffer.from(text, "utf16le");
  return encoding === "utf-16le" ? bytes : bytes.swap16();
}
