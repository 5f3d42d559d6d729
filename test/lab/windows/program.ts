import type { Look } from "./render";
import type { WindowsModel } from "./windows-model";

/**
 * What a login may do: everything; only look; look at its own sessions, as without an administrator's token; or not even that,
 * where the tools either say that access is denied or, on other versions, that nobody exists.
 */
export type Rights = "full-control" | "query-only" | "own-sessions" | "none" | "none-says-nobody";

/** The host that runs a command, or that `/server:` names. */
export interface Machine {
  readonly model: WindowsModel;
  readonly look: Look;
  /** Whether a message to a disconnected session is accepted. Absent: it is refused. */
  readonly messagesReachDisconnected?: boolean;
  /** Tools that are not installed, as on Home editions: `qwinsta`. */
  readonly missingTools?: readonly string[];
  /** Git's tools are on the path of every shell, `uname` among them. Absent: they are not. */
  readonly unixTools?: boolean;
  /** What cmd's AutoRun or a PowerShell profile prints before every command. Absent: nothing. */
  readonly greeting?: string;
  /** What it prints there on standard error. Absent: nothing. */
  readonly errorGreeting?: string;
}

/** Who runs a command. */
export interface Caller {
  readonly user: string;
  readonly rights: Rights;
  readonly method: "password" | "publickey" | "keyboard-interactive";
}

/** What a program of the lab can see and do. */
export interface ProgramContext {
  readonly here: Machine;
  readonly caller: Caller;
  readonly args: readonly string[];
  /** All of standard input, once it has ended. Rejects when the command is killed. */
  stdin(): Promise<Buffer>;
  /** Rejects when the command is killed. */
  wait(ms: number | "for-ever"): Promise<void>;
  /** Another host of the same lab, by computer name or address, in any case. */
  peer(name: string): Machine | undefined;
  /** Notes something that must not happen; the lab's `close` fails with it. */
  unexpected(what: string): void;
}

/** What a program printed, before it is put into the host's code page. */
export interface Reply {
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export type Program = (context: ProgramContext) => Reply | Promise<Reply>;

/** The switches and operands of one call: `/server:X` → `{ server: "X" }`, `/v` → `{ v: "" }`, in lower case. */
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
