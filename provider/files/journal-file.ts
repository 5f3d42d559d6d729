/** A file of JSON lines that survives a crash: each line is on the disk before its writer goes on. */
import { open, readFile, realpath, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { LogoffError } from "../base/errors";
import { printable } from "../base/text";
import { lockFile } from "./lock-file";
import { describeSystemError } from "./system-error";

/** An open journal. */
export interface JournalFile {
  /**
   * Resolves when the line, and every line before it, is on the disk.
   * @throws LogoffError `journal-failed`, then for every further line too
   */
  write(line: object): Promise<void>;
  /** Resolves when all lines are written, and unlocks the file. Never rejects. */
  close(): Promise<void>;
}

/**
 * Creates a journal that only its owner can read (mode 0600).
 * @throws LogoffError `journal-failed` if the file exists, cannot be written, or is used by another process
 */
export async function createJournalFile(path: string): Promise<JournalFile> {
  const unlock = await lockFile(path);
  try {
    const handle = await open(path, "wx", 0o600);
    await syncFolder(dirname(path));
    return appender(path, handle, unlock);
  } catch (thrown) {
    await unlock();
    const isThere = (thrown as NodeJS.ErrnoException).code === "EEXIST";
    throw failed(path, isThere ? "it exists already" : describeSystemError(thrown), thrown);
  }
}

/** A journal that is there. */
export interface OpenedJournalFile {
  readonly lines: readonly unknown[];
  /** The start of a last line that was not written whole. The first write cuts it off. */
  readonly torn: string;
  readonly file: JournalFile;
}

/**
 * Opens a journal to go on with it. Until the first write, the file stays as it is.
 * @throws LogoffError `journal-failed` if it cannot be read or written, holds a line that is no JSON, or is used by another process
 */
export async function openJournalFile(path: string): Promise<OpenedJournalFile> {
  // The lock is beside the file itself, whatever the name by which it is opened.
  const real = await realpath(path).catch((thrown: unknown) => {
    throw failed(path, describeSystemError(thrown), thrown);
  });
  const unlock = await lockFile(real);
  try {
    // A pipe or a device may never end.
    if (!(await stat(real)).isFile()) throw failed(path, "it is not a regular file", undefined);
    const bytes = await readFile(real);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    const lines = readLines(path, bytes.subarray(0, whole).toString("utf8"));
    const torn = bytes.subarray(whole).toString("utf8");
    const handle = await open(real, "r+");
    return { lines, torn, file: appender(path, handle, unlock, whole) };
  } catch (thrown) {
    await unlock();
    throw thrown instanceof LogoffError ? thrown : failed(path, describeSystemError(thrown), thrown);
  }
}

function readLines(path: string, text: string): readonly unknown[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line, index): unknown => {
      try {
        return JSON.parse(line);
      } catch (cause) {
        throw failed(path, `line ${index + 1} is not JSON`, cause);
      }
    });
}

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: LogoffError) => void;
}

/** Lines that arrive while others are written go to the disk together. */
function appender(path: string, handle: FileHandle, unlock: () => Promise<void>, size = 0): JournalFile {
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let failure: LogoffError | undefined;
  let end = size;
  let isCut = false;
  let closing: Promise<void> | undefined;
  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const now = waiting;
      waiting = [];
      try {
        if (failure !== undefined) throw failure;
        if (!isCut) await handle.truncate(end);
        isCut = true;
        const bytes = Buffer.from(now.map(({ text }) => text).join(""));
        await writeAll(handle, bytes, end);
        end += bytes.length;
        await handle.datasync();
        if ((await handle.stat()).nlink === 0) throw new Error("it was removed");
        for (const { resolve } of now) resolve();
      } catch (thrown) {
        failure ??= failed(path, describeSystemError(thrown), thrown);
        for (const { reject } of now) reject(failure);
      }
    }
    writing = undefined;
  };
  const close = async (): Promise<void> => {
    await writing;
    await handle.close().catch(() => undefined);
    await unlock();
  };
  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        waiting.push({ text: `${JSON.stringify(line)}\n`, resolve, reject });
        writing ??= flush();
      }),
    close: () => (closing ??= close()),
  };
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** A new name is only safe when its folder is on the disk too. Not every system can do that. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function failed(path: string, reason: string, cause: unknown): LogoffError {
  return new LogoffError("journal-failed", `Cannot use the journal "${printable(path, 500)}": ${reason}`, {
    cause,
  });
}
