import { close, constants, fstat, open, read, type Stats } from "node:fs";
import { promisify } from "node:util";
import { decodeText } from "../base/decode-text";
import { describeSystemError } from "./system-error";

/** Limits reading from an endless device; a known_hosts file of a million lines is smaller. */
const maxFileBytes = 256 * 1024 * 1024;

/** Thrown for a pipe: files are read once per host, but a pipe would be empty for the second host. */
class IsPipe extends Error {}

/**
 * The text of a file, decoded according to its byte order mark. Pipes are rejected without waiting for a writer.
 * @param check is called before anything is read, and may throw
 * @param maxBytes is the largest size accepted (default: 256 MiB)
 * @throws Error, which {@link whyUnreadable} describes
 */
export async function readTextFile(
  path: string,
  check: (status: Stats) => void = () => undefined,
  maxBytes = maxFileBytes,
): Promise<string> {
  // Windows has neither this flag nor named pipes in the file system.
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
 * The reason why a file cannot be read, as a predicate such as `cannot be read: permission denied`.
 * @param alternative is appended to the advice "use a file" if the file is a pipe
 */
export function whyUnreadable(thrown: unknown, alternative = ""): string {
  if (thrown instanceof IsPipe) return `is a pipe, which can be read only once; use a file${alternative}`;
  return `cannot be read: ${describeSystemError(thrown)}`;
}

/** Replaces node's readFile, which takes an error of an open file, such as EISDIR, for the end of the file. */
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
