import { existsSync, readFileSync } from "node:fs";
import { until } from "../lab/until";

/** Whether a process of this ID runs; one that has ended and is not collected does not. */
export function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/su.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    if (existsSync("/proc/self/stat")) return false;
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until a command has written its process ID into a file, and resolves with it. */
export function pidIn(path: string): Promise<number> {
  return until(`${path} holds a process ID`, () => {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    return /^\d+\n/u.test(text) && Number(text);
  });
}

/** Waits until a process has ended. */
export async function isGone(pid: number): Promise<void> {
  await until(`process ${pid} is gone`, () => !runs(pid));
}
