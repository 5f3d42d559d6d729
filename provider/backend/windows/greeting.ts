/**
 * The lines that a host prints before the output of every command, on one of its streams: text of cmd's AutoRun registry value or of a PowerShell
 * profile. Without control characters and blank lines, and with 0 for every number. Plain data, empty for most hosts.
 */
export type Greeting = readonly string[];

/** Terminal sequences and control characters, but for tabs and line breaks. ESC, which begins a sequence, ends none. */
const controls =
  // eslint-disable-next-line no-control-regex
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\r\n]*(?:\u0007|\u001b\\)|\u001b[^[\]]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/gu;
/** As above, at the very beginning, with the byte order mark that some programs write before UTF-8. */
const leadingControls = new RegExp(String.raw`^(?:\u00ef\u00bb\u00bf|\r?\n|${controls.source})+`, "u");

/** A line without anything that is not text. */
export function withoutControls(line: string): string {
  return line.replace(/^\u00ef\u00bb\u00bf/u, "").replace(controls, "");
}

/** The greeting in the lines before a known answer. */
export function greetingOf(lines: readonly string[]): Greeting {
  return lines.map(comparable).filter((line) => line !== "");
}

/** The greeting in two outputs whose answers are not known: the lines that both begin with. */
export function sharedGreeting(one: string, other: string): Greeting {
  const [lines, others] = [one, other].map((text) => greetingOf(text.split("\n"))) as [Greeting, Greeting];
  const end = lines.findIndex((line, index) => !isSameLine(line, others[index] ?? ""));
  return end === -1 ? lines : lines.slice(0, end);
}

/**
 * Output without the host's greeting, if it begins with all of it, and without the control characters before its first text.
 * Works on bytes: line breaks, digits and control characters are the same in every code page.
 */
export function withoutGreeting(output: Uint8Array, greeting: Greeting): Uint8Array {
  const text = Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString("latin1");
  const after = endOfGreeting(text, greeting) ?? 0;
  const controlsAfter = leadingControls.exec(text.slice(after))?.[0].length ?? 0;
  return output.subarray(after + controlsAfter);
}

/** Where the first line behind the greeting begins; undefined when the text does not begin with it. */
function endOfGreeting(text: string, greeting: Greeting): number | undefined {
  let at = 0;
  for (const expected of greeting) {
    let line = "";
    while (line === "") {
      if (at >= text.length) return undefined;
      const end = text.indexOf("\n", at);
      const next = end === -1 ? text.length : end + 1;
      line = comparable(text.slice(at, next));
      at = next;
    }
    if (!isSameLine(line, expected)) return undefined;
  }
  return at;
}

/** Times and counters change from one command to the next, and with their digits the separators between these. */
function comparable(line: string): string {
  return withoutControls(line)
    .trim()
    .replace(/[0-9]+(?:[., ']+[0-9]+)*/gu, "0");
}

/** Blanks do not count: they pad numbers, so a number with more digits has fewer around it. */
function isSameLine(one: string, other: string): boolean {
  return one.replaceAll(" ", "") === other.replaceAll(" ", "");
}
