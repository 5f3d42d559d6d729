import type { Readable } from "node:stream";

const keptLines = 3;
/** A longer line is dropped: of a part of it, nobody could tell whether it ends in the middle of a credential. */
const longestLine = 64 * 1024;

/**
 * Reads a stream, and keeps its last lines, blank ones left out. Credentials can be redacted from them, because each is whole.
 * @param heard receives each line that is finished
 * @returns a function that gives the lines so far, the unfinished one too
 */
export function lastLinesOf(stream: Readable, heard: (line: string) => void): () => readonly string[] {
  const lines: string[] = [];
  let rest = "";
  const add = (line: string): void => {
    if (line.trim() === "") return;
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    heard(line);
  };
  // A broken pipe is the end of the output.
  stream.on("error", () => undefined);
  stream.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split(/[\r\n]+/u);
    rest = parts.pop() ?? "";
    parts.forEach(add);
    if (rest.length > longestLine) rest = "";
  });
  stream.once("end", () => {
    add(rest);
    rest = "";
  });
  return () => [...lines, rest].filter((line) => line.trim() !== "").slice(-keptLines);
}
