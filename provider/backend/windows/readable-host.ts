import type { Target } from "../backend";
import type { ConsoleText } from "./code-page";

/** A host whose console output can be read. */
export interface ReadableHost extends Target {
  /** Output as text, without the host's greeting. */
  readonly read: (output: Uint8Array) => ConsoleText;
}

/** Far longer than any message. */
const longestMessage = 10_000;

/** The message in an answer that is not a table. Only the beginning is read, since a host may print any amount. */
export function wordsOf(host: ReadableHost, ...outputs: readonly Uint8Array[]): string {
  return outputs.map((output) => host.read(output.subarray(0, longestMessage)).text).join("\n");
}
