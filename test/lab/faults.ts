/**
 * What goes wrong with one connection:
 * - `reset`: the connection is reset before the banner;
 * - `full`: it is closed before the banner, as sshd does when MaxStartups is exceeded;
 * - `silent`: it is accepted, but no banner ever comes;
 * - `dropped-before-login`, `dropped-after-login`: it is reset at that point.
 */
export type ConnectionTrouble = "reset" | "full" | "silent" | "dropped-before-login" | "dropped-after-login";

/**
 * What goes wrong with one command:
 * - `drop-before`, `drop-after`: the connection is reset before or after the command has done its work;
 * - `hang`, `hang-after`: no answer ever comes; `hang-after` does the work first;
 * - `no-exit-status`: the channel closes without an exit status;
 * - `open-failed`: the channel is refused;
 * - `not-started`: the request to run it is refused;
 * - signal, code, stdout, stderr: that part of the answer is replaced, but the work is done; `instead`: the work is not done;
 * - delayMs: the answer is delayed.
 */
export type CommandTrouble =
  | "drop-before"
  | "drop-after"
  | "hang"
  | "hang-after"
  | "no-exit-status"
  | "not-started"
  | {
      readonly signal?: string;
      readonly code?: number;
      readonly stdout?: string | Uint8Array;
      readonly stderr?: string | Uint8Array;
      readonly instead?: boolean;
      readonly delayMs?: number;
    };

/** A scripted fault. */
export interface CommandFault {
  /** Affects the commands that contain the text or match the expression. Default: all. */
  readonly on?: string | RegExp;
  /** How many of them pass first, counted from when the fault was added. Default: 0. */
  readonly after?: number;
  /** How many of them are affected. Default: 1. */
  readonly times?: number;
  readonly trouble: CommandTrouble;
}

/** Returns faults in the order in which they were added; the first match wins. */
export interface FaultScript {
  add(fault: CommandFault): void;
  clear(): void;
  next(command: string): CommandTrouble | undefined;
}

export function createFaultScript(faults: readonly CommandFault[] = []): FaultScript {
  const entries: { readonly fault: CommandFault; seen: number }[] = [];
  const add = (fault: CommandFault): void => void entries.push({ fault, seen: 0 });
  faults.forEach(add);
  return {
    add,
    clear: () => entries.splice(0),
    next: (command) => {
      // Each fault counts every command that it matches, even if another fault is applied to it.
      const fitting = entries.filter(({ fault: { on } }) => isAbout(on, command));
      for (const entry of fitting) entry.seen += 1;
      const first = fitting.find(
        ({ fault: { after = 0, times = 1 }, seen }) => seen > after && seen <= after + times,
      );
      return first?.fault.trouble;
    },
  };
}

function isAbout(on: string | RegExp | undefined, command: string): boolean {
  if (on === undefined) return true;
  return typeof on === "string" ? command.includes(on) : command.search(on) !== -1;
}

/** What goes wrong with a line that may run several programs. */
export interface LineTrouble {
  /** What goes wrong with the line as a whole. */
  readonly whole: CommandTrouble | undefined;
  /** The answers of single programs, by their place among the programs. */
  readonly parts: ReadonlyMap<number, Exclude<CommandTrouble, string>>;
}

/** Looks for faults of each program of a line. A connection that is lost, or an answer that never comes, is the trouble of the whole line. */
export function troubleOf(faults: FaultScript, line: string, programs: readonly string[]): LineTrouble {
  if (programs.length <= 1) return { whole: faults.next(line), parts: new Map() };
  const found = programs.map((program) => faults.next(program));
  const delayMs = found.reduce((ms, one) => ms + (typeof one === "object" ? (one.delayMs ?? 0) : 0), 0);
  return {
    whole: found.find((one) => typeof one === "string") ?? (delayMs === 0 ? undefined : { delayMs }),
    parts: new Map(found.flatMap((one, index) => (typeof one === "object" ? [[index, one] as const] : []))),
  };
}
