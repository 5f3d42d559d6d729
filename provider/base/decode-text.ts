/** The encoding of a text file. */
export type TextEncoding = "utf-8" | "utf-16le" | "utf-16be";

/** The encoding that the byte order mark indicates; UTF-8 if there is no mark. Windows PowerShell's `>` writes UTF-16. */
export function textEncoding(bytes: Uint8Array): TextEncoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return "utf-8";
}

/** The text of a file, decoded according to its byte order mark and without the mark. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(textEncoding(bytes)).decode(bytes);
}
