import { spawn, type ChildProcess } from "node:child_process";
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
