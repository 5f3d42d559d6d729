import { groupLine } from "./shell";

/** The processes of a host. */
export interface Processes {
  readonly parentOf: ReadonlyMap<number, number>;
  /**
   * The terminal of the nearest process at or below each process, of any kind and as `ps` prints it. `checkedTerminal` tells
   * whether it may enter a command line. sshd opens a session before it has a terminal, so logind knows the terminal only from utmp,
   * which older versions do not read and newer systems lack: it is found below the session's leader. The nearest one, because `tmux`,
   * `screen` and `sudo` create further terminals that nobody watches.
   */
  readonly nearestTerminal: ReadonlyMap<number, string>;
}

/** A line of `ps -A -o pid= -o ppid= -o tty=`. */
export const processLine = /^ *([0-9]{1,10}) +([0-9]{1,10}) +(\S+) *$/u;

/** Reads such lines; other lines are ignored. */
export function readProcesses(lines: readonly string[]): Processes {
  const parentOf = new Map<number, number>();
  const terminalOf = new Map<number, string>();
  for (const line of lines) {
    const [, first, second, tty] = processLine.exec(line) ?? [];
    if (tty === undefined) continue;
    const pid = Number(first);
    parentOf.set(pid, Number(second));
    if (tty !== "?" && tty !== "-") terminalOf.set(pid, tty);
  }
  return { parentOf, nearestTerminal: nearestTerminals(parentOf, terminalOf) };
}

/** Climbs from all terminals at once, one generation at a time. Of two terminals equally near, the lower process ID wins. */
function nearestTerminals(
  parentOf: ReadonlyMap<number, number>,
  terminalOf: ReadonlyMap<number, string>,
): ReadonlyMap<number, string> {
  const nearest = new Map([...terminalOf].sort(([a], [b]) => a - b));
  // The loop also visits the entries that it adds, after all earlier ones.
  for (const [pid, terminal] of nearest) {
    const parent = parentOf.get(pid);
    if (parent !== undefined && parentOf.has(parent) && !nearest.has(parent)) nearest.set(parent, terminal);
  }
  return nearest;
}

/** The ancestors of a process, nearest first, without the first process of the host. */
export function ancestorsOf(pid: number, { parentOf }: Processes): ReadonlySet<number> {
  const above = new Set<number>();
  for (
    let next = parentOf.get(pid);
    next !== undefined && next > 1 && !above.has(next);
    next = parentOf.get(next)
  ) {
    above.add(next);
  }
  return above;
}

/** Reads lines like `4 0::/user.slice/user-1000.slice/session-5.scope`: how many processes each session's group holds. */
export function readGroups(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const { count, id } = groupLine.exec(line)?.groups ?? {};
    // A process may be in a group of the session in several hierarchies.
    if (id !== undefined) counts.set(id, Math.max(Number(count ?? 1), counts.get(id) ?? 0));
  }
  return counts;
}
