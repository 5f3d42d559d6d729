import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { isRecord } from "../base/records";
import { LogoffError } from "../base/errors";
import { printable } from "../base/text";
import { describeSystemError } from "./system-error";

/** The process that holds a lock. */
interface Holder {
  readonly pid: number;
  /** When it started, as the system counts; null: the system does not say. Another process with the same ID has another time. */
  readonly started: string | null;
}

/**
 * Locks a file against other processes with a file beside it, `FILE.lock`. A lock whose process is gone is taken over.
 * @returns unlocks; never rejects
 * @throws LogoffError `journal-failed` if another process holds the lock, or it cannot be written
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const us: Holder = { pid: process.pid, started: startOf(process.pid) };
  for (let tries = 1; ; tries += 1) {
    try {
      await writeNew(lock, JSON.stringify(us));
      return () => rm(lock, { force: true }).catch(() => undefined);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST" || tries > 2)
        throw failed(path, describeSystemError(thrown));
      const holder = await holderOf(lock);
      if (holder !== undefined && isAlive(holder)) throw failed(path, `process ${holder.pid} uses it`);
      await rm(lock, { force: true });
    }
  }
}

/** Creates a file with its whole text in one step, so that nobody finds half a lock. Fails if there is one. */
async function writeNew(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await link(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Undefined for a lock that was not written whole. */
async function holderOf(lock: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(lock, "utf8"));
    if (!isRecord(value)) return undefined;
    const { pid, started } = value;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return undefined;
    return { pid, started: typeof started === "string" ? started : null };
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM: it lives, and belongs to another user.
    if ((thrown as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Linux: the 22nd field of /proc/PID/stat, in ticks since the boot; the second field may hold blanks and parentheses. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function failed(path: string, reason: string): LogoffError {
  return new LogoffError("journal-failed", `Cannot use the journal "${printable(path, 500)}": ${reason}`);
}
