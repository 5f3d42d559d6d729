import { spawn, type ChildProcess } from "node:child_process";
import { systemFolder } from "./system-command";

/** Ends a process and everything that it started. Never throws; the process may be gone already. */
export type EndTree = (child: ChildProcess) => void;

/** The way of a platform: the process group on POSIX, where the child leads one; `taskkill` on Windows. */
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
      // ESRCH: the whole group has ended by itself
    }
  };
}
