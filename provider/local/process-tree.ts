import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "../base/clock";
import { systemFolder } from "./system-command";

/** Ends a process and every process that it started. Does nothing if it has already ended. Never throws. */
export type EndTree = (child: ChildProcess) => void;

/** The {@link EndTree} of a platform: `taskkill` on Windows; elsewhere the process group, which the child must lead. */
export function endTree(platform: NodeJS.Platform, env?: NodeJS.ProcessEnv): EndTree {
  return (child) => {
    const { pid } = child;
    if (pid === undefined) return;
    if (platform === "win32") {
      const killer = spawn(`${systemFolder(env)}\\taskkill.exe`, ["/pid", String(pid), "/t", "/f"], {
        stdio: "ignore",
        windowsHide: true,
      });
      killer.on("error", () => child.kill("SIGKILL"));
      killer.unref();
      return;
    }
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // ESRCH: the whole group has already ended
    }
  };
}

/** How long a process group has to end after SIGTERM. */
const endsWithinMs = 10_000;
const lookEveryMs = 50;
const never = new AbortController().signal;

/**
 * Sends SIGTERM to the process group that the child leads, at once, and SIGKILL if anything of it is left after ten seconds. On Windows the
 * tree is ended at once. Resolves when nothing is left. Never rejects.
 */
export async function endGroup(
  child: ChildProcess,
  clock: Clock,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (platform === "win32") {
    endTree(platform)(child);
    return;
  }
  const signalled = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-pid, signal);
    } catch {
      // ESRCH: nothing is left. EPERM: what is left belongs to another user, and cannot be ended by us.
      return false;
    }
  };
  const startMs = clock.now();
  let isLeft = signalled("SIGTERM");
  while (isLeft && clock.now() - startMs < endsWithinMs) {
    await clock.sleep(lookEveryMs, never);
    isLeft = signalled(0);
  }
  if (isLeft) signalled("SIGKILL");
}
