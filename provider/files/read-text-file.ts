import { close, constants, fstat, open, read, type Stats } from "node:fs";
import { promisify } from "node:util";
import { decodeText } from "../base/decode-text";

/** Limits the reading of a device that never ends; a known_hosts file of a million lines is smaller. */
const longestFileBytes = 256 * 1024 * 1024;

/** A pipe can be read only once, and a file is read for every host: the second reader would find it empty. */
class IsPipe extends Error {}

/**
 * The text of a file, read by its byte order mark. Pipes are refused without waiting for their writer.
 * @param check is called before anything is read, and may throw
 * @throws Error, which {@link whyUnreadable} describes
 */
export async function readTextFile(
  path: string,
  check: (status: Stats) => void = () => undefined,
  maxBytes = longestFileBytes,
): Promise<string> {
  // Windows has no such flag, and no such pipes.
  const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0;
  const file = await promisify(open)(path, constants.O_RDONLY | nonBlocking);
  try {
    const status = await promisify(fstat)(file);
    if (status.isFIFO()) throw new IsPipe();
    check(status);
    return decodeText(await readBytes(file, maxBytes));
  } finally {
    await promisify(close)(file);
  }
}

/**
 * Why a file cannot be read, as the end of a sentence about it.
 * @param orElse an alternative to a pipe, appended to "use a file"
 */
export function whyUnreadable(thrown: unknown, orElse = ""): string {
  if (thrown instanceof IsPipe) return `is a pipe, which can be read only once; use a file${orElse}`;
  return `cannot be read: ${(thrown as NodeJS.ErrnoException).code ?? "unknown error"}`;
}

/** Not node's own readFile: it takes an error of an open file, such as EISDIR, for the file's end. */
async function readBytes(file: number, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  while (bytes <= maxBytes) {
    const buffer = Buffer.alloc(64 * 1024);
    const { bytesRead } = await promisify(read)(file, buffer, 0, buffer.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  throw Object.assign(new Error("The file is too large"), { code: "EFBIG" });
}
