/** Expands file name patterns like the glob(3) bundled with OpenSSH: without braces, and only `!` negates a class. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** PATH_MAX on Linux: no path is longer. */
const longestPattern = 4096;

/**
 * The paths that match an absolute pattern, sorted. Only names with a `*`, `?`, `[` or `\` are looked up, so a plain path is
 * returned as it is. A name that begins with a dot matches only a pattern that also does.
 */
export async function expandGlob(pattern: string): Promise<readonly string[]> {
  if (pattern.length > longestPattern) return [];
  const name = basename(pattern);
  const parent = dirname(pattern);
  if (parent === pattern) return [pattern];
  const found: string[] = [];
  for (const folder of await expandGlob(parent)) {
    const names = /[*?[\\]/u.test(name) ? await matchingNames(folder, name) : [name];
    found.push(...names.map((one) => join(folder, one)));
  }
  return found.sort();
}

async function matchingNames(folder: string, pattern: string): Promise<readonly string[]> {
  const pieces = parsePattern(Array.from(pattern));
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => (pattern.startsWith(".") || !name.startsWith(".")) && matches(pieces, name));
}

type LetterTest = (letter: string) => boolean;
type Piece = "any text" | LetterTest;

function parsePattern(letters: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < letters.length) {
    const { letter, next } = letterAt(letters, at);
    const found = letters[at] === "[" ? parseClass(letters, at + 1) : undefined;
    if (letters[at] === "*") pieces.push("any text");
    else if (letters[at] === "?") pieces.push(() => true);
    else pieces.push(found?.test ?? ((other) => other === letter));
    at = found?.next ?? next;
  }
  return pieces;
}

/** The letter at a position, which a backslash may escape. */
function letterAt(
  letters: readonly string[],
  at: number,
): { readonly letter: string; readonly next: number } {
  const isSaved = letters[at] === "\\" && at + 1 < letters.length;
  return isSaved
    ? { letter: letters[at + 1] ?? "", next: at + 2 }
    : { letter: letters[at] ?? "", next: at + 1 };
}

/** The class whose `[` precedes `start`; undefined if it is not closed, which makes the `[` an ordinary letter. */
function parseClass(
  letters: readonly string[],
  start: number,
): { readonly test: LetterTest; readonly next: number } | undefined {
  const isNegated = letters[start] === "!";
  const first = isNegated ? start + 1 : start;
  const tests: LetterTest[] = [];
  let at = first;
  // A leading "]" is a member.
  while (at < letters.length && (letters[at] !== "]" || at === first)) {
    const name = classNameAt(letters, at);
    if (name !== undefined) {
      const named = namedClasses[name];
      // As in OpenSSH, a pattern with an unknown class name matches nothing.
      if (named === undefined) return { test: () => false, next: letters.length };
      tests.push((letter) => named.test(letter));
      at += name.length + 4;
      continue;
    }
    const { letter: from, next } = letterAt(letters, at);
    const isRange = letters[next] === "-" && next + 1 < letters.length && letters[next + 1] !== "]";
    const end = isRange ? letterAt(letters, next + 1) : { letter: from, next };
    tests.push((letter) => codeOf(from) <= codeOf(letter) && codeOf(letter) <= codeOf(end.letter));
    at = end.next;
  }
  if (at >= letters.length) return undefined;
  return { test: (letter) => tests.some((test) => test(letter)) !== isNegated, next: at + 1 };
}

/** The name in `[:name:]`. */
function classNameAt(letters: readonly string[], at: number): string | undefined {
  return /^\[:([a-z]{1,16}):\]/u.exec(letters.slice(at, at + 20).join(""))?.[1];
}

function codeOf(letter: string): number {
  return letter.codePointAt(0) ?? 0;
}

const namedClasses: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/u,
  alpha: /[A-Za-z]/u,
  blank: /[ \t]/u,
  // eslint-disable-next-line no-control-regex
  cntrl: /[\0-\x1f\x7f]/u,
  digit: /[0-9]/u,
  graph: /[!-~]/u,
  lower: /[a-z]/u,
  print: /[ -~]/u,
  punct: /[!-/:-@[-`{-~]/u,
  space: /\s/u,
  upper: /[A-Z]/u,
  xdigit: /[0-9A-Fa-f]/u,
};

/**
 * Whether the pieces match the whole name. Only the last `*` is retried, so the work is at worst quadratic; a regular
 * expression made from such a pattern could take forever.
 */
function matches(pieces: readonly Piece[], name: string): boolean {
  const letters = Array.from(name);
  let at = 0;
  let inName = 0;
  let lastStar = -1;
  let starInName = 0;
  while (inName < letters.length) {
    const piece = pieces[at];
    if (piece === "any text") {
      lastStar = at;
      starInName = inName;
      at += 1;
    } else if (piece?.(letters[inName] ?? "") === true) {
      at += 1;
      inName += 1;
    } else if (lastStar >= 0) {
      starInName += 1;
      inName = starInName;
      at = lastStar + 1;
    } else return false;
  }
  while (pieces[at] === "any text") at += 1;
  return at === pieces.length;
}
