/** Makes what a command prints comparable with what a document shows. */

const replacements: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?/gu, "<time>"],
  [/\b(?:\d{4}-\d\d-\d\d|\d\d?\/\d\d?\/\d{4}|\d\d?\.\d\d?\.\d{4})\b/gu, "<date>"],
  [/(?<![\w:.])\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M\b)?(?![\w:])/gu, "<time>"],
  [/\b(?:\d+h\d+m\d+s|\d+h\d+m|\d+h\d+s|\d+m\d+s|\d+ms|\d+(?:\.\d+)?[hms])\b/gu, "<duration>"],
  [/\b\d+(?:\.\d+)? (?:ms|s|min|h|seconds?|minutes?|hours?)\b/gu, "<duration>"],
  [/\[?\b(?:\d{1,3}\.){3}\d{1,3}\b\]?(?::\d+\b)?/gu, "<address>"],
  [/SHA256:[\w+/]{20,}=*/gu, "<fingerprint>"],
  [/-{3,}|─{3,}|═{3,}/gu, "---"],
  [/\s+/gu, " "],
];

/** One line; `home` is the folder that `~` stands for. */
export function normalizeLine(line: string, home?: string): string {
  let text = home === undefined ? line : line.replaceAll(home, "~");
  text = text.replace(/\/home\/[a-z]\w*/gu, "~");
  for (const [pattern, placeholder] of replacements) text = text.replace(pattern, placeholder);
  return text.trim();
}

/** All lines, without the empty ones at the start and the end. */
export function normalize(text: string, home?: string): readonly string[] {
  const lines = text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => normalizeLine(line, home));
  const first = lines.findIndex((line) => line !== "");
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== "") + 1);
}
