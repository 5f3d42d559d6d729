import type { ExecResult } from "../../connection";
import type { Target } from "../backend";
import type { ConsoleText } from "./code-page";

/** A host whose console output can be read. */
export interface ReadableHost extends Target {
  /** Standard output as text, without the host's greeting. */
  readonly read: (stdout: Uint8Array) => ConsoleText;
  /** Standard error as text, without the greeting that the host prints there. */
  readonly readErrors: (stderr: Uint8Array) => ConsoleText;
}

/** Longer than any message. */
const longestMessage = 10_000;

/** The message in an answer that is not a table. Only the beginning is read, since a host may print any amount. */
export function wordsOf(host: ReadableHost, result: ExecResult): string {
  return `${complaintsOf(host, result)}\n${host.read(result.stdout.subarray(0, longestMessage)).text}`;
}

/** The message beside a table, likewise. */
export function complaintsOf(host: ReadableHost, { stderr }: ExecResult): string {
  return host.readErrors(stderr.subarray(0, longestMessage)).text;
}
