import type { Target } from "../backend";
import type { ConsoleText } from "./code-page";

/** A host whose console output can be read. */
export interface ReadableHost extends Target {
  /** Output as text, without the host's greeting. */
  readonly read: (output: Uint8Array) => ConsoleText;
}

/** No message is nearly as long. */
const longestMessage = 10_000;

/** What a host said in an answer that is no table. Only the beginning is read, since there is no end to what a host may print. */
export function wordsOf(host: ReadableHost, ...outputs: readonly Uint8Array[]): string {
  return outputs.map((output) => host.read(output.subarray(0, longestMessage)).text).join("\n");
}
