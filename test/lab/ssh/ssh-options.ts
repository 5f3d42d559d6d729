import type { Algorithms } from "ssh2";
import type { CommandRecord } from "../command-record";
import type { CommandFault, ConnectionTrouble } from "../faults";
import type { Shell } from "../windows/command-line";
import type { ExecReply } from "../windows/commands";
import type { Machine } from "../windows/program";
import type { KeyPair } from "./keys";
import type { LoginRules } from "./login";

/**
 * Runs a command line. `stdin` resolves with the complete standard input and rejects if the command is killed, which `killed` says too.
 */
export type Executor = (
  command: string,
  stdin: () => Promise<Buffer>,
  killed: AbortSignal,
) => Promise<ExecReply>;

/** The behavior of a host's SSH server. */
export interface SshOptions extends Partial<Omit<LoginRules, "users">> {
  /** Delay before the banner, in milliseconds. */
  readonly connectDelayMs?: number;
  /** Delay before each command, in milliseconds. */
  readonly commandDelayMs?: number;
  /** Resets the connection when the client says goodbye. */
  readonly resetAtGoodbye?: boolean;
  /** Faults for the first connections, one each. */
  readonly connectionTroubles?: readonly ConnectionTrouble[];
  readonly faults?: readonly CommandFault[];
  /** The limit of concurrent channels on a connection; sshd's default is 10. */
  readonly maxSessions?: number;
  /** Programs do not end until their standard input does. */
  readonly waitsForStdin?: boolean;
  /** Always exits with 0, as very old servers do. */
  readonly alwaysExitsZero?: boolean;
  /** Whether the host acts as a jump host to other loopback addresses. Default: true. */
  readonly forwards?: boolean;
  /** Runs the commands instead of the lab's own shell and programs. */
  readonly executor?: Executor;
  readonly algorithms?: Algorithms;
  /** The version in the banner, after `SSH-2.0-`. */
  readonly ident?: string;
}

/** What the server needs from the lab. */
export interface SshHostContext {
  readonly machine: Machine;
  readonly shell: Shell;
  readonly users: LoginRules["users"];
  readonly hostKeys: readonly KeyPair[];
  readonly options: SshOptions;
  readonly onCommand: (record: CommandRecord) => void;
  readonly nextSeq: () => number;
  readonly nowMs: () => number;
  /** Whether every login is rejected now, as while a host starts. */
  readonly rejectsLogins: () => boolean;
  readonly peer: (name: string) => Machine | undefined;
  readonly unexpected: (what: string) => void;
}
