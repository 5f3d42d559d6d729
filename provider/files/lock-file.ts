import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
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
  /** The name of its machine, which alone can tell whether it lives; null: not noted. */
  readonly machine: string | null;
}

/** A lock that is there. */
interface Lock {
  /** Tells it from every other lock, because it holds a random part. */
  readonly text: string;
  /** Undefined for a lock that was not written whole. */
  readonly holder: Holder | undefined;
}

/**
 * Locks a file against other processes with a file beside it, `FILE.lock`. A lock whose process is gone is taken over.
 * @returns unlocks; never rejects
 * @throws LogoffError `journal-failed` if another process holds the lock, or it cannot be written
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const unlock = await take(path, lock, 0);
  await removeLeftDrafts(lock);
  return unlock;
}

/** The most locks on locks: each beyond the first takes a process that was killed while it took one over. */
const deepest = 3;

/**
 * A stale lock is removed only under a lock of its own, `FILE.lock.lock`, and only if it is stale still: without that, a process that found
 * it stale a moment ago could remove the lock of the one that has taken it over since.
 */
async function take(path: string, lock: string, depth: number): Promise<() => Promise<void>> {
  const us: Holder = { pid: process.pid, started: startOf(process.pid), machine: hostname() };
  const text = JSON.stringify({ ...us, id: randomBytes(9).toString("base64url") });
  for (let tries = 1; tries <= 3; tries += 1) {
    try {
      await writeNew(lock, text);
      return () => release(lock, text);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw failed(path, whyNoLock(code) ?? describeSystemError(thrown));
    }
    const found = await readLock(path, lock);
    if (found === undefined) continue;
    refuseHeld(path, lock, found);
    if (depth === deepest) throw failed(path, `its lock was left behind: remove "${printable(lock, 500)}"`);
    const done = await take(path, `${lock}.lock`, depth + 1);
    try {
      if ((await readLock(path, lock))?.text === found.text) await rm(lock, { force: true });
    } finally {
      await done();
    }
  }
  throw failed(path, "another process uses it");
}

/** A lock that another process has taken over since somebody removed ours by hand is not ours to remove. */
async function release(lock: string, text: string): Promise<void> {
  const now = await readFile(lock, "utf8").catch(() => undefined);
  if (now === text) await rm(lock, { force: true }).catch(() => undefined);
}

function refuseHeld(path: string, lock: string, { holder }: Lock): void {
  if (holder === undefined) return;
  const { pid, machine } = holder;
  if (machine !== null && machine !== hostname())
    throw failed(
      path,
      `process ${pid} on ${printable(machine, 255)} uses it, or was killed there: if it is gone, remove "${printable(lock, 500)}"`,
    );
  if (isAlive(holder)) throw failed(path, `process ${pid} uses it`);
}

function whyNoLock(code: string | undefined): string | undefined {
  const isUnknown = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(code ?? "");
  return isUnknown
    ? "its file system cannot link files, which the lock needs: choose another folder"
    : undefined;
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
      ? /^(?:lock\.)*(\d+)\.[0-9a-f]{12}\.tmp$/u.exec(name.slice(start.length))?.[1]
      : undefined;
    if (pid === undefined || isAlive({ pid: Number(pid), started: null })) continue;
    await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}

/** Undefined: it is gone. */
async function readLock(path: string, lock: string): Promise<Lock | undefined> {
  try {
    const text = await readFile(lock, "utf8");
    return { text, holder: holderIn(text) };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw failed(path, `cannot read its lock "${printable(lock, 500)}": ${describeSystemError(thrown)}`);
  }
}

function holderIn(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    const { pid, started, machine } = value;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return undefined;
    return {
      pid,
      started: typeof started === "string" ? started : null,
      machine: typeof machine === "string" ? machine : null,
    };
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Pick<Holder, "pid" | "started">): boolean {
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
