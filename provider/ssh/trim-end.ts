/**
 * The text without the given letters at its end. A regular expression such as `/[ \t]+$/` would try to match from every blank
 * of a line, which takes hours for a line of a million blanks.
 */
export function trimEnd(text: string, letters: string): string {
  let end = text.length;
  while (end > 0 && letters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
