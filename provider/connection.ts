/**
 * The narrow waist between the story (which sessions, in which order) and the ways to reach a machine. Types only:
 * the story receives a {@link Connect} and never learns whether SSH, a relay or this very machine is behind it.
 */

/** The operating system behind a host, as far as it decides which commands are sent. */
export type Platform = "windows" | "linux";

/** Where a credential comes from. Files and variables stay references until the moment they are used. */
export type Secret =
  | { readonly from: "value"; readonly value: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "env"; readonly name: string };

/** What we may log in with, in the order of attempts: private keys, agent, password (also keyboard-interactive). */
export interface Login {
  readonly privateKeys: readonly Secret[];
  /** Opens the private keys that are encrypted. */
  readonly passphrase?: Secret;
  readonly password?: Secret;
  /** Path of an agent's socket or pipe; `true` is the one of `SSH_AUTH_SOCK`, `false` forbids every agent; absent: none was named. */
  readonly agent?: string | boolean;
}

/** How a host proves that it is the host. Pinned keys win over everything else. */
export interface HostKeyPolicy {
  /** `SHA256:…` fingerprints or public keys in known_hosts form; empty: known_hosts decides. */
  readonly pinned: readonly string[];
  /** known_hosts text given by value; consulted before the files. */
  readonly knownHosts?: string;
  /** known_hosts files; absent: those of OpenSSH (`~/.ssh/known_hosts`, `~/.ssh/known_hosts2`, the system's). */
  readonly knownHostsFiles?: readonly string[];
  readonly strict: "yes" | "accept-new" | "no";
}

/** One machine that we connect to, with all that it takes. Only `label` may reach a report, an error or a log line. */
export interface Host {
  /** Identity: lower-case `address:port`, with `>server` for a relay. */
  readonly label: string;
  readonly address: string;
  /** Absent: ssh_config or 22 decides. */
  readonly port?: number;
  /** Absent: ssh_config or the name of the local user decides. */
  readonly user?: string;
  /** The machine that the commands act on through `/server:`; absent: the host itself. */
  readonly server?: string;
  /** The local machine, reached without SSH. */
  readonly local?: boolean;
  /** Absent: found out after connecting. */
  readonly platform?: Platform;
  readonly login: Login;
  readonly hostKeys: HostKeyPolicy;
  /** Machines that the connection goes through, nearest to us first. */
  readonly jumpHosts: readonly Host[];
  /** `true` for OpenSSH's own files, or the path of one; absent: ssh_config is not read. */
  readonly sshConfig?: string | true;
  /** Fields that hold a default nobody asked for, so that ssh_config may change them; absent: none. */
  readonly undecided?: readonly ("strictHostKeyChecking" | "keepalive" | "connectTimeout")[];
  readonly algorithms: "default" | "legacy";
  /** Milliseconds between keepalives, 0 for none; three unanswered ones end the connection. */
  readonly keepaliveMs: number;
  /** Milliseconds from the first packet to the end of login, retries included; each jump host has its own. */
  readonly connectTimeoutMs: number;
}

/**
 * What a command left behind. It ended with a code or was ended by a signal, never neither: a channel that closes
 * without saying which is a lost connection and rejects instead.
 */
export type ExecResult = { readonly stdout: Uint8Array; readonly stderr: Uint8Array } & (
  { readonly code: number; readonly signal?: never } | { readonly signal: string; readonly code?: never }
);

export interface ExecOptions {
  /** Written to standard input, which is closed in any case: some Windows programs wait for its end. */
  readonly stdin?: Uint8Array;
  /** Milliseconds until the command is given up with `timed-out`; the connection stays usable if it still is. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The command may block while others run: it leaves the connection room for them. */
  readonly mayBlock?: boolean;
  /**
   * Called when the command's turn has come on a connection that lives, right before it is sent, and again before each further
   * try when the host had no room for it: then it was not sent before. What it throws is thrown, and nothing is sent.
   */
  readonly onTurn?: () => void;
  /** Called when the host had no room for the command: the try that was told last was not sent. */
  readonly onNoRoom?: () => void;
}

/**
 * Runs one command without a terminal and resolves with all that it printed.
 * @throws LogoffError `connection-lost`, `timed-out`, `aborted`, `command-failed` (the host refused to start it)
 */
export type Exec = (command: string, options: ExecOptions) => Promise<ExecResult>;

export interface Connection {
  readonly exec: Exec;
  /** What the operator should know about this connection, such as an unchecked host key. Grows while commands run. */
  readonly warnings: readonly string[];
  /** Ends everything that belongs to the connection, jump hosts included. Never rejects; may be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a connection: host key first, then login.
 * @throws LogoffError `host-unreachable`, `jump-host-failed`, `host-key-*`, `auth-*`, `no-common-algorithm`,
 * `timed-out`, `aborted`
 */
export type Connect = (host: Host, signal: AbortSignal) => Promise<Connection>;

/**
 * For each host, by its label, the labels of those of the same run that its connection goes through. A plan knows only the jump
 * hosts that it names itself, not those of ssh_config.
 */
export type FindJumpHosts = (
  hosts: readonly Host[],
  signal?: AbortSignal,
) => Promise<ReadonlyMap<string, readonly string[]>>;

/** The ways to the hosts of a run. */
export interface Reach {
  readonly connect: Connect;
  /** Absent: connections go only through the jump hosts that the plan names. */
  readonly findJumpHosts?: FindJumpHosts;
}
