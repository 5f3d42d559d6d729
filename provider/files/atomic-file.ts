/** Writes files atomically: to a temporary file in the same folder, which is then renamed. */
import { randomBytes } from "node:crypto";
import { access, constants, lstat, readlink, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, parse, sep } from "node:path";
import { LogoffError } from "../base/errors";
import { printable } from "../base/text";
import { describeSystemError } from "./system-error";

/**
 * Writes a file that only its owner can read (mode 0600), atomically. A symbolic link is kept and its target is written, unless
 * another user created the link in a folder such as /tmp.
 * @throws LogoffError `command-failed`, with the path in its message
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await targetOf(path);
    temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
    await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
    await rename(temporary, target);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw cannotWrite(path, cause);
  }
}

/**
 * Checks that {@link writeFileAtomically} can write to `path`, so that a run does not fail at its end.
 * @throws LogoffError `command-failed`
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(await targetOf(path)), constants.W_OK);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/**
 * The path to rename the temporary file to, with all symbolic links resolved. An existing file must be a regular file, because
 * renaming would replace a pipe or a device such as /dev/null.
 */
async function targetOf(path: string): Promise<string> {
  const existing = await stat(path).catch(unlessAbsent);
  if (existing !== undefined && !existing.isFile())
    throw new Error(existing.isDirectory() ? "it is a folder" : "it is not a regular file");
  return resolveLinks(path);
}

/** The number of links in a path that Linux follows. */
const maxLinks = 40;

/**
 * Follows every symbolic link of a path, one name after another, as the system does. In a sticky folder such as /tmp, where anybody
 * can create a link, it rejects links that belong to another user except root. Linux can do this itself (fs.protected_symlinks),
 * but the setting may be off and other systems lack it.
 */
async function resolveLinks(path: string): Promise<string> {
  const absolute = isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
  let resolved = parse(absolute).root;
  let names = namesOf(absolute);
  for (let links = 0; names.length > 0;) {
    const [name = "", ...rest] = names;
    const here = name === ".." ? dirname(resolved) : join(resolved, name);
    const found = await lstat(here).catch(unlessAbsent);
    if (found?.isSymbolicLink() !== true) {
      resolved = here;
      names = rest;
      continue;
    }
    links += 1;
    if (links > maxLinks) throw new Error("too many symbolic links");
    if (isForeignLink(found, await stat(resolved)))
      throw new Error(`"${here}" is a link that another user created`);
    const target = await readlink(here);
    if (isAbsolute(target)) resolved = parse(target).root;
    names = [...namesOf(target), ...rest];
  }
  return resolved;
}

function namesOf(path: string): readonly string[] {
  const names = path.slice(parse(path).root.length).split(sep === "/" ? "/" : /[\\/]/u);
  return names.filter((name) => name !== "" && name !== ".");
}

interface Owned {
  readonly uid: number;
  readonly mode: number;
}

/** Whether another user owns a link in a folder where anybody can create one. Always false on Windows, where files have no uid. */
function isForeignLink(link: Owned, folder: Owned): boolean {
  const isSticky = (folder.mode & 0o1000) !== 0 && (folder.mode & 0o022) !== 0;
  return isSticky && link.uid !== 0 && link.uid !== (process.geteuid?.() ?? link.uid);
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

function cannotWrite(path: string, cause: unknown): LogoffError {
  const detail = describeSystemError(cause);
  return new LogoffError("command-failed", `Cannot write "${printable(path)}": ${detail}`, { cause });
}
