import { checkedTerminal, groupLine } from "./shell";

/** The processes of a host. */
export interface Processes {
  readonly parentOf: ReadonlyMap<number, number>;
  readonly childrenOf: ReadonlyMap<number, readonly number[]>;
  /** Terminals whose name may enter a command line. */
  readonly terminalOf: ReadonlyMap<number, string>;
  /** Processes with a terminal of any kind, serial lines and consoles of virtual machines included. */
  readonly withTerminal: ReadonlySet<number>;
}

/** A line of `ps -A -o pid= -o ppid= -o tty=`. */
export const processLine = /^ *([0-9]{1,10}) +([0-9]{1,10}) +(\S+) *$/u;

/** Reads such lines; other lines are ignored. */
export function readProcesses(lines: readonly string[]): Processes {
  const parentOf = new Map<number, number>();
  const childrenOf = new Map<number, number[]>();
  const terminalOf = new Map<number, string>();
  const withTerminal = new Set<number>();
  for (const line of lines) {
    const [, first, second, tty] = processLine.exec(line) ?? [];
    if (tty === undefined) continue;
    const [pid, parent] = [Number(first), Number(second)];
    parentOf.set(pid, parent);
    const siblings = childrenOf.get(parent);
    if (siblings === undefined) childrenOf.set(parent, [pid]);
    else siblings.push(pid);
    if (tty !== "?" && tty !== "-") withTerminal.add(pid);
    const terminal = checkedTerminal(tty);
    if (terminal !== undefined) terminalOf.set(pid, terminal);
  }
  return { parentOf, childrenOf, terminalOf, withTerminal };
}

/**
 * The terminal of the process that is nearest to a session's leader, the leader included. sshd opens the session before it has a terminal, so
 * logind knows the terminal only from utmp, which older versions do not read and newer systems lack. The nearest, because `tmux`, `screen`
 * and `sudo` create further terminals that nobody watches.
 */
export function terminalBelow(leader: number, processes: Processes): string | undefined {
  const { terminalOf } = processes;
  for (const level of levelsBelow(leader, processes)) {
    const owner = level.reduce((found, pid) => (terminalOf.has(pid) && pid < found ? pid : found), Infinity);
    if (owner !== Infinity) return terminalOf.get(owner);
  }
  return undefined;
}

/** Whether the leader of a session or any process below it has a terminal of any kind. */
export function hasTerminalBelow(leader: number, processes: Processes): boolean {
  return levelsBelow(leader, processes).some((level) => level.some((pid) => processes.withTerminal.has(pid)));
}

/** The process itself, its children, their children and so on. */
function levelsBelow(pid: number, { parentOf, childrenOf }: Processes): readonly (readonly number[])[] {
  const levels: (readonly number[])[] = [];
  const seen = new Set<number>();
  let level: readonly number[] = parentOf.has(pid) ? [pid] : [];
  while (level.length > 0) {
    levels.push(level);
    for (const each of level) seen.add(each);
    level = level.flatMap((each) => childrenOf.get(each) ?? []).filter((each) => !seen.has(each));
  }
  return levels;
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
