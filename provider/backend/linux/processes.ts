import { checkedTerminal, groupLine } from "./shell";

/** The processes of a host, by what is asked of them. */
export interface Processes {
  readonly parentOf: ReadonlyMap<number, number>;
  readonly childrenOf: ReadonlyMap<number, readonly number[]>;
  readonly terminalOf: ReadonlyMap<number, string>;
}

/** A line of `ps -A -o pid= -o ppid= -o tty=`. */
export const processLine = /^ *([0-9]{1,10}) +([0-9]{1,10}) +(\S+) *$/u;

/** Reads such lines; other lines are ignored. */
export function readProcesses(lines: readonly string[]): Processes {
  const parentOf = new Map<number, number>();
  const childrenOf = new Map<number, number[]>();
  const terminalOf = new Map<number, string>();
  for (const line of lines) {
    const [, first, second, tty] = processLine.exec(line) ?? [];
    if (tty === undefined) continue;
    const [pid, parent] = [Number(first), Number(second)];
    parentOf.set(pid, parent);
    const siblings = childrenOf.get(parent);
    if (siblings === undefined) childrenOf.set(parent, [pid]);
    else siblings.push(pid);
    const terminal = checkedTerminal(tty);
    if (terminal !== undefined) terminalOf.set(pid, terminal);
  }
  return { parentOf, childrenOf, terminalOf };
}

/**
 * The terminal of the process nearest below a session's leader, the leader included. sshd opens the session before it has a
 * terminal, so logind knows it only from utmp, which older versions do not read and newer systems do not have. Nearest, because
 * `tmux`, `screen` and `sudo` make further terminals that nobody watches.
 */
export function terminalBelow(
  leader: number,
  { parentOf, childrenOf, terminalOf }: Processes,
): string | undefined {
  const seen = new Set<number>();
  let level: readonly number[] = parentOf.has(leader) ? [leader] : [];
  while (level.length > 0) {
    const owner = level.reduce((found, pid) => (terminalOf.has(pid) && pid < found ? pid : found), Infinity);
    if (owner !== Infinity) return terminalOf.get(owner);
    for (const pid of level) seen.add(pid);
    level = level.flatMap((pid) => childrenOf.get(pid) ?? []).filter((pid) => !seen.has(pid));
  }
  return undefined;
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
