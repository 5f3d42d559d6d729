import type { Duplex } from "node:stream";

/** More than any greeting; what is longer is passed on as it comes, and ssh2 refuses it. */
const longestGreeting = 16 * 1024;

/**
 * Holds back what a host sends until its identification line is complete. ssh2 1.17 forgets all but the first piece of a
 * line that arrives in three or more (lib/protocol/Protocol.js, parseHeader), and waits for ever. Must be called before the
 * first byte is read.
 */
export function keepBannerWhole(stream: Duplex): void {
  const push = stream.push.bind(stream);
  let held = Buffer.alloc(0);
  // Both a socket and a channel hand incoming bytes to their own `push`; ours stands in front of it for the first line.
  stream.push = (chunk: Buffer | null, ...rest): boolean => {
    if (chunk !== null) held = Buffer.concat([held, chunk]);
    if (chunk !== null && held.length < longestGreeting && !/^SSH-[^\n]*\n/mu.test(held.toString("latin1")))
      return true;
    stream.push = push;
    if (held.length > 0) push(held, ...rest);
    return chunk === null ? push(null) : true;
  };
}
