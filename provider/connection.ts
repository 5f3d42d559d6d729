/**
 * The interface between a run (which sessions, in which order) and the ways to reach a host. A run receives a {@link Connect} and
 * does not know whether SSH or the local machine is behind it.
 */

/** The operating system of a host, which determines the commands that are sent. */
export type Platform = "windows" | "linux";

/** The source of a credential. Files and environment variables are not read until the credential is used. */
export type Secret =
  | { readonly from: "value"; readonly value: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "env"; readonly name: string };

/** The credentials to log in with, in the order in which they are tried: private keys, agent, password (also keyboard-interactive). */
export interface Login {
  readonly privateKeys: readonly Secret[];
  /** Decrypts the private keys that are encrypted. */
  readonly passphrase?: Secret;
  readonly password?: Secret;
  /** Path of an agent's socket or pipe; `true` is the agent of `SSH_AUTH_SOCK`, `false` forbids every agent; absent: not set. */
  readonly agent?: string | boolean;
}

/** How the key of a host is verified. Pinned keys take precedence over everything else. */
export interface HostKeyPolicy {
  /** `SHA256:…` fingerprints or public keys in known_hosts form; empty: known_hosts is used. */
  readonly pinned: readonly string[];
  /** Text of a known_hosts file; consulted before the files. */
  readonly knownHosts?: string;
  /** Paths of known_hosts files; absent: those of OpenSSH (`~/.ssh/known_hosts`, `~/.ssh/known_hosts2` and the system's). */
  readonly knownHostsFiles?: readonly string[];
  readonly strict: "yes" | "accept-new" | "no";
}

/** A host to connect to, with everything a connection needs. Only `label` may appear in a report, an error or a log line. */
export interface Host {
  /** The identity: lower-case `address:port`, followed by `>server` for a server behind a host. */
  readonly label: string;
  readonly address: string;
  /** Absent: the port of ssh_config, otherwise 22. */
  readonly port?: number;
  /** Absent: the user of ssh_config, otherwise the local user. */
  readonly user?: string;
  /** The machine on which the commands act through `/server:`; absent: the host itself. */
  readonly server?: string;
  /** Whether the host is the local machine, which is reached without SSH. */
  readonly local?: boolean;
  /**
   * Whether the host is awaited after a restart: connecting makes a single attempt, and a password is offered to one awaited host at a time.
   * Absent: it is not.
   */
  readonly awaited?: true;
  /** Absent: detected after connecting. */
  readonly platform?: Platform;
  readonly login: Login;
  readonly hostKeys: HostKeyPolicy;
  /** The machine's own `ssh`, also for the jump hosts; absent: the client of this package. */
  readonly client?: "openssh";
  /** The jump hosts, in the order in which the connection passes through them. */
  readonly jumpHosts: readonly Host[];
  /**
   * The command whose standard input and output carry the connection, with OpenSSH's tokens in it; only where `jumpHosts` is empty. `none`:
   * the host is reached directly, whatever ssh_config says. May hold a credential. Absent: not set.
   */
  readonly proxyCommand?: string;
  /** `true` for OpenSSH's own files, or the path of an ssh_config; absent: none is read. */
  readonly sshConfig?: string | true;
  /** Fields that the input did not set, so that ssh_config may override their defaults; absent: none. */
  readonly undecided?: readonly ("strictHostKeyChecking" | "keepalive" | "connectTimeout")[];
  readonly algorithms: "default" | "legacy";
  /** Milliseconds between keepalives, 0 for none; the connection ends after three without an answer. */
  readonly keepaliveMs: number;
  /** Milliseconds from the first packet to the end of the login, retries included; each jump host has its own timeout. */
  readonly connectTimeoutMs: number;
}

/**
 * The result of a command that exited with a code or was ended by a signal. A channel that closes without reporting either is a lost
 * connection, and {@link Exec} rejects.
 */
export type ExecResult = { readonly stdout: Uint8Array; readonly stderr: Uint8Array } & (
  { readonly code: number; readonly signal?: never } | { readonly signal: string; readonly code?: never }
);

export interface ExecOptions {
  /** Written to standard input, which is closed in any case because some Windows programs wait for its end. */
  readonly stdin?: Uint8Array;
  /** Milliseconds until the command fails with `timed-out`; the connection is not closed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Whether the command may block while others run; a channel of the connection is then kept free for the others. */
  readonly mayBlock?: boolean;
  /**
   * Awaited on a live connection right before the command is sent, and again before each retry after the host refused a channel: the
   * command that it announced before was not sent then. If it rejects, the command is not sent and the error is passed on.
   */
  readonly beforeSend?: () => Promise<void>;
}

/**
 * Runs a command without a terminal and resolves with its complete output.
 * @throws LogoffError `connection-lost`, `timed-out`, `aborted`, `command-failed` (the host refused to start it); `sent` is false where
 * the command was certainly not sent
 */
export type Exec = (command: string, options: ExecOptions) => Promise<ExecResult>;

export interface Connection {
  readonly exec: Exec;
  /** Warnings for the operator, such as an unchecked host key. Commands may add to them. */
  readonly warnings: readonly string[];
  /** Whether a proxy command carries it, to the host or to its first jump host. Absent: none does. */
  readonly usesProxyCommand?: boolean;
  /** Whether the login was made with a security key, which may want a touch for each connection. Absent: it was not. */
  readonly usesSecurityKey?: boolean;
  /** Closes the connection, including those to its jump hosts. Never rejects; may be called more than once. */
  close(): Promise<void>;
}

/**
 * Opens a connection: verifies the host key, then logs in.
 * @throws LogoffError `host-unreachable`, `jump-host-failed`, `host-key-*`, `auth-*`, `no-common-algorithm`,
 * `timed-out`, `aborted`
 */
export type Connect = (host: Host, signal: AbortSignal) => Promise<Connection>;

/**
 * Maps the label of each host to the labels of its jump hosts that are hosts of the same run. Includes the jump hosts of ssh_config,
 * which a plan does not contain.
 */
export type FindJumpHosts = (
  hosts: readonly Host[],
  signal?: AbortSignal,
) => Promise<ReadonlyMap<string, readonly string[]>>;

/** How the hosts of a run are reached. */
export interface Reach {
  readonly connect: Connect;
  /** Absent: connections only use the jump hosts of the plan. */
  readonly findJumpHosts?: FindJumpHosts;
}
