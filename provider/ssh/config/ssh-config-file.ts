/**
 * Reads ssh_config(5) files as lines of words, with Include expanded. Follows OpenSSH's readconf.c: a keyword, white space or
 * one `=`, and words that may be quoted. The package ssh-config does not work here: it keeps only one criterion of each kind per
 * Match, does not support Include, and reads quotes and comments differently.
 */
import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { LogoffError } from "../../base/errors";
import { trimEnd } from "../../base/text";
import { resolvePath } from "../../files/paths";
import { readTextFile, whyUnreadable } from "../../files/read-text-file";
import type { SshContext } from "../options";
import { expandGlob } from "./glob";

/** A line that is neither blank nor a comment. `files` are the files that an Include line names. */
export interface ConfigLine {
  /** `FILE:LINE` */
  readonly place: string;
  /** In lower case. */
  readonly keyword: string;
  readonly words: readonly string[];
  readonly files?: readonly (readonly ConfigLine[])[];
}

const deepestInclude = 16;

/** The error for a file that cannot be followed exactly. */
export function configError(place: string, message: string): LogoffError {
  const problems = [{ path: "connection.sshConfig", message: `${place}: ${message}` }];
  return new LogoffError("plan-invalid", `Cannot use ssh_config: ${place}: ${message}`, { problems });
}

/**
 * The lines of a file, or undefined if it does not exist.
 * @param folder is the base of relative names in Include
 * @param mustBePrivate rejects a file that other users can write to, as OpenSSH does for the user's own
 * @throws LogoffError `plan-invalid`
 */
export async function readConfigFile(
  path: string,
  folder: string,
  mustBePrivate: boolean,
  context: SshContext,
  depth = 0,
): Promise<readonly ConfigLine[] | undefined> {
  const text = await readText(path, mustBePrivate, depth > 0, context);
  if (text === undefined) return undefined;
  if (depth > deepestInclude) throw configError(path, "too many levels of Include");
  const lines: ConfigLine[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const place = `${path}:${index + 1}`;
    const parsed = parseConfigLine(raw);
    if (parsed === undefined) continue;
    if (typeof parsed === "string") throw configError(place, parsed);
    if (parsed.keyword !== "include") lines.push({ place, ...parsed });
    else {
      const files: (readonly ConfigLine[])[] = [];
      for (const pattern of parsed.words)
        for (const file of await expandGlob(includePath(pattern, folder, context)))
          files.push((await readConfigFile(file, folder, mustBePrivate, context, depth + 1)) ?? []);
      lines.push({ place, ...parsed, files });
    }
  }
  return lines;
}

/** The keyword and words of a line, of which a ProxyCommand has one; undefined for a blank line or a comment; a string if the line is malformed, saying why. */
export function parseConfigLine(
  raw: string,
): { readonly keyword: string; readonly words: readonly string[] } | string | undefined {
  const line = trimEnd(raw, " \t\r\f").replace(/^[ \t\r]+/u, "");
  if (line === "" || line.startsWith("#")) return undefined;
  const [start = "", quoted, bare] = /^(?:"([^"]*)"|([^ \t\r="]+))[ \t\r]*=?[ \t\r]*/u.exec(line) ?? [];
  const keyword = (quoted ?? bare ?? "").toLowerCase();
  const rest = line.slice(start.length);
  const words = splitWords(rest);
  if (words === undefined) return "a quote is not closed";
  if (words.length === 0) return `"${keyword}" has no argument`;
  // A shell reads the command, quotes and all.
  return { keyword, words: keyword === "proxycommand" ? [rest.replace(/^[ \t\r=]+/u, "")] : words };
}

/**
 * Splits like OpenSSH's argv_split: `"…"` and `'…'` quote, a backslash escapes a quote, a backslash or a space, and `#` at the
 * start of a word begins a comment. Undefined if a quote is not closed.
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === " " || text[at] === "\t") at += 1;
    if (at >= text.length || text[at] === "#") return words;
    let word = "";
    let quote = "";
    for (; at < text.length; at += 1) {
      const letter = text.charAt(at);
      const next = text.charAt(at + 1);
      if (letter === "\\" && next !== "" && (`'"\\`.includes(next) || (quote === "" && next === " "))) {
        word += next;
        at += 1;
      } else if (quote === "" && (letter === " " || letter === "\t")) break;
      else if (quote === "" && (letter === '"' || letter === "'")) quote = letter;
      else if (letter === quote) quote = "";
      else word += letter;
    }
    if (quote !== "") return undefined;
    words.push(word);
  }
}

async function readText(
  path: string,
  mustBePrivate: boolean,
  included: boolean,
  context: SshContext,
): Promise<string | undefined> {
  try {
    const status = await stat(path);
    const { mode, uid } = status;
    const foreign = uid !== 0 && uid !== process.getuid?.();
    if (mustBePrivate && context.platform !== "win32" && (foreign || (mode & 0o022) !== 0))
      throw configError(path, "bad owner or permissions: other users can write to it");
    // OpenSSH treats a folder as a file without lines: `Include conf.d/*` may match one.
    if (included && status.isDirectory()) return undefined;
    return await readTextFile(path);
  } catch (thrown) {
    if (thrown instanceof LogoffError) throw thrown;
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw configError(path, whyUnreadable(thrown));
  }
}

function includePath(pattern: string, folder: string, context: SshContext): string {
  if (pattern.startsWith("~") || isAbsolute(pattern)) return resolvePath(context, pattern);
  return join(folder, pattern);
}
