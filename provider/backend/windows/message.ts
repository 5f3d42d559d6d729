import * as iconv from "iconv-lite";
import { encodingOf } from "./code-page";

/** `msg` takes 255 characters; 256 fail. */
const longestMessage = 255;

/** A text as `msg` receives it on standard input. */
export interface EncodedMessage {
  readonly bytes: Uint8Array;
  /** The end of the text was cut off, because `msg` accepts no longer texts. */
  readonly cut: boolean;
  /** Characters that the code page lacks were replaced by `?`. */
  readonly replaced: boolean;
}

/**
 * Encodes a text for `msg`: control characters become blanks, at most 255 characters and 255 bytes of the host's OEM
 * code page remain, and no character is cut in half. Without a known code page only ASCII survives.
 */
export function encodeMessage(text: string, codePage: number | undefined): EncodedMessage {
  // eslint-disable-next-line no-control-regex
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu, " ").trim();
  const encoding = encodingOf(codePage) ?? "ascii";
  const kept: Buffer[] = [];
  let characters = 0;
  let bytes = 0;
  let cut = false;
  for (const character of clean) {
    const encoded = iconv.encode(character, encoding);
    // A character outside the basic plane is two to Windows, which counts UTF-16 units.
    if (characters + character.length > longestMessage || bytes + encoded.length > longestMessage) {
      cut = true;
      break;
    }
    kept.push(encoded);
    characters += character.length;
    bytes += encoded.length;
  }
  const all = Buffer.concat(kept);
  const readBack = iconv.decode(all, encoding);
  return { bytes: all, cut, replaced: !clean.startsWith(readBack) };
}
