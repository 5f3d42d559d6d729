import type { ExecResult } from "../connection";
import { printable } from "../base/text";

/** A row of any list takes about 80 bytes: no host has three thousand sessions. */
export const longestListing = 256 * 1024;

/** How a command ended, in words: `exit code 1` or `signal TERM`. */
export function endOf(result: ExecResult): string {
  return result.code === undefined ? `signal ${printable(result.signal, 20)}` : `exit code ${result.code}`;
}
