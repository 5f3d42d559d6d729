import type { Duplex } from "node:stream";

/** Maximum length of the text before a host's identification, and of the banner before the login. */
export const longestBannerBytes = 100 * 1024;
/** Length of the text kept for an error. */
const quotedBytes = 400;

/** A connection on which nothing has been read yet. */
export interface Dialled<T extends Duplex = Duplex> {
  readonly stream: T;
  readonly greeting: Greeting;
}

/** The text that a host sends before its identification line, which RFC 4253 4.2 allows. */
export interface Greeting {
  /** The beginning of the text, unfiltered; undefined without text, and once the identification line has arrived. */
  readonly text: () => string | undefined;
  /** Whether the identification line has arrived. */
  readonly isIdentified: () => boolean;
  /** Whether the text exceeds {@link longestBannerBytes}; the stream is then destroyed. */
  readonly isTooLong: () => boolean;
}

/**
 * Hides the text before a host's identification line from ssh2, and passes that line on in one piece: ssh2 1.17 accepts at most 1,024
 * lines, and keeps only the first piece of a line that arrives in three or more (lib/protocol/Protocol.js, parseHeader).
 * Must be called before the first byte is read.
 */
export function holdGreeting(stream: Duplex): Greeting {
  const push = stream.push.bind(stream);
  let text = "";
  let line: Buffer[] = [];
  let lineStart = "";
  let bytes = 0;
  let isIdentified = false;

  /** Adds all or part of a line. Returns whether it completes the identification line. */
  const addPart = (part: Buffer): boolean => {
    if (lineStart.length < 4) lineStart += part.toString("latin1", 0, 4 - lineStart.length);
    if (text.length < quotedBytes) text += part.toString("latin1", 0, quotedBytes - text.length);
    line.push(part);
    if (part.at(-1) !== newline) return false;
    if (lineStart === "SSH-") return true;
    line = [];
    lineStart = "";
    return false;
  };
  // Sockets and channels both pass incoming bytes to their own `push`, which this replaces until the identification.
  stream.push = (chunk: Buffer | null, ...rest): boolean => {
    if (chunk === null) return push(null);
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf(newline, start);
      const next = end === -1 ? chunk.length : end + 1;
      if (addPart(chunk.subarray(start, next))) {
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
    text: () => {
      const isHalfIdentified = lineStart === "SSH-" && bytes <= longestBannerBytes;
      if (isIdentified || isHalfIdentified || text.trim() === "") return undefined;
      return Buffer.from(text, "latin1").toString();
    },
    isIdentified: () => isIdentified,
    isTooLong: () => !isIdentified && bytes > longestBannerBytes,
  };
}

const newline = 10;
