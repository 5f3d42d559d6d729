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
  /** False when the code page is unknown to us: then only ASCII can be trusted. */
  readonly certain: boolean;
}

/** iconv's name of an OEM code page; undefined when there is none, or we do not know it. */
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
 * Whether a text holds characters that no tool prints in a table: control characters, line and paragraph separators,
 * bidirectional marks. Where the code page is unknown, letters may have the codes of C1, so only C0 counts.
 */
export function hasControls(text: string, certain: boolean): boolean {
  // eslint-disable-next-line no-control-regex
  const c0 = /[\u0000-\u001f\u007f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
  return c0.test(text) || (certain && /[\u0080-\u009f]/u.test(text));
}

/** A text without the marks that some regions print in their dates and nobody sees. */
export function withoutBidirectionalMarks(text: string): string {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
}

/** Console columns: East Asian wide characters take two. */
export function displayWidth(text: string): number {
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u;
  return Array.from(text).reduce((width, character) => width + (wide.test(character) ? 2 : 1), 0);
}
