import type { Look } from "./render";
import type { WindowsModel } from "./windows-model";

/**
 * What a login may do: everything; only list sessions; list only its own sessions, as without an administrator's token; or
 * nothing, where the tools say that access is denied or, in some versions, that nobody exists.
 */
export type Rights = "full-control" | "query-only" | "own-sessions" | "none" | "none-says-nobody";

/** The host that runs a command, or the one named by `/server:`. */
export interface Machine {
  readonly model: WindowsModel;
  readonly look: Look;
  /** Whether messages to disconnected sessions are accepted. Default: false. */
  readonly messagesReachDisconnected?: boolean;
  /** Tools that are missing, such as `qwinsta` on Home editions. */
  readonly missingTools?: readonly string[];
  /** Whether Git's tools, including `uname`, are on the path of every shell. Default: false. */
  readonly unixTools?: boolean;
  /** What cmd's AutoRun or a PowerShell profile prints before every command. Default: nothing. */
  readonly greeting?: string;
  /** The same for standard error. Default: nothing. */
  readonly errorGreeting?: string;
  /**
   * Restarts the host so many milliseconds after `answered`. Returns whether it will: not if a restart is under way. Absent: the
   * host has no plan for that, and `shutdown` is not scripted.
   */
  readonly shutDown?: (afterMs: number, answered: Promise<void>) => boolean;
}

/** Who runs a command. */
export interface Caller {
  readonly user: string;
  readonly rights: Rights;
  readonly method: "password" | "publickey" | "keyboard-interactive";
}

/** What a lab program can see and do. */
export interface ProgramContext {
  readonly here: Machine;
  readonly caller: Caller;
  readonly args: readonly string[];
  /** The complete standard input, once it has ended. Rejects if the command is killed. */
  stdin(): Promise<Buffer>;
  /** Rejects if the command is killed. */
  wait(ms: number | "for-ever"): Promise<void>;
  /** Another host of the same lab, by computer name or address, case-insensitive. */
  peer(name: string): Machine | undefined;
  /** Resolves once the caller has the answer. Absent: at once. */
  readonly answered?: Promise<void>;
  /** Records something that must not happen; it makes the lab's `close` fail. */
  unexpected(what: string): void;
}

/** What a program printed, before encoding in the host's code page. */
export interface Reply {
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export type Program = (context: ProgramContext) => Reply | Promise<Reply>;

/** The switches and operands of a call: `/server:X` → `{ server: "X" }`, `/v` → `{ v: "" }`, in lower case. */
export function readArguments(args: readonly string[]): {
  readonly operands: readonly string[];
  readonly switches: Readonly<Record<string, string>>;
} {
  const operands = args.filter((arg) => !arg.startsWith("/"));
  const switches = args
    .filter((arg) => arg.startsWith("/"))
    .map((arg) => /^\/([^:]*):?(.*)$/s.exec(arg))
    .map((match) => [match?.[1]?.toLowerCase() ?? "", match?.[2] ?? ""] as const);
  return { operands, switches: Object.fromEntries(switches) };
}
