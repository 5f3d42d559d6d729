import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "../base/clock";
import { systemFolder } from "./windows-programs";

/** A process that leads a group, by its number: the group may outlive it. */
export type Leader = Pick<ChildProcess, "pid">;

/** Ends a process and every process that it started. Does nothing if it has already ended. Never throws. */
export type EndTree = (leader: Leader) => void;

/** The {@link EndTree} of a platform: `taskkill` on Windows; elsewhere the process group, which the child must lead. */
export function endTree(platform: NodeJS.Platform, env?: NodeJS.ProcessEnv): EndTree {
  return ({ pid }) => {
    if (pid === undefined) return;
    if (platform === "win32") {
      const killer = spawn(`${systemFolder(env)}\\taskkill.exe`, ["/pid", String(pid), "/t", "/f"], {
        stdio: "ignore",
        windowsHide: true,
      });
      killer.on("error", () => kill(pid));
      killer.unref();
      return;
    }
    kill(-pid);
  };
}

/** Kills a process, or the group of a negative number. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: it has already ended
  }
}

/** How a process group is asked to end, and the milliseconds that it has until it is killed. */
export interface GentleEnd {
  readonly signal: NodeJS.Signals;
  readonly withinMs: number;
}

const lookEveryMs = 50;
const never = new AbortController().signal;

/**
 * Sends a signal to the process group of the leader, at once, and SIGKILL if anything of it is left after the given time. On Windows
 * the tree is ended at once. Resolves when nothing is left. Never rejects.
 */
export async function endGroup(
  leader: Leader,
  clock: Clock,
  { signal, withinMs }: GentleEnd,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  if (platform === "win32") {
    endTree(platform)(leader);
    return;
  }
  const startMs = clock.now();
  let isLeft = signalGroup(leader, signal);
  while (isLeft && clock.now() - startMs < withinMs) {
    await clock.sleep(lookEveryMs, never);
    isLeft = signalGroup(leader, 0);
  }
  if (isLeft) signalGroup(leader, "SIGKILL");
}

/**
 * Sends a signal to the process group of the leader; 0 only looks. Returns whether anything of it is left that we may end: what
 * belongs to another user cannot be ended by us. Never throws.
 */
export function signalGroup({ pid }: Leader, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}
