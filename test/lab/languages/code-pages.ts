import iconv from "iconv-lite";

/** The OEM code pages of Windows consoles that the lab can print in. */
export type CodePage = 437 | 850 | 852 | 866 | 932 | 936 | 65001;

/** In these, a character takes as many columns as bytes, even if it is Cyrillic or Greek. */
const doubleByte: readonly CodePage[] = [932, 936];

function encodingOf(codePage: CodePage): string {
  return codePage === 65001 ? "utf8" : `cp${codePage}`;
}

/** The bytes that a console program writes. Characters missing from the code page become question marks. */
export function encode(text: string, codePage: CodePage): Buffer {
  return iconv.encode(text, encodingOf(codePage));
}

/** Decodes bytes as a program on the host does. */
export function decode(bytes: Uint8Array, codePage: CodePage): string {
  return iconv.decode(Buffer.from(bytes), encodingOf(codePage));
}

/** The width of `text` on that host's screen, in columns. Tables are padded by columns, not characters. */
export function displayWidth(text: string, codePage: CodePage): number {
  if (doubleByte.includes(codePage)) return encode(text, codePage).length;
  return Array.from(text).reduce((width, character) => width + (isWide(character) ? 2 : 1), 0);
}

/** Whether a character is East Asian wide, per Unicode Annex #11 without its rarer blocks. */
function isWide(character: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
    character,
  );
}

/** Pads on the right to `columns`; longer text is left as it is, as printf does. */
export function padRight(text: string, columns: number, codePage: CodePage): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text, codePage)));
}

/** Pads on the left to `columns`; longer text is left as it is. */
export function padLeft(text: string, columns: number, codePage: CodePage): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text, codePage))) + text;
}
