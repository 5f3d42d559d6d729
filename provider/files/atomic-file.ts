/** Files that a run writes: to a temporary file that is then renamed, so that nobody reads half a file. */
import { randomBytes } from "node:crypto";
import { access, constants, lstat, readlink, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, parse, sep } from "node:path";
import { LogoffError } from "../base/errors";
import { printable } from "../base/text";

/**
 * Writes a file that only its owner may read (mode 0600), atomically. A symbolic link is followed, unless another user created it in a
 * folder such as /tmp.
 * @throws LogoffError `command-failed` naming the path
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  let beside: string | undefined;
  try {
    const place = await placeOf(path);
    beside = `${place}.${randomBytes(6).toString("hex")}.tmp`;
    await writeFile(beside, text, { mode: 0o600, flag: "wx" });
    await rename(beside, place);
  } catch (cause) {
    if (beside !== undefined) await rm(beside, { force: true }).catch(() => undefined);
    throw cannotWrite(path, cause);
  }
}

/**
 * Checks before a run that a file can be written at `path`.
 * @throws LogoffError `command-failed`
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(await placeOf(path)), constants.W_OK);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/**
 * The target of the rename, behind all symbolic links. An existing file must be a regular file, because a pipe or a device such as
 * /dev/null would be replaced.
 */
async function placeOf(path: string): Promise<string> {
  const there = await stat(path).catch(unlessAbsent);
  if (there !== undefined && !there.isFile())
    throw new Error(there.isDirectory() ? "it is a folder" : "it is no regular file");
  return behindLinks(path);
}

/** The number of links in one path that Linux follows. */
const mostLinks = 40;

/**
 * Follows every symbolic link of a path, one name after another, as the system does, with one exception: in a sticky folder such
 * as /tmp anybody can create a link, so a link of another user except root is not followed (Linux has a setting for this,
 * fs.protected_symlinks, which may be off and does not exist elsewhere).
 */
async function behindLinks(path: string): Promise<string> {
  const absolute = isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
  let place = parse(absolute).root;
  let names = namesOf(absolute);
  for (let links = 0; names.length > 0;) {
    const [name = "", ...rest] = names;
    const here = name === ".." ? dirname(place) : join(place, name);
    const found = await lstat(here).catch(unlessAbsent);
    if (found?.isSymbolicLink() !== true) {
      place = here;
      names = rest;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new Error("too many symbolic links");
    if (isTrap(found, await stat(place))) throw new Error(`"${here}" is a link that another user created`);
    const target = await readlink(here);
    if (isAbsolute(target)) place = parse(target).root;
    names = [...namesOf(target), ...rest];
  }
  return place;
}

function namesOf(path: string): readonly string[] {
  const names = path.slice(parse(path).root.length).split(sep === "/" ? "/" : /[\\/]/u);
  return names.filter((name) => name !== "" && name !== ".");
}

interface Owned {
  readonly uid: number;
  readonly mode: number;
}

/** Whether a link belongs to another user and is in a folder where anybody can create one; never on Windows, which has no such owners. */
function isTrap(link: Owned, folder: Owned): boolean {
  const isSticky = (folder.mode & 0o1000) !== 0 && (folder.mode & 0o022) !== 0;
  return isSticky && link.uid !== 0 && link.uid !== (process.geteuid?.() ?? link.uid);
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

function cannotWrite(path: string, cause: unknown): LogoffError {
  const detail = cause instanceof Error ? printable(cause.message) : "unknown reason";
  return new LogoffError("command-failed", `Cannot write "${printable(path)}": ${detail}`, { cause });
}
