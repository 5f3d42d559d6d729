/** Ends what this process has started if it is killed itself, which no handler of its own can do. */
import { spawn } from "node:child_process";

export interface Watchdog {
  /** Watches the process and the group of this number until the returned function is called. */
  readonly watch: (pid: number) => () => void;
}

/**
 * Reads lines from this process: `+ PID` and `- PID`. Its input ends with this process, however that ends. Not every program notices that by
 * itself: a proxy command that hangs, a login of ssh that the host does not answer, a command that runs for ever, and a master would stay.
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
[ $# -eq 0 ] || rm -rf -- "$1"
`;

/** Not on Windows, which has neither the shell nor process groups. @param folder is removed too, if there is one */
export function startWatchdog(folder?: string): Watchdog {
  const folders = folder === undefined ? [] : [folder];
  const child = spawn("/bin/sh", ["-c", script, "session-logoff", ...folders], {
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
