import type { Algorithms } from "ssh2";
import type { CommandRecord } from "../command-record";
import type { CommandFault, ConnectionTrouble } from "../faults";
import type { Shell } from "../windows/command-line";
import type { Machine } from "../windows/program";
import type { KeyPair } from "./keys";
import type { LoginRules } from "./login";

/** How the server in front of a host behaves. */
export interface SshOptions extends Partial<Omit<LoginRules, "users">> {
  /** Milliseconds before the banner. */
  readonly connectDelayMs?: number;
  /** Milliseconds before each command starts. */
  readonly commandDelayMs?: number;
  /** Resets the connection when the client says goodbye. */
  readonly resetAtGoodbye?: boolean;
  /** What happens to the first connections, one each. */
  readonly connectionTroubles?: readonly ConnectionTrouble[];
  readonly faults?: readonly CommandFault[];
  /** Channels at once on a connection; sshd's default is 10. */
  readonly maxSessions?: number;
  /** Programs do not end before their standard input does. */
  readonly waitsForStdin?: boolean;
  /** Very old servers say 0, whatever the program said. */
  readonly alwaysExitsZero?: boolean;
  /** Lets clients open connections to other loopback addresses through it, as a jump host. Absent: true. */
  readonly forwards?: boolean;
  readonly algorithms?: Algorithms;
  /** The version in the banner, behind `SSH-2.0-`. */
  readonly ident?: string;
}

/** What the server needs of the lab around it. */
export interface SshHostContext {
  readonly machine: Machine;
  readonly shell: Shell;
  readonly users: LoginRules["users"];
  readonly hostKeys: readonly KeyPair[];
  readonly options: SshOptions;
  readonly onCommand: (record: CommandRecord) => void;
  readonly nextSeq: () => number;
  readonly nowMs: () => number;
  readonly peer: (name: string) => Machine | undefined;
  readonly unexpected: (what: string) => void;
}
