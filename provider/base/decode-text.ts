/** The encoding of a text file. */
export type TextEncoding = "utf-8" | "utf-16le" | "utf-16be";

/** The encoding that a byte order mark names, or UTF-8 without one. `>` in Windows PowerShell writes UTF-16. */
export function textEncoding(bytes: Uint8Array): TextEncoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return "utf-8";
}

/** The text of a file, decoded by its byte order mark, which is removed. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(textEncoding(bytes)).decode(bytes);
}
