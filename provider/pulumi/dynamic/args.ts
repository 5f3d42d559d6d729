// Made by `npm run generate`.

import type * as pulumi from "@pulumi/pulumi";

/** A length of time: `"90s"`, `"15m"`, `"1h30m"`, or a number of seconds. */
export type Duration = number | string;

/** Sessions to keep, even if they are selected. A session is kept when any value of any field matches it. */
export interface SessionExceptionsArgs {
  /** Session IDs. Not allowed with `mode: "ensure"`. */
  ids?: pulumi.Input<readonly pulumi.Input<string | number>[] | undefined>;
  /** Session names; `*` and `?` are wildcards, and case is ignored. */
  names?: pulumi.Input<readonly pulumi.Input<string>[] | undefined>;
  /**
   * User names; `*` and `?` are wildcards, and case is ignored. The domain in `DOMAIN\user` is ignored with a warning,
   * because listings contain no domains.
   */
  users?: pulumi.Input<readonly pulumi.Input<string>[] | undefined>;
}

/**
 * Selects sessions of a host. A session is selected when every field that is set matches it; a field matches when one of
 * its values does. At least one of `ids`, `names`, `users`, `states` and `idleFor` is required, or `all: true`.
 */
export interface SessionSelectorArgs {
  /** Whether to select the sessions of all users; the other fields narrow the selection. Default: false. */
  all?: pulumi.Input<boolean | undefined>;
  /** Session IDs. An ID belongs to a different session on every host, so with several hosts, set them per host. */
  ids?: pulumi.Input<readonly pulumi.Input<string | number>[] | undefined>;
  /** Session names such as `TERM04`; `*` and `?` are wildcards, and case is ignored. */
  names?: pulumi.Input<readonly pulumi.Input<string>[] | undefined>;
  /** User names without a domain; `*` and `?` are wildcards, and case is ignored. */
  users?: pulumi.Input<readonly pulumi.Input<string>[] | undefined>;
  /** Session states. `active`: a client is connected; `disconnected`: the session runs without a client. */
  states?: pulumi.Input<readonly pulumi.Input<"active" | "disconnected">[] | undefined>;
  /** Minimum time without input, from 1s to 365 days. A session whose idle time is unknown does not match. */
  idleFor?: pulumi.Input<Duration | undefined>;
  /** Sessions to keep, even if they match the other fields. Default: none. */
  except?: pulumi.Input<SessionExceptionsArgs | undefined>;
  /** Whether the console session may be logged off. Default: false. */
  console?: pulumi.Input<boolean | undefined>;
}

/** A session name, an ID, a list of names and IDs, `"current"` (the session of the connection itself), or a selector. */
export type SessionsArgs = string | number | readonly pulumi.Input<string | number>[] | SessionSelectorArgs;

/** Settings of the connection to a jump host: those of `connection` without `client` and `jumpHosts`. */
export interface JumpHostConnectionArgs {
  /** Login name. Default: stack configuration `session-logoff:user`, then the name of the local user. */
  user?: pulumi.Input<string | undefined>;
  /**
   * TCP port. Default: 22. If a port belongs to a single host, set it with that host, since it is part of the host's
   * identity.
   */
  port?: pulumi.Input<number | undefined>;
  /** Text of a private key. Cannot be combined with `privateKeyFile`. Stored as a secret. */
  privateKey?: pulumi.Input<string | undefined>;
  /** Path of a private key. Relative paths start at the program's folder; `~` is the home folder. */
  privateKeyFile?: pulumi.Input<string | undefined>;
  /** Passphrase of the private key. Cannot be combined with `passphraseEnv`. Stored as a secret. */
  passphrase?: pulumi.Input<string | undefined>;
  /** Password, also used for keyboard-interactive logins. Cannot be combined with `passwordEnv`. Stored as a secret. */
  password?: pulumi.Input<string | undefined>;
  /** Name of the environment variable that holds the password, read from the environment of `pulumi`. */
  passwordEnv?: pulumi.Input<string | undefined>;
  /** Name of the environment variable that holds the passphrase, read from the environment of `pulumi`. */
  passphraseEnv?: pulumi.Input<string | undefined>;
  /**
   * The SSH agent to use: true for the agent of `SSH_AUTH_SOCK`, the path of an agent's socket or pipe, or false for no
   * agent. Default: the agent of `SSH_AUTH_SOCK` if no key or password is set.
   */
  agent?: pulumi.Input<boolean | string | undefined>;
  /** The text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files. */
  knownHosts?: pulumi.Input<string | undefined>;
  /** The path of a known_hosts file. */
  knownHostsFile?: pulumi.Input<string | undefined>;
  /**
   * The only key to accept: a fingerprint (`SHA256:...`) or a public key. With several hosts, set it per host. Default: the
   * keys in known_hosts.
   */
  hostKey?: pulumi.Input<string | undefined>;
  /**
   * `yes` (default): a host must have a known key. `accept-new`: the key of an unknown host is accepted and remembered.
   * `no`: any key that is not revoked is accepted, and no password is offered.
   */
  strictHostKeyChecking?: pulumi.Input<"yes" | "accept-new" | "no" | undefined>;
  /** The ssh_config to read: true for OpenSSH's own files, or a path. Default: false; with `client: openssh`, true. */
  sshConfig?: pulumi.Input<boolean | string | undefined>;
  /**
   * Command whose standard input and output carry the connection, run by the shell of the machine that runs Pulumi, as
   * OpenSSH does it. Tokens: %h, %n (host), %p (port), %r (user), %%. `none`: a direct connection, whatever ssh_config says.
   * Cannot be combined with `jumpHosts`. Stored as a secret. Default: none.
   */
  proxyCommand?: pulumi.Input<string | undefined>;
  /** `default`, or `legacy` to also offer algorithms that OpenSSH has disabled, for old servers. Default: `default`. */
  algorithms?: pulumi.Input<"default" | "legacy" | undefined>;
  /** Time between keepalives, at most 1h; 0 sends none. The connection ends after three without an answer. Default: 15s. */
  keepalive?: pulumi.Input<Duration | undefined>;
}

/**
 * A jump host. Fields that its connection does not set are taken from the resource's `connection`, except `port`,
 * `hostKey`, `jumpHosts` and `proxyCommand`. Nothing is taken from the host behind it.
 */
export interface JumpHostArgs {
  /** `[user@]address[:port]`, with IPv6 addresses in brackets. */
  host: pulumi.Input<string>;
  /** Login name, unless `host` contains it. Default: that of the resource's `connection`. */
  user?: pulumi.Input<string | undefined>;
  /** TCP port, unless `host` contains it. Default: 22. */
  port?: pulumi.Input<number | undefined>;
  /** Settings that differ from the resource's `connection`. */
  connection?: pulumi.Input<JumpHostConnectionArgs | undefined>;
}

/**
 * How to connect to a host, log in and verify its key. Each field is taken from the host if set there, otherwise from the
 * resource, otherwise from the stack configuration.
 */
export interface ConnectionArgs {
  /** Login name. Default: stack configuration `session-logoff:user`, then the name of the local user. */
  user?: pulumi.Input<string | undefined>;
  /**
   * TCP port. Default: 22. If a port belongs to a single host, set it with that host, since it is part of the host's
   * identity.
   */
  port?: pulumi.Input<number | undefined>;
  /** Text of a private key. Cannot be combined with `privateKeyFile`. Stored as a secret. */
  privateKey?: pulumi.Input<string | undefined>;
  /** Path of a private key. Relative paths start at the program's folder; `~` is the home folder. */
  privateKeyFile?: pulumi.Input<string | undefined>;
  /** Passphrase of the private key. Cannot be combined with `passphraseEnv`. Stored as a secret. */
  passphrase?: pulumi.Input<string | undefined>;
  /** Password, also used for keyboard-interactive logins. Cannot be combined with `passwordEnv`. Stored as a secret. */
  password?: pulumi.Input<string | undefined>;
  /** Name of the environment variable that holds the password, read from the environment of `pulumi`. */
  passwordEnv?: pulumi.Input<string | undefined>;
  /** Name of the environment variable that holds the passphrase, read from the environment of `pulumi`. */
  passphraseEnv?: pulumi.Input<string | undefined>;
  /**
   * The SSH agent to use: true for the agent of `SSH_AUTH_SOCK`, the path of an agent's socket or pipe, or false for no
   * agent. Default: the agent of `SSH_AUTH_SOCK` if no key or password is set.
   */
  agent?: pulumi.Input<boolean | string | undefined>;
  /** The text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files. */
  knownHosts?: pulumi.Input<string | undefined>;
  /** The path of a known_hosts file. */
  knownHostsFile?: pulumi.Input<string | undefined>;
  /**
   * The only key to accept: a fingerprint (`SHA256:...`) or a public key. With several hosts, set it per host. Default: the
   * keys in known_hosts.
   */
  hostKey?: pulumi.Input<string | undefined>;
  /**
   * `yes` (default): a host must have a known key. `accept-new`: the key of an unknown host is accepted and remembered.
   * `no`: any key that is not revoked is accepted, and no password is offered.
   */
  strictHostKeyChecking?: pulumi.Input<"yes" | "accept-new" | "no" | undefined>;
  /** The ssh_config to read: true for OpenSSH's own files, or a path. Default: false; with `client: openssh`, true. */
  sshConfig?: pulumi.Input<boolean | string | undefined>;
  /**
   * Command whose standard input and output carry the connection, run by the shell of the machine that runs Pulumi, as
   * OpenSSH does it. Tokens: %h, %n (host), %p (port), %r (user), %%. `none`: a direct connection, whatever ssh_config says.
   * Cannot be combined with `jumpHosts`. Stored as a secret. Default: none.
   */
  proxyCommand?: pulumi.Input<string | undefined>;
  /** `default`, or `legacy` to also offer algorithms that OpenSSH has disabled, for old servers. Default: `default`. */
  algorithms?: pulumi.Input<"default" | "legacy" | undefined>;
  /** Time between keepalives, at most 1h; 0 sends none. The connection ends after three without an answer. Default: 15s. */
  keepalive?: pulumi.Input<Duration | undefined>;
  /**
   * The SSH client: `builtin` (default), or `openssh` for this machine's own `ssh`, with Kerberos, certificates, security
   * keys and everything else that it can do. With `openssh`, `sshConfig` is true unless it is set, and `algorithms: legacy`,
   * `strictHostKeyChecking: no` and jump hosts with credentials of their own are not possible.
   */
  client?: pulumi.Input<"builtin" | "openssh" | undefined>;
  /** Jump hosts in the order in which the connection passes through them. Default: none. */
  jumpHosts?: pulumi.Input<readonly pulumi.Input<string | JumpHostArgs>[] | undefined>;
}

/**
 * A host and its settings. Its identity is the lower-case `address:port` written here; user and connection are not part of
 * it.
 */
export interface HostArgs {
  /** `[user@]address[:port]`, with IPv6 addresses in brackets. */
  host: pulumi.Input<string>;
  /** TCP port, unless `host` contains it. Default: that of `connection`, then 22. */
  port?: pulumi.Input<number | undefined>;
  /** Login name, unless `host` contains it. Default: that of `connection`. */
  user?: pulumi.Input<string | undefined>;
  /**
   * Name of another Windows machine to act on: commands run on this host with `/server:`. Cannot be combined with `drain`.
   * Default: the host itself.
   */
  server?: pulumi.Input<string | undefined>;
  /** Sessions to log off on this host. Default: the resource's `sessions`. */
  sessions?: pulumi.Input<SessionsArgs | undefined>;
  /** Operating system. Default: detected after connecting. */
  platform?: pulumi.Input<"windows" | "linux" | undefined>;
  /** Settings that differ from the resource's `connection`. */
  connection?: pulumi.Input<ConnectionArgs | undefined>;
}

/** A message to the users whose sessions are selected, and the time they have to leave. */
export interface WarningArgs {
  /** One line of at most 255 characters and 255 bytes; `{minutes}`, `{user}` and `{host}` are filled in. */
  message: pulumi.Input<string>;
  /** Time from the warning to the logoff, from 1s to 24h; ends early once everybody has left. */
  gracePeriod: pulumi.Input<Duration>;
  /** When to send the message again, as time before the logoff; each is shorter than `gracePeriod`. Default: never. */
  reminders?: pulumi.Input<readonly pulumi.Input<Duration>[] | undefined>;
  /**
   * What happens to a session that no message reached: `continue` (default) logs it off anyway, `keep` keeps it, `fail`
   * fails the host.
   */
  ifUndelivered?: pulumi.Input<"continue" | "keep" | "fail" | undefined>;
  /** Message to the users who were warned, sent when the run is cancelled. Same form as `message`. Default: none. */
  cancelMessage?: pulumi.Input<string | undefined>;
}

/** Maximum numbers of selected sessions. Nothing is changed where a limit is exceeded. */
export interface LimitsArgs {
  /**
   * Sessions of all hosts together; all hosts are listed first, and if it is exceeded, no host is changed. Default: no
   * limit.
   */
  sessions?: pulumi.Input<number | undefined>;
  /** Sessions per host. A host that exceeds it fails and is not changed. Default: no limit. */
  sessionsPerHost?: pulumi.Input<number | undefined>;
}

/** The order and the pace in which hosts are processed. */
export interface RolloutArgs {
  /** Number of hosts processed at the same time, at most 512. Default: 20. */
  parallel?: pulumi.Input<number | undefined>;
  /**
   * Sizes of the waves, in the order of `hosts`, such as `[1, "10%", "50%"]`. A percentage is a share of all hosts, and the
   * last size repeats. Default: all hosts in one wave.
   */
  waves?: pulumi.Input<readonly pulumi.Input<number | string>[] | undefined>;
  /** Time between two waves, at most 24h. Default: 0. */
  pause?: pulumi.Input<Duration | undefined>;
  /**
   * Number of failed hosts that is tolerated; once it is exceeded, no more hosts are started. A number applies to the whole
   * run, a percentage such as `"5%"` to each wave. Default: 0 if `waves` is set, otherwise no limit.
   */
  maxFailures?: pulumi.Input<number | string | undefined>;
}

/**
 * When hosts may be changed: either a span of time (`notBefore`, `notAfter` or both) or hours of every day (`daily` and
 * `timeZone`). Hosts that are not done wait for the next `pulumi up` inside the window.
 */
export interface MaintenanceWindowArgs {
  /** Start, as an RFC 3339 time such as `2026-03-01T22:00:00+01:00`. */
  notBefore?: pulumi.Input<string | undefined>;
  /** End, as an RFC 3339 time. */
  notAfter?: pulumi.Input<string | undefined>;
  /** Hours of every day, such as `"22:00-05:00"`. Requires `timeZone`. */
  daily?: pulumi.Input<string | undefined>;
  /** Time zone of `daily`, such as `"Europe/Berlin"`. */
  timeZone?: pulumi.Input<string | undefined>;
}

/** Time limits. */
export interface TimeoutsArgs {
  /** Time for the whole run, from 1s to 30 days; must be longer than `warn.gracePeriod`. Default: none. */
  total?: pulumi.Input<Duration | undefined>;
  /**
   * Time from the first packet to the end of the login, retries included, from 1s to 10m. Each jump host has its own.
   * Default: 15s.
   */
  connect?: pulumi.Input<Duration | undefined>;
  /** Time for a single command, from 1s to 1h. Default: 30s. */
  command?: pulumi.Input<Duration | undefined>;
  /** Time from the logoff request to the verified end of a session, from 1s to 24h. Default: 5m. */
  logoff?: pulumi.Input<Duration | undefined>;
}

/** The arguments of `SessionLogoff`. */

export interface SessionLogoffArgs {
  /**
   * Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. Must not be empty or contain
   * duplicates.
   */
  hosts: pulumi.Input<readonly pulumi.Input<string | HostArgs>[]>;
  /** Sessions to log off on every host that has no `sessions` of its own. Required unless every host has. */
  sessions?: pulumi.Input<SessionsArgs | undefined>;
  /** How to connect to hosts; a host's own `connection` takes precedence, field by field. */
  connection?: pulumi.Input<ConnectionArgs | undefined>;
  /**
   * Whether to refuse new logons before anybody is warned: `none` (default), `until-restart` (until the host restarts) or
   * `until-destroy` (until the resource is destroyed).
   */
  drain?: pulumi.Input<"none" | "until-restart" | "until-destroy" | undefined>;
  /** A message to the users and a grace period before the logoff. Default: no warning. */
  warn?: pulumi.Input<WarningArgs | undefined>;
  /**
   * What happens to sessions that remain at the end of the grace period: `logoff` (default) logs them off, `fail` fails the
   * host and logs nobody off. `fail` requires `warn`.
   */
  atDeadline?: pulumi.Input<"logoff" | "fail" | undefined>;
  /**
   * What happens to a session that remains after `timeouts.logoff`: `fail` (default) fails the host, `reset` resets the
   * session, `continue` only warns.
   */
  ifStuck?: pulumi.Input<"fail" | "reset" | "continue" | undefined>;
  /**
   * Time that a host waits, without a connection, after its last session has ended; from 1s to 24h. Profile disks and
   * brokers can catch up meanwhile. The next wave waits for it. Default: none.
   */
  settle?: pulumi.Input<Duration | undefined>;
  /**
   * What happens if a session that is selected by ID or name does not exist: `ignore` (default) only reports it, `fail`
   * fails the host.
   */
  ifMissing?: pulumi.Input<"ignore" | "fail" | undefined>;
  /**
   * What happens to matching sessions that begin during the run: `include` (default) logs them off in one more pass,
   * `ignore` keeps them.
   */
  ifArrived?: pulumi.Input<"include" | "ignore" | undefined>;
  /** Maximum numbers of selected sessions; where one is exceeded, nothing is changed. Default: no limits. */
  limits?: pulumi.Input<LimitsArgs | undefined>;
  /** Parallel hosts, waves and tolerated failures. Default: all hosts in one wave, 20 at the same time. */
  rollout?: pulumi.Input<RolloutArgs | undefined>;
  /**
   * What fails the resource: `any` host that is not done (default), or with `budget` only the end of the whole run, by
   * `rollout.maxFailures`, `limits.sessions` or a cancellation.
   */
  failOn?: pulumi.Input<"any" | "budget" | undefined>;
  /** When hosts may be changed. Default: at any time. */
  window?: pulumi.Input<MaintenanceWindowArgs | undefined>;
  /** Time limits for connections, commands, logoffs and the whole run. */
  timeouts?: pulumi.Input<TimeoutsArgs | undefined>;
  /**
   * Whether a refresh lists the hosts that are already done: `once` (default) does not, `ensure` does, and reports matching
   * sessions as drift.
   */
  mode?: pulumi.Input<"once" | "ensure" | undefined>;
  /** Arbitrary values, such as the release of the patches; when one changes, every host runs again. Default: none. */
  triggers?: pulumi.Input<readonly unknown[] | undefined>;
  /** Path or paths of the reports to write after each run; the extension selects the format: .json, .xml (JUnit) or .html. */
  report?: pulumi.Input<string | readonly pulumi.Input<string>[] | undefined>;
  /** Whether `pulumi preview` connects to the hosts, read-only, and shows which sessions would be logged off. Default: false. */
  previewSessions?: pulumi.Input<boolean | undefined>;
}

/** The inputs of `SessionLogoff` as given, which are outputs too. */

export interface SessionLogoffInputs {
  /**
   * Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. Must not be empty or contain
   * duplicates.
   */
  readonly hosts: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["hosts"]>>;
  /** Sessions to log off on every host that has no `sessions` of its own. Required unless every host has. */
  readonly sessions: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["sessions"]>>;
  /** How to connect to hosts; a host's own `connection` takes precedence, field by field. */
  readonly connection: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["connection"]>>;
  /**
   * Whether to refuse new logons before anybody is warned: `none` (default), `until-restart` (until the host restarts) or
   * `until-destroy` (until the resource is destroyed).
   */
  readonly drain: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["drain"]>>;
  /** A message to the users and a grace period before the logoff. Default: no warning. */
  readonly warn: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["warn"]>>;
  /**
   * What happens to sessions that remain at the end of the grace period: `logoff` (default) logs them off, `fail` fails the
   * host and logs nobody off. `fail` requires `warn`.
   */
  readonly atDeadline: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["atDeadline"]>>;
  /**
   * What happens to a session that remains after `timeouts.logoff`: `fail` (default) fails the host, `reset` resets the
   * session, `continue` only warns.
   */
  readonly ifStuck: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["ifStuck"]>>;
  /**
   * Time that a host waits, without a connection, after its last session has ended; from 1s to 24h. Profile disks and
   * brokers can catch up meanwhile. The next wave waits for it. Default: none.
   */
  readonly settle: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["settle"]>>;
  /**
   * What happens if a session that is selected by ID or name does not exist: `ignore` (default) only reports it, `fail`
   * fails the host.
   */
  readonly ifMissing: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["ifMissing"]>>;
  /**
   * What happens to matching sessions that begin during the run: `include` (default) logs them off in one more pass,
   * `ignore` keeps them.
   */
  readonly ifArrived: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["ifArrived"]>>;
  /** Maximum numbers of selected sessions; where one is exceeded, nothing is changed. Default: no limits. */
  readonly limits: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["limits"]>>;
  /** Parallel hosts, waves and tolerated failures. Default: all hosts in one wave, 20 at the same time. */
  readonly rollout: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["rollout"]>>;
  /**
   * What fails the resource: `any` host that is not done (default), or with `budget` only the end of the whole run, by
   * `rollout.maxFailures`, `limits.sessions` or a cancellation.
   */
  readonly failOn: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["failOn"]>>;
  /** When hosts may be changed. Default: at any time. */
  readonly window: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["window"]>>;
  /** Time limits for connections, commands, logoffs and the whole run. */
  readonly timeouts: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["timeouts"]>>;
  /**
   * Whether a refresh lists the hosts that are already done: `once` (default) does not, `ensure` does, and reports matching
   * sessions as drift.
   */
  readonly mode: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["mode"]>>;
  /** Arbitrary values, such as the release of the patches; when one changes, every host runs again. Default: none. */
  readonly triggers: pulumi.Output<readonly unknown[] | undefined>;
  /** Path or paths of the reports to write after each run; the extension selects the format: .json, .xml (JUnit) or .html. */
  readonly report: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["report"]>>;
  /** Whether `pulumi preview` connects to the hosts, read-only, and shows which sessions would be logged off. Default: false. */
  readonly previewSessions: pulumi.Output<pulumi.Unwrap<SessionLogoffArgs["previewSessions"]>>;
}
