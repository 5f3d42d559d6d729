/** Files that a run leaves: written beside and renamed, so that nobody ever reads half of one. */
import { randomBytes } from "node:crypto";
import { access, constants, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { LogoffError, printable } from "./errors";
import { htmlReport } from "./report/html";
import { jsonReport, type JsonContext } from "./report/json";
import { junitReport } from "./report/junit";
import type { Report } from "./report/report";

/** The text of a report in the form that its path asks for: .json, .xml (JUnit) or .html. */
export function reportText(path: string, report: Report, context: JsonContext): string {
  if (/\.xml$/iu.test(path)) return junitReport(report);
  if (/\.html$/iu.test(path)) return htmlReport(report);
  return jsonReport(report, context);
}

/**
 * Writes a file that only its owner may read (mode 0600), beside its place first and then renamed.
 * @throws LogoffError `command-failed` naming the path
 */
export async function writePrivately(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(beside, text, { mode: 0o600, flag: "wx" });
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw cannotWrite(path, cause);
  }
}

/**
 * Whether a file could be written at `path`, asked before a run and not after it.
 * @throws LogoffError `command-failed`
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory() === true) throw new Error("it is a folder");
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

function cannotWrite(path: string, cause: unknown): LogoffError {
  const detail = cause instanceof Error ? printable(cause.message) : "unknown reason";
  return new LogoffError("command-failed", `Cannot write "${printable(path)}": ${detail}`, { cause });
}
