/** The inputs of a run as plain values. `readPlan` checks every value; its type alone is not trusted. */

/** `"90s"`, `"15m"`, `"1h30m"`, or a number of seconds. */
export type Duration = string | number;

/**
 * Selects sessions of a host. A session must match every field that is present, and any one value within a field. An empty selector is
 * an error: use `all: true` to select everybody.
 */
export interface SessionSelectorArgs {
  /** Session IDs. An ID means a different person on every host, so with several hosts set it on the host. */
  ids?: readonly (string | number)[];
  /** Session names such as `TERM04`. `*` and `?` are wildcards; case is ignored. */
  names?: readonly string[];
  /** User names without a domain. `*` and `?` are wildcards; case is ignored. */
  users?: readonly string[];
  /** `active`: a client is connected; `disconnected`: the session runs without a client. */
  states?: readonly ("active" | "disconnected")[];
  /** Sessions without input for at least this long. A session whose idle time is unknown does not match. */
  idleFor?: Duration;
  /** Selects every session. Required if no other field is set. */
  all?: boolean;
  /** Whether the console session may be logged off. Default: false. */
  console?: boolean;
  /** Sessions that are kept even if they are selected. Default: none. */
  except?: SessionExceptionsArgs;
}

/** Sessions that are kept even if they are selected. */
export interface SessionExceptionsArgs {
  ids?: readonly (string | number)[];
  /** Session names; `*` and `?` are wildcards. */
  names?: readonly string[];
  /** User names; `*` and `?` are wildcards. A `DOMAIN\` prefix is ignored with a warning, because listings do not print it. */
  users?: readonly string[];
}

/** A session name, an ID, a list of names and IDs, `"current"` (the session of our own connection), or a selector. */
export type SessionsArgs = string | number | readonly (string | number)[] | SessionSelectorArgs;

/** How to reach and trust a host. A host's own value wins over the resource's, and that over the stack configuration's. */
export interface ConnectionArgs {
  /** The login name. Default: stack configuration `session-logoff:user`, then the local user's name. */
  user?: string;
  /** The SSH port. Default: 22. The port of a single host is part of its identity: write it as `host:port` instead. */
  port?: number;
  /** The text of a private key. Cannot be combined with `privateKeyFile`. Stored as a secret. */
  privateKey?: string;
  /** The path of a private key, relative to the program's folder; `~` is the home folder. */
  privateKeyFile?: string;
  /** The passphrase of the private key. Cannot be combined with `passphraseEnv`. Stored as a secret. */
  passphrase?: string;
  /** The environment variable of the `pulumi` process that holds the passphrase. */
  passphraseEnv?: string;
  /** The password, also for keyboard-interactive logins. Cannot be combined with `passwordEnv`. Stored as a secret. */
  password?: string;
  /** The environment variable of the `pulumi` process that holds the password. */
  passwordEnv?: string;
  /**
   * The SSH agent: true for the one at `SSH_AUTH_SOCK`, the path of another one, or false for none. Default: the one at `SSH_AUTH_SOCK` if no
   * credential is set.
   */
  agent?: boolean | string;
  /** The machines that the connection goes through, nearest to us first. Default: none. */
  jumpHosts?: readonly (string | JumpHostArgs)[];
  /** The text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files. */
  knownHosts?: string;
  /** The path of a known_hosts file. */
  knownHostsFile?: string;
  /** The only key that is accepted from this host: `SHA256:...` or a public key. With several hosts, set it on each host. */
  hostKey?: string;
  /**
   * `yes` (default) accepts known keys only. `accept-new` also accepts and records the key of a host that is not known yet. `no` accepts any
   * key, and then no password is offered.
   */
  strictHostKeyChecking?: "yes" | "accept-new" | "no";
  /** Which ssh_config to read: true for OpenSSH's own files, or a path. Default: none. */
  sshConfig?: boolean | string;
  /** `default`, or `legacy`, which also offers algorithms that OpenSSH has removed, for old servers. Default: `default`. */
  algorithms?: "default" | "legacy";
  /** The time between keepalives; 0 sends none. Three unanswered keepalives end the connection. Default: 15s. */
  keepalive?: Duration;
}

/**
 * A machine on the way to a host. Fields that its `connection` does not set come from the resource's `connection`, except the port, the host
 * key and the jump hosts. Nothing comes from the host behind it.
 */
export interface JumpHostArgs {
  /** `[user@]address[:port]`. */
  host: string;
  user?: string;
  port?: number;
  connection?: Omit<ConnectionArgs, "jumpHosts">;
}

/** A host with settings of its own. Its identity is `address:port` in lower case, independent of user and connection. */
export interface HostArgs {
  /** `[user@]address[:port]`, IPv6 in brackets. */
  host: string;
  port?: number;
  user?: string;
  /** The machine that commands act on through `/server:`. Cannot be combined with `drain`. */
  server?: string;
  /** The sessions of this host, instead of the resource's `sessions`. */
  sessions?: SessionsArgs;
  /** The operating system. Default: detected after connecting. */
  platform?: "windows" | "linux";
  /** Fields that differ from the resource's `connection`. */
  connection?: ConnectionArgs;
}

/** A message to the users of a host, and the time that they have to leave. */
export interface WarningArgs {
  /** At most 255 characters and bytes. `{minutes}`, `{user}` and `{host}` are replaced. */
  message: string;
  /** The time from the host's first warning to the logoff. It ends early when everybody has left. */
  gracePeriod: Duration;
  /** How long before the logoff reminders are sent; each must be shorter than the grace period. Default: no reminders. */
  reminders?: readonly Duration[];
  /** What happens to users that no message reached: `continue` (default) logs them off, `keep` keeps them, `fail` fails the host. */
  ifUndelivered?: "continue" | "keep" | "fail";
  /** Sent to the users that were warned if the run is cancelled. Default: none. */
  cancelMessage?: string;
}

/** Limits on the number of sessions. Above a limit nothing is changed. */
export interface LimitsArgs {
  /** The most sessions that may be logged off on one host. Above it the host is not changed. Default: no limit. */
  sessionsPerHost?: number;
  /** The most sessions that may be logged off on all hosts, which are listed first. Above it no host is changed. Default: no limit. */
  sessions?: number;
}

/** The order and the pace of the hosts. */
export interface RolloutArgs {
  /** The number of hosts that run at the same time. Default: 20. */
  parallel?: number;
  /** The sizes of waves, in the order of the hosts: `[1, "10%", "50%"]`. Percentages are of all hosts; the last size repeats. Default: one wave. */
  waves?: readonly (number | string)[];
  /** The pause between waves. Default: none. */
  pause?: Duration;
  /**
   * The most hosts that may fail before no further host starts: a number over the whole run, or a percentage of each wave such as `"5%"`.
   * Default: no limit; 0 with waves.
   */
  maxFailures?: number | string;
}

/** When hosts may be changed: a span of time, or hours of every day. Hosts that do not start in time wait for the next run. */
export interface MaintenanceWindowArgs {
  /** RFC 3339. */
  notBefore?: string;
  /** RFC 3339. */
  notAfter?: string;
  /** `"22:00-05:00"`, with `timeZone`. */
  daily?: string;
  /** `"Europe/Berlin"`. */
  timeZone?: string;
}

/** Deadlines. */
export interface TimeoutsArgs {
  /** For connecting, from the first packet to the end of the login, retries included. Default: 15s. */
  connect?: Duration;
  /** For one command. Default: 30s. */
  command?: Duration;
  /** For a logoff, from the request to the verified end of the session. Default: 5m. */
  logoff?: Duration;
  /** For the whole run. Default: none. */
  total?: Duration;
}

/** All inputs. Unknown fields, wrong types and impossible combinations are errors, and all of them are reported at once. */
export interface Inputs {
  /** The hosts: `[user@]address[:port]` (IPv6 in brackets), or objects with settings of their own. Not empty, without duplicates. */
  hosts: readonly (string | HostArgs)[];
  /** The sessions to log off, on every host without `sessions` of its own. */
  sessions?: SessionsArgs;
  /** How to reach the hosts, unless a host sets it differently. */
  connection?: ConnectionArgs;
  /** Whether hosts refuse new logons before anybody is warned: `none` (default), `until-restart`, or `until-destroy` of this resource. */
  drain?: "none" | "until-restart" | "until-destroy";
  /** Warns users and gives them time to leave. Default: nobody is warned. */
  warn?: WarningArgs;
  /** What happens to users that are still there at the end of the grace period: `logoff` (default), or `fail`, which fails the host and logs nobody off. */
  atDeadline?: "logoff" | "fail";
  /** What happens to a session that is still there after the logoff timeout: `fail` (default), `reset`, or `continue` with a warning. */
  ifStuck?: "fail" | "reset" | "continue";
  /** What happens if a session named by ID or name does not exist: `ignore` (default) reports it, `fail` fails the host. */
  ifMissing?: "ignore" | "fail";
  /** What happens to matching users who log on during the run: `include` (default) logs them off in one more pass, `ignore` keeps them. */
  ifArrived?: "include" | "ignore";
  limits?: LimitsArgs;
  rollout?: RolloutArgs;
  /** What fails the resource: `any` unfinished host (default), or only an exceeded failure `budget`. */
  failOn?: "any" | "budget";
  window?: MaintenanceWindowArgs;
  timeouts?: TimeoutsArgs;
  /** `once` (default), or `ensure`: a refresh lists the hosts again, and matching sessions are drift. */
  mode?: "once" | "ensure";
  /** Any values. If one changes, every host runs again. */
  triggers?: readonly unknown[];
  /** The files that each run writes its report to. The extension selects the format: .json, .xml (JUnit) or .html. */
  report?: string | readonly string[];
  /** Whether `pulumi preview` connects, read-only, and shows which sessions would be logged off. Default: false. */
  previewSessions?: boolean;
}

/** Values of the stack configuration, used before OpenSSH's own defaults. */
export interface ConnectionDefaults {
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly passphrase?: string;
  /** known_hosts text. */
  readonly knownHosts?: string;
}
