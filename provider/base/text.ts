/** Marks that turn text around. */
const bidirectional = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
/** Everything but C1, which other code pages give to letters. */
const controlsButC1 = `\\u0000-\\u001f\\u007f\\u2028\\u2029${bidirectional}`;
const bidirectionalMarks = new RegExp(`[${bidirectional}]`, "gu");
const anyControl = new RegExp(`[${controlsButC1}]`, "u");
const runsOfControls = new RegExp(`[${controlsButC1}\\u0080-\\u009f]+`, "gu");

/**
 * Untrusted text made safe to print: control characters (C0, DEL, C1), line and paragraph separators and bidirectional controls
 * become spaces, runs of spaces collapse, and the result has at most `maxLength` characters (default: 200).
 */
export function printable(text: string, maxLength = 200): string {
  const clean = controlsAsSpaces(text).replace(/ {2,}/gu, " ").trim();
  const characters = Array.from(clean);
  return characters.length <= maxLength ? clean : `${characters.slice(0, maxLength - 1).join("")}…`;
}

/** The number of terminal columns that text takes: two for East Asian wide characters, none for combining characters. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u02ff]*$/u.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (/[\p{M}\p{Cf}]/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** A count with its noun: `1 host`, `2 hosts`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** The first host and the number of others: `rdsh01:22`, `rdsh01:22 and 2 more hosts`. */
export function firstAndMore([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${counted(others.length, "more host")}`;
}

/** Words joined as alternatives: `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}

/**
 * The text without the given letters at its end. Runs in linear time, whereas a regular expression such as `/[ \t]+$/` takes hours
 * for a line of a million spaces.
 */
export function trimEnd(text: string, letters: string): string {
  let end = text.length;
  while (end > 0 && letters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** At most `limit` of the words: `a, b and 3 more`. */
export function upTo(limit: number, words: readonly string[]): string {
  const more = words.length - limit;
  return `${words.slice(0, limit).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * Whether a text holds characters that no tool prints in a name or a table: C0, DEL, line and paragraph separators, bidirectional
 * marks, and C1 unless `c1` is false.
 */
export function hasControls(text: string, c1 = true): boolean {
  return anyControl.test(text) || (c1 && /[\u0080-\u009f]/u.test(text));
}

/** A text with one space in place of each run of the characters that {@link hasControls} finds. */
export function controlsAsSpaces(text: string): string {
  return text.replace(runsOfControls, " ");
}

/** A text without the bidirectional marks that some regions print in their dates. */
export function withoutBidirectionalMarks(text: string): string {
  return text.replace(bidirectionalMarks, "");
}
