import type { Readable } from "node:stream";

/** The longest line that is kept whole. A longer one is passed on in parts, so that output without line breaks takes no memory. */
const longestLine = 64 * 1024;

/**
 * Calls `onLine` for each line of a stream, as UTF-8; bytes that are not become replacement characters. Lines end with LF or CR LF.
 * @returns a function that passes on the unfinished last line and ends the reading
 */
export function eachLine(stream: Readable, onLine: (line: string) => void): () => void {
  let rest = "";
  let isOver = false;
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    if (isOver) return;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (rest.length <= longestLine) return;
    onLine(rest);
    rest = "";
  });
  // A broken pipe is the end of the output.
  stream.on("error", () => undefined);
  return () => {
    if (isOver) return;
    isOver = true;
    if (rest !== "") onLine(rest);
  };
}
