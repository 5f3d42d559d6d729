/** Ends what this process has started if it is killed itself, which no handler of its own can do. */
import { spawn } from "node:child_process";

export interface Watchdog {
  /** Watches the process and the group of this number until the returned function is called. */
  readonly watch: (pid: number) => () => void;
}

/**
 * Reads lines from this process: `+ PID` and `- PID`. Its input ends with this process, however that ends. ssh itself does not notice: a login that
 * the host does not answer and a command that runs for ever would stay, and a master with them.
 */
const script = `# session-logoff: waits for the end of the process that started it
pids=
while read -r sign pid; do
  if [ "$sign" = + ]; then pids="$pids $pid"; continue; fi
  kept=
  for each in $pids; do [ "$each" = "$pid" ] || kept="$kept $each"; done
  pids=$kept
done
for each in $pids; do kill -KILL "-$each"; kill -KILL "$each"; done 2>/dev/null
rm -rf -- "$0"
`;

/** @param folder is the private folder, which is removed too */
export function startWatchdog(folder: string): Watchdog {
  const child = spawn("/bin/sh", ["-c", script, folder], {
    stdio: ["pipe", "ignore", "ignore"],
    // Ctrl-C at the terminal must not end it before this process.
    detached: true,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
  });
  const { stdin } = child;
  child.on("error", () => undefined).unref();
  stdin.on("error", () => undefined);
  // It must not keep this process alive.
  (stdin as unknown as { unref?: () => void }).unref?.();
  const tell = (sign: "+" | "-", pid: number): void => {
    if (stdin.writable) stdin.write(`${sign} ${pid}\n`);
  };
  return {
    watch: (pid) => {
      tell("+", pid);
      return () => tell("-", pid);
    },
  };
}
