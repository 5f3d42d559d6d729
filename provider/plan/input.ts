/** The inputs of a program, as plain values. `readPlan` checks every one at run time, whatever its type. */

/** A length of time: `"90s"`, `"15m"`, `"1h30m"`, or a number of seconds. */
export type Duration = string | number;

/**
 * Selects sessions of a host. A session is selected when every field that is set matches it; a field matches when one of its
 * values does. At least one of `ids`, `names`, `users`, `states` and `idleFor` is required, or `all: true`.
 */
export interface SessionSelectorArgs {
  /** Session IDs. An ID belongs to a different session on every host, so with several hosts, set them per host. */
  ids?: readonly (string | number)[];
  /** Session names such as `TERM04`; `*` and `?` are wildcards, and case is ignored. */
  names?: readonly string[];
  /** User names without a domain; `*` and `?` are wildcards, and case is ignored. */
  users?: readonly string[];
  /** Session states. `active`: a client is connected; `disconnected`: the session runs without a client. */
  states?: readonly ("active" | "disconnected")[];
  /** Minimum time without input, from 1s to 365 days. A session whose idle time is unknown does not match. */
  idleFor?: Duration;
  /** Whether to select the sessions of all users; the other fields narrow the selection. Default: false. */
  all?: boolean;
  /** Whether the console session may be logged off. Default: false. */
  console?: boolean;
  /** Sessions to keep, even if they match the other fields. Default: none. */
  except?: SessionExceptionsArgs;
}

/** Sessions to keep, even if they are selected. A session is kept when any value of any field matches it. */
export interface SessionExceptionsArgs {
  /** Session IDs. Not allowed with `mode: "ensure"`. */
  ids?: readonly (string | number)[];
  /** Session names; `*` and `?` are wildcards, and case is ignored. */
  names?: readonly string[];
  /**
   * User names; `*` and `?` are wildcards, and case is ignored. A `DOMAIN\` prefix is ignored with a warning, because listings
   * contain no domains.
   */
  users?: readonly string[];
}

/** A session name, an ID, a list of names and IDs, `"current"` (the session of the connection itself), or a selector. */
export type SessionsArgs = string | number | readonly (string | number)[] | SessionSelectorArgs;

/**
 * How to connect to a host, log in and verify its key. Each field is taken from the host if set there, otherwise from the
 * resource, otherwise from the stack configuration.
 */
export interface ConnectionArgs {
  /** Login name. Default: stack configuration `session-logoff:user`, then the name of the local user. */
  user?: string;
  /** TCP port. Default: 22. If a port belongs to a single host, set it with that host, since it is part of the host's identity. */
  port?: number;
  /** Text of a private key. Cannot be combined with `privateKeyFile`. Stored as a secret. */
  privateKey?: string;
  /** Path of a private key. Relative paths start at the program's folder; `~` is the home folder. */
  privateKeyFile?: string;
  /** Passphrase of the private key. Cannot be combined with `passphraseEnv`. Stored as a secret. */
  passphrase?: string;
  /** Name of the environment variable that holds the passphrase, read from the environment of `pulumi`. */
  passphraseEnv?: string;
  /** Password, also used for keyboard-interactive logins. Cannot be combined with `passwordEnv`. Stored as a secret. */
  password?: string;
  /** Name of the environment variable that holds the password, read from the environment of `pulumi`. */
  passwordEnv?: string;
  /**
   * The SSH agent to use: true for the agent of `SSH_AUTH_SOCK`, the path of an agent's socket or pipe, or false for no agent.
   * Default: the agent of `SSH_AUTH_SOCK` if no key or password is set.
   */
  agent?: boolean | string;
  /** Jump hosts in the order in which the connection passes through them. Default: none. */
  jumpHosts?: readonly (string | JumpHostArgs)[];
  /** The text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files. */
  knownHosts?: string;
  /** The path of a known_hosts file. */
  knownHostsFile?: string;
  /**
   * The only key to accept: a fingerprint (`SHA256:...`) or a public key. With several hosts, set it per host. Default: the
   * keys in known_hosts.
   */
  hostKey?: string;
  /**
   * `yes` (default): a host must have a known key. `accept-new`: the key of an unknown host is accepted and remembered. `no`: any key
   * that is not revoked is accepted, and no password is offered.
   */
  strictHostKeyChecking?: "yes" | "accept-new" | "no";
  /** The ssh_config to read: true for OpenSSH's own files, or a path. Default: false. */
  sshConfig?: boolean | string;
  /** `default`, or `legacy` to also offer algorithms that OpenSSH has disabled, for old servers. Default: `default`. */
  algorithms?: "default" | "legacy";
  /** Time between keepalives, at most 1h; 0 sends none. The connection ends after three without an answer. Default: 15s. */
  keepalive?: Duration;
}

/**
 * A jump host. Fields that its connection does not set are taken from the resource's `connection`, except `port`, `hostKey` and
 * `jumpHosts`. Nothing is taken from the host behind it.
 */
export interface JumpHostArgs {
  /** `[user@]address[:port]`, with IPv6 addresses in brackets. */
  host: string;
  /** Login name, unless `host` contains it. Default: that of the resource's `connection`. */
  user?: string;
  /** TCP port, unless `host` contains it. Default: 22. */
  port?: number;
  /** Settings that differ from the resource's `connection`. */
  connection?: Omit<ConnectionArgs, "jumpHosts">;
}

/** A host and its settings. Its identity is the lower-case `address:port` written here; user and connection are not part of it. */
export interface HostArgs {
  /** `[user@]address[:port]`, with IPv6 addresses in brackets. */
  host: string;
  /** TCP port, unless `host` contains it. Default: that of `connection`, then 22. */
  port?: number;
  /** Login name, unless `host` contains it. Default: that of `connection`. */
  user?: string;
  /**
   * Name of another Windows machine to act on: commands run on this host with `/server:`. Cannot be combined with `drain`. Default:
   * the host itself.
   */
  server?: string;
  /** Sessions to log off on this host. Default: the resource's `sessions`. */
  sessions?: SessionsArgs;
  /** Operating system. Default: detected after connecting. */
  platform?: "windows" | "linux";
  /** Settings that differ from the resource's `connection`. */
  connection?: ConnectionArgs;
}

/** A message to the users whose sessions are selected, and the time they have to leave. */
export interface WarningArgs {
  /** One line of at most 255 characters and 255 bytes; `{minutes}`, `{user}` and `{host}` are filled in. */
  message: string;
  /** Time from the first warning on a host to the logoff, from 1s to 24h; ends early once everybody has left. */
  gracePeriod: Duration;
  /** When to send the message again, as time before the logoff; each is shorter than `gracePeriod`. Default: never. */
  reminders?: readonly Duration[];
  /**
   * What happens to a session that no message reached: `continue` (default) logs it off anyway, `keep` keeps it, `fail` fails the
   * host.
   */
  ifUndelivered?: "continue" | "keep" | "fail";
  /** Message to the users who were warned, sent when the run is cancelled. Same form as `message`. Default: none. */
  cancelMessage?: string;
}

/** Maximum numbers of selected sessions. Nothing is changed where a limit is exceeded. */
export interface LimitsArgs {
  /** Sessions per host. A host that exceeds it fails and is not changed. Default: no limit. */
  sessionsPerHost?: number;
  /** Sessions of all hosts together; all hosts are listed first, and if it is exceeded, no host is changed. Default: no limit. */
  sessions?: number;
}

/** The order and the pace in which hosts are processed. */
export interface RolloutArgs {
  /** Number of hosts processed at the same time. Default: 20. */
  parallel?: number;
  /**
   * Sizes of the waves, in the order of `hosts`, such as `[1, "10%", "50%"]`. A percentage is a share of all hosts, and the last size
   * repeats. Default: all hosts in one wave.
   */
  waves?: readonly (number | string)[];
  /** Time between two waves, at most 24h. Default: 0. */
  pause?: Duration;
  /**
   * Number of failed hosts that is tolerated; once it is exceeded, no more hosts are started. A number applies to the whole run, a
   * percentage such as `"5%"` to each wave. Default: 0 if `waves` is set, otherwise no limit.
   */
  maxFailures?: number | string;
}

/**
 * When hosts may be changed: either a span of time (`notBefore`, `notAfter` or both) or hours of every day (`daily` and `timeZone`).
 * Hosts that are not finished wait for the next `pulumi up` inside the window.
 */
export interface MaintenanceWindowArgs {
  /** Start, as an RFC 3339 time such as `2026-03-01T22:00:00+01:00`. */
  notBefore?: string;
  /** End, as an RFC 3339 time. */
  notAfter?: string;
  /** Hours of every day, such as `"22:00-05:00"`. Requires `timeZone`. */
  daily?: string;
  /** Time zone of `daily`, such as `"Europe/Berlin"`. */
  timeZone?: string;
}

/** Time limits. */
export interface TimeoutsArgs {
  /** Time from the first packet to the end of the login, retries included, from 1s to 10m. Each jump host has its own. Default: 15s. */
  connect?: Duration;
  /** Time for a single command, from 1s to 1h. Default: 30s. */
  command?: Duration;
  /** Time from the logoff request to the verified end of a session, from 1s to 24h. Default: 5m. */
  logoff?: Duration;
  /** Time for the whole run, from 1s to 30 days; must be longer than `warn.gracePeriod`. Default: none. */
  total?: Duration;
}

/** All inputs. Unknown fields, wrong types and invalid combinations are all reported at once. */
export interface Inputs {
  /** Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. Must not be empty or contain duplicates. */
  hosts: readonly (string | HostArgs)[];
  /** Sessions to log off on every host that has no `sessions` of its own. Required unless every host has. */
  sessions?: SessionsArgs;
  /** How to connect to hosts; a host's own `connection` takes precedence, field by field. */
  connection?: ConnectionArgs;
  /**
   * Whether to refuse new logons before anybody is warned: `none` (default), `until-restart` (until the host restarts) or
   * `until-destroy` (until the resource is destroyed).
   */
  drain?: "none" | "until-restart" | "until-destroy";
  /** A message to the users and a grace period before the logoff. Default: sessions are logged off without a warning. */
  warn?: WarningArgs;
  /**
   * What happens to sessions that remain at the end of the grace period: `logoff` (default) logs them off, `fail` fails the host and
   * logs nobody off. `fail` requires `warn`.
   */
  atDeadline?: "logoff" | "fail";
  /**
   * What happens to a session that remains after `timeouts.logoff`: `fail` (default) fails the host, `reset` resets the session,
   * `continue` only warns.
   */
  ifStuck?: "fail" | "reset" | "continue";
  /** What happens if a session given by ID or name does not exist: `ignore` (default) only reports it, `fail` fails the host. */
  ifMissing?: "ignore" | "fail";
  /**
   * What happens to matching sessions that arrive during the run: `include` (default) logs them off in one more pass, `ignore` keeps
   * them.
   */
  ifArrived?: "include" | "ignore";
  /** Maximum numbers of sessions; where one is exceeded, nothing is changed. Default: no limits. */
  limits?: LimitsArgs;
  /** Parallel hosts, waves and tolerated failures. Default: all hosts in one wave, 20 at the same time. */
  rollout?: RolloutArgs;
  /** What fails the resource: `any` host that is not finished (default), or only a `budget` (`rollout.maxFailures`) that is exceeded. */
  failOn?: "any" | "budget";
  /** When hosts may be changed. Default: at any time. */
  window?: MaintenanceWindowArgs;
  /** Time limits for connections, commands, logoffs and the whole run. */
  timeouts?: TimeoutsArgs;
  /** `once` (default), or `ensure`: every refresh lists the sessions, and matching sessions are reported as drift. */
  mode?: "once" | "ensure";
  /** Arbitrary values; when one changes, every host is processed again. Default: none. */
  triggers?: readonly unknown[];
  /** Path or paths of the reports to write after each run; the extension selects the format: .json, .xml (JUnit) or .html. */
  report?: string | readonly string[];
  /** Whether `pulumi preview` connects to the hosts, read-only, and shows which sessions would be logged off. Default: false. */
  previewSessions?: boolean;
}

/** Connection settings from the stack configuration, used where neither the host nor the resource sets a value. */
export interface ConnectionDefaults {
  /** Login name. */
  readonly user?: string;
  /** Password. */
  readonly password?: string;
  /** Text of a private key. */
  readonly privateKey?: string;
  /** Passphrase of the private key. */
  readonly passphrase?: string;
  /** Text of a known_hosts file. */
  readonly knownHosts?: string;
}
