/** Writes the key of a new host to known_hosts, for `accept-new`. */
import { constants } from "node:fs";
import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../async";
import { decodeText, textEncoding, type TextEncoding } from "../decode-text";

/** A lock that is older was left behind by a process that died. */
const staleLockMs = 10_000;
const lockPauseMs = 20;

/**
 * Runs `work` while no other process of ours holds the file: `FILE.lock` exists meanwhile. ssh itself takes no lock; it only
 * ever appends, as we do, so neither can lose what the other wrote.
 * @throws Error when the lock cannot be made, LogoffError when the signal fires
 */
export async function withKnownHostsLock<T>(
  path: string,
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      await (await open(lock, "wx", 0o600)).close();
      break;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
      const age = await stat(lock).then(
        ({ mtimeMs }) => clock.date().getTime() - mtimeMs,
        () => 0,
      );
      if (age > staleLockMs) await rm(lock, { force: true });
      else await clock.sleep(lockPauseMs, signal);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/**
 * Adds one line with one write in the file's encoding, after a line break if the last line has none. Creates the file, readable by its owner only.
 * Must be called with the lock held.
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
