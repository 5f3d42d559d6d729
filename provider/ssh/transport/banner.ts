import type { Duplex } from "node:stream";

/** The longest text that is accepted before a host's identification, and the longest banner before a login. */
export const longestBannerBytes = 100 * 1024;
/** How much of the text is kept for an error. */
const quotedBytes = 400;

/** A connection on which nothing has been read yet. */
export interface Dialled<T extends Duplex = Duplex> {
  readonly stream: T;
  readonly greeting: Greeting;
}

/** What a host sends before its identification line, which RFC 4253 allows. */
export interface Greeting {
  /** The beginning of its text until the identification line arrives; undefined afterwards, and if there is no text. Unfiltered. */
  readonly words: () => string | undefined;
  /** Whether its text exceeds {@link longestBannerBytes}; then its stream is destroyed. */
  readonly isTooLong: () => boolean;
}

/**
 * Hides a host's text before its identification line from ssh2, and holds that line back until it is complete: ssh2 1.17 accepts 1,024
 * lines at most, and loses all but the first piece of a line that arrives in three or more (lib/protocol/Protocol.js, parseHeader).
 * Must be called before the first byte is read.
 */
export function holdGreeting(stream: Duplex): Greeting {
  const push = stream.push.bind(stream);
  let words = "";
  let line: Buffer[] = [];
  let lineStart = "";
  let bytes = 0;
  let isIdentified = false;

  /** Takes the bytes of one line, or a part of it. Returns whether they end the identification line. */
  const take = (part: Buffer): boolean => {
    if (lineStart.length < 4) lineStart += part.toString("latin1", 0, 4 - lineStart.length);
    if (words.length < quotedBytes) words += part.toString("latin1", 0, quotedBytes - words.length);
    line.push(part);
    if (part.at(-1) !== newline) return false;
    if (lineStart === "SSH-") return true;
    line = [];
    lineStart = "";
    return false;
  };
  // Both a socket and a channel pass incoming bytes to their own `push`; ours replaces it for the first lines.
  stream.push = (chunk: Buffer | null, ...rest): boolean => {
    if (chunk === null) return push(null);
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf(newline, start);
      const next = end === -1 ? chunk.length : end + 1;
      if (take(chunk.subarray(start, next))) {
        isIdentified = true;
        stream.push = push;
        return push(Buffer.concat([...line, chunk.subarray(next)]), ...rest);
      }
      start = next;
    }
    bytes += chunk.length;
    if (bytes > longestBannerBytes) stream.destroy();
    return true;
  };
  return {
    words: () => {
      const isHalfIdentified = lineStart === "SSH-" && bytes <= longestBannerBytes;
      if (isIdentified || isHalfIdentified || words.trim() === "") return undefined;
      return Buffer.from(words, "latin1").toString();
    },
    isTooLong: () => !isIdentified && bytes > longestBannerBytes,
  };
}

const newline = 10;
