import { close, constants, fstat, open, read, type Stats } from "node:fs";
import { Socket } from "node:net";
import { promisify } from "node:util";

/** What a file held. */
export interface FileText {
  readonly text: string;
  /** It was a pipe, which gives what it holds only once: `<(command)`. */
  readonly once: boolean;
}

/**
 * The text of a file. A pipe is awaited without a thread: one that never answers would take one of the four that all files and
 * name lookups of a process share, and keep the process from ending. It keeps no process alive either, so whoever waits for
 * it needs a deadline.
 * @param check is called before anything is read, and may throw
 * @param maxBytes ends the reading of a pipe; what is longer is cut behind it
 * @throws Error of node:fs
 */
export async function readTextFile(
  path: string,
  check: (status: Stats) => void,
  maxBytes: number,
): Promise<FileText> {
  // Windows has no such flag, and no such pipes.
  const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0;
  const file = await promisify(open)(path, constants.O_RDONLY | nonBlocking);
  let isOurs = true;
  try {
    const status = await promisify(fstat)(file);
    check(status);
    if (!status.isFIFO()) return { text: await readWhole(file), once: false };
    isOurs = false;
    return { text: await readPipe(file, maxBytes), once: true };
  } finally {
    if (isOurs) await promisify(close)(file);
  }
}

/** Not node's own readFile: it takes an error of an open file, such as EISDIR, for the file's end. */
async function readWhole(file: number): Promise<string> {
  const chunks: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(64 * 1024);
    const { bytesRead } = await promisify(read)(file, buffer, 0, buffer.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks).toString("utf8");
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** The socket closes the file. */
function readPipe(file: number, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = new Socket({ fd: file, readable: true, writable: false });
    const done = (): void => {
      resolve(Buffer.concat(chunks).toString("utf8"));
      socket.destroy();
    };
    socket.unref();
    socket.on("error", reject);
    socket.on("end", done);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) done();
    });
  });
}
