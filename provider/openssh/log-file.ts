/** Reads the logs of ssh, which a host can make as long as it likes: what it says for debugging is logged even before its key is known. */
import { open, stat } from "node:fs/promises";
import type { Clock } from "../base/clock";
import { LogoffError } from "../base/errors";

/** Far more than ssh itself logs of a login, or of a command. */
const mostBytes = 1024 * 1024;
/** A log that is longer fills the private folder. */
const tooManyBytes = 8 * mostBytes;
/** How often to look at the log of a login, and at that of a connection, of which there may be hundreds. */
export const loginLogMs = 250;
export const openLogMs = 1000;

/** The beginning of a log; empty if there is none. Never rejects. */
export function readLogStart(path: string): Promise<string> {
  return readPart(path, () => 0);
}

/** The end of a log; empty if there is none. Never rejects. */
export function readLogEnd(path: string): Promise<string> {
  return readPart(path, (size) => Math.max(0, size - mostBytes));
}

async function readPart(path: string, startOf: (size: number) => number): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, mostBytes)), {
        position: startOf(size),
      });
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}

/** The error for a connection whose log is too long. */
export function logTooLong(label: string): LogoffError {
  const message = `Lost the connection to "${label}": the host, or somebody on the way to it, sends messages without end`;
  return new LogoffError("connection-lost", message);
}

/** Calls back once if the log becomes far too long. Returns a function that stops looking. */
export function limitLog(
  path: string,
  everyMs: number,
  clock: Pick<Clock, "after">,
  tooLong: () => void,
): () => void {
  let stopTimer = (): void => undefined;
  let over = false;
  const look = (): void => {
    stopTimer = clock.after(everyMs, () => {
      void stat(path)
        .then(({ size }) => size > tooManyBytes)
        .catch(() => false)
        .then((isTooLong) => {
          if (over) return;
          if (isTooLong) tooLong();
          else look();
        });
    });
  };
  look();
  return () => {
    over = true;
    stopTimer();
  };
}
