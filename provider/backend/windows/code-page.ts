import * as iconv from "iconv-lite";
import type { ExecResult } from "../../connection";

/**
 * The number at the end of what `chcp` prints, a localized sentence that may end in a full stop
 * (`Active code page: 437`, `Aktive Codepage: 850.`). Undefined when there is none.
 */
export function readCodePage(result: ExecResult): number | undefined {
  const text = Buffer.from(result.stdout.subarray(-1_000)).toString("latin1").trimEnd();
  const digits = /(?<![0-9])([0-9]{3,5})[^0-9A-Za-z]*$/u.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Text as a Windows console program printed it. */
export interface ConsoleText {
  readonly text: string;
  /** False if the code page is unknown: then only ASCII is certain. */
  readonly certain: boolean;
}

/** iconv's name of an OEM code page; undefined if there is none or iconv does not know it. */
export function encodingOf(codePage: number | undefined): string | undefined {
  const encoding = codePage === 65001 ? "utf8" : `cp${codePage ?? ""}`;
  return codePage !== undefined && iconv.encodingExists(encoding) ? encoding : undefined;
}

/** Decodes console output. IDs, session names and error numbers are ASCII in every OEM code page. */
export function decodeConsole(bytes: Uint8Array, codePage: number | undefined): ConsoleText {
  const encoding = encodingOf(codePage);
  if (encoding === undefined) return { text: Buffer.from(bytes).toString("latin1"), certain: false };
  return { text: iconv.decode(Buffer.from(bytes), encoding), certain: true };
}

/**
 * Columns of a Windows console, where East Asian wide characters take two. Unlike on a terminal every other character counts as one:
 * the tools cut a user by such columns, and a user that may be cut must not seem whole.
 */
export function consoleWidth(text: string): number {
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u;
  return Array.from(text).reduce((width, character) => width + (wide.test(character) ? 2 : 1), 0);
}
