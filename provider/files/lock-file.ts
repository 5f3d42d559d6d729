import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
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
      await removeLeftDrafts(lock);
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
  const draft = `${path}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await link(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the drafts of processes that were killed before they could. Best effort. */
async function removeLeftDrafts(lock: string): Promise<void> {
  const folder = dirname(lock);
  const start = `${basename(lock)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = name.startsWith(start)
      ? /^(\d+)\.[0-9a-f]{12}\.tmp$/u.exec(name.slice(start.length))?.[1]
      : undefined;
    if (pid === undefined || isAlive({ pid: Number(pid), started: null })) continue;
    await rm(join(folder, name), { force: true }).catch(() => undefined);
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
  if (now === "ended") return false;
  return started === null || now === null || started === now;
}

/**
 * Linux: the 22nd field of /proc/PID/stat, in ticks since the boot; the second field may hold blanks and parentheses. `ended`: the process has
 * ended, and nobody has collected it, as in a container without an init.
 */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return /^[ZX]$/u.test(fields[0] ?? "") ? "ended" : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function failed(path: string, reason: string): LogoffError {
  return new LogoffError("journal-failed", `Cannot use the journal "${printable(path, 500)}": ${reason}`);
}
