/**
 * ssh_config(5) files as lines of words, Include expanded. Written after OpenSSH's readconf.c: a keyword, white space or one
 * `=`, words that may be quoted. The package ssh-config was tried and left: it keeps one criterion of a kind per Match, has
 * no Include and reads quotes and comments differently.
 */
import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { LogoffError } from "../../base/errors";
import { trimEnd } from "../../base/text";
import { resolvePath } from "../../files/paths";
import { readTextFile, whyUnreadable } from "../../files/read-text-file";
import type { SshContext } from "../options";
import { expandGlob } from "./glob";

/** One line that says something; `files` are those that an Include brought in. */
export interface ConfigLine {
  /** `FILE:LINE` */
  readonly place: string;
  /** In lower case. */
  readonly keyword: string;
  readonly words: readonly string[];
  readonly files?: readonly (readonly ConfigLine[])[];
}

const deepestInclude = 16;

/** The error of a file that cannot be followed to the letter. */
export function configError(place: string, message: string): LogoffError {
  const problems = [{ path: "connection.sshConfig", message: `${place}: ${message}` }];
  return new LogoffError("plan-invalid", `Cannot use ssh_config: ${place}: ${message}`, { problems });
}

/**
 * The lines of a file, or undefined when there is none.
 * @param folder where relative names of Include start
 * @param mustBePrivate refuses a file that others may write, as OpenSSH does for the user's own
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

/** Keyword and words; undefined for a blank or comment; a text says what is wrong. */
export function parseConfigLine(
  raw: string,
): { readonly keyword: string; readonly words: readonly string[] } | string | undefined {
  const line = trimEnd(raw, " \t\r\f").replace(/^[ \t\r]+/u, "");
  if (line === "" || line.startsWith("#")) return undefined;
  const [start = "", quoted, bare] = /^(?:"([^"]*)"|([^ \t\r="]+))[ \t\r]*=?[ \t\r]*/u.exec(line) ?? [];
  const keyword = (quoted ?? bare ?? "").toLowerCase();
  const words = splitWords(line.slice(start.length));
  if (words === undefined) return "a quote is not closed";
  if (words.length === 0) return `"${keyword}" has no argument`;
  return { keyword, words };
}

/** OpenSSH's argv_split: `"…"` and `'…'` quote, a backslash saves quotes, itself and a blank, `#` at a word's start ends it. */
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
      throw configError(path, "bad owner or permissions: others may write it");
    // As in OpenSSH, to which a folder is a file without lines: `Include conf.d/*` may meet one.
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
