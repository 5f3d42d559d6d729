/** Files that a run leaves: written beside and renamed, so that nobody ever reads half of one. */
import { randomBytes } from "node:crypto";
import { access, constants, readlink, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { LogoffError, printable } from "./errors";
import { htmlReport } from "./report/html";
import { jsonReport, type JsonContext } from "./report/json";
import { junitReport } from "./report/junit";
import type { Report } from "./report/report";

/** The text of a report in the form that its path asks for: .json, .xml (JUnit) or .html. */
export function reportText(path: string, report: Report, context: JsonContext): string {
  if (/\.xml$/iu.test(path)) return junitReport(report);
  if (/\.html$/iu.test(path)) return htmlReport(report, context);
  return jsonReport(report, context);
}

/**
 * Writes a file that only its owner may read (mode 0600), beside its place first and then renamed. A symbolic link stays,
 * and what it leads to is written.
 * @throws LogoffError `command-failed` naming the path
 */
export async function writePrivately(path: string, text: string): Promise<void> {
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
 * Whether a file could be written at `path`, asked before a run and not after it.
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
 * Where a file is to be renamed to: behind all symbolic links. What is there must be a regular file, since a pipe or a
 * device such as /dev/null would be replaced by one.
 */
async function placeOf(path: string): Promise<string> {
  const there = await stat(path).catch(unlessAbsent);
  if (there !== undefined && !there.isFile())
    throw new Error(there.isDirectory() ? "it is a folder" : "it is no regular file");
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? path : placeOf(resolve(await realpath(dirname(path)), link));
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

function cannotWrite(path: string, cause: unknown): LogoffError {
  const detail = cause instanceof Error ? printable(cause.message) : "unknown reason";
  return new LogoffError("command-failed", `Cannot write "${printable(path)}": ${detail}`, { cause });
}
