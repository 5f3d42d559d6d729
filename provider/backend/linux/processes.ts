import { checkedTerminal, groupLine } from "./shell";

/** One line of `ps -A -o pid= -o ppid= -o tty=`. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly terminal: string | undefined;
}

/** Reads a process table; lines that are none are passed over, since it only adds what logind does not know. */
export function readProcesses(lines: readonly string[]): readonly Process[] {
  return lines.flatMap((line) => {
    const [, pid, parent, tty] = /^\s*([0-9]+)\s+([0-9]+)\s+(\S+)\s*$/u.exec(line) ?? [];
    return tty === undefined
      ? []
      : [{ pid: Number(pid), parent: Number(parent), terminal: checkedTerminal(tty) }];
  });
}

/**
 * The terminal of the process nearest below a session's leader. sshd opens the session before it has a terminal, so
 * logind knows it only from utmp, which older versions do not read and newer systems do not have. Nearest, because
 * `tmux`, `screen` and `sudo` make further terminals that nobody looks at.
 */
export function terminalBelow(leader: number, processes: readonly Process[]): string | undefined {
  const seen = new Set<number>();
  let level = processes.filter(({ pid }) => pid === leader);
  while (level.length > 0) {
    const found = level.find(({ terminal }) => terminal !== undefined);
    if (found !== undefined) return found.terminal;
    for (const { pid } of level) seen.add(pid);
    level = processes.filter(({ pid, parent }) => !seen.has(pid) && seen.has(parent));
  }
  return undefined;
}

/** How many processes each session's group holds, and which group a process is in. */
export interface Groups {
  readonly counts: ReadonlyMap<string, number>;
  readonly sessionOf: ReadonlyMap<number, string>;
}

/** Reads lines like `/proc/63/cgroup:0::/user.slice/user-1000.slice/session-5.scope`. */
export function readGroups(lines: readonly string[]): Groups {
  const sessionOf = new Map<number, string>();
  for (const line of lines) {
    const { pid, id } = groupLine.exec(line)?.groups ?? {};
    if (pid !== undefined && id !== undefined) sessionOf.set(Number(pid), id);
  }
  const counts = new Map<string, number>();
  for (const id of sessionOf.values()) counts.set(id, (counts.get(id) ?? 0) + 1);
  return { counts, sessionOf };
}
