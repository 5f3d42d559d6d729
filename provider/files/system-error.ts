import { printable } from "../base/text";

const meanings: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of its path is not a folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EFBIG: "it is too large",
  EMFILE: "this process has too many open files",
};

/** Why the system refused a file, without the names of system calls. */
export function describeSystemError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "unknown reason";
  const { code } = thrown as NodeJS.ErrnoException;
  return meanings[code ?? ""] ?? printable(thrown.message);
}
