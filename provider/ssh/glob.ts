/** Patterns of file names as the glob(3) that OpenSSH brings along reads them: no braces, and only `!` negates a class. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * The paths that an absolute pattern stands for, sorted. Only what has a `*`, `?`, `[` or `\` is looked up, so a plain path
 * stands for itself. What begins with a dot is found only by a pattern that does, too.
 */
export async function expandGlob(pattern: string): Promise<readonly string[]> {
  const name = basename(pattern);
  const parent = dirname(pattern);
  if (parent === pattern) return [pattern];
  const found: string[] = [];
  for (const folder of await expandGlob(parent)) {
    const names = /[*?[\\]/u.test(name) ? await fittingNames(folder, name) : [name];
    found.push(...names.map((one) => join(folder, one)));
  }
  return found.sort();
}

async function fittingNames(folder: string, pattern: string): Promise<readonly string[]> {
  const fits = nameMatcher(pattern);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => (pattern.startsWith(".") || !name.startsWith(".")) && fits.test(name));
}

// A letter saved by a backslash, a class (whose first letter may be "]"), or a letter.
const piece = /\\([^])|\[(!?)((?:\]|\[:[a-z]+:\]|\\[^]|[^\]\\])(?:\[:[a-z]+:\]|\\[^]|[^\]\\])*)\]|[^]/gu;

function nameMatcher(pattern: string): RegExp {
  const source = pattern.replace(
    piece,
    (letter: string, saved: string | undefined, not: string | undefined, members: string | undefined) => {
      if (members !== undefined) return letterClass(members, not === "!");
      if (letter === "*") return "[^]*";
      return letter === "?" ? "[^]" : literal(saved ?? letter);
    },
  );
  return new RegExp(`^${source}$`, "u");
}

// A named class, a range, or a letter; any letter may be saved by a backslash.
const member = /\[:([a-z]+):\]|(?:\\?([^])-)?\\?([^])/gu;

const namedClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\0-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

function letterClass(members: string, negated: boolean): string {
  let source = "";
  for (const [, name, from, letter = ""] of members.matchAll(member)) {
    const named = name === undefined ? undefined : namedClasses[name];
    // As there, a class that nobody knows makes a pattern that nothing fits.
    if (name !== undefined && named === undefined) return "(?!)";
    if (named !== undefined) source += named;
    else if (from === undefined) source += literal(letter);
    else if (from <= letter) source += `${literal(from)}-${literal(letter)}`;
  }
  return `[${negated ? "^" : ""}${source}]`;
}

function literal(letter: string): string {
  return `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`;
}
