/** What a program may say, in plain values. `readPlan` checks it; nothing here is trusted because of its type. */

/** `"90s"`, `"15m"`, `"1h30m"`, or a number of seconds. */
export type Duration = string | number;

/** Which sessions of a host: fields narrow each other, the values in one field widen it. An empty one is refused. */
export interface SessionSelectorArgs {
  /** Session IDs. They mean another person on every host, so with several hosts they belong to a host. */
  ids?: readonly (string | number)[];
  /** Session names such as `TERM04`; `*` and `?` are wildcards, case does not matter. */
  names?: readonly string[];
  /** User names without a domain; `*` and `?` are wildcards, case does not matter. */
  users?: readonly string[];
  /** `active`: somebody is connected; `disconnected`: the session lives on without a client. */
  states?: readonly ("active" | "disconnected")[];
  /** Without input for at least this long. Where a host does not tell, nobody matches. */
  idleFor?: Duration;
  /** Everybody. Needed where no other field narrows. */
  all?: boolean;
  /** Whether the console session may be logged off. Default: false. */
  console?: boolean;
  /** Who stays, whatever else is said. */
  except?: SessionExceptionsArgs;
}

/** Sessions that stay, whatever else is said. */
export interface SessionExceptionsArgs {
  ids?: readonly (string | number)[];
  /** Session names, with wildcards. */
  names?: readonly string[];
  /** User names, with wildcards. A `DOMAIN\` part is ignored with a warning, since listings print none. */
  users?: readonly string[];
}

/** A session name, an ID, a list of both, `"current"` (the session of our own connection), or a selector. */
export type SessionsArgs = string | number | readonly (string | number)[] | SessionSelectorArgs;

/** How a host is reached and trusted. The nearest wins: the host's own, then the resource's, then stack configuration. */
export interface ConnectionArgs {
  /** Default: stack configuration `session-logoff:user`, then the local user's name. */
  user?: string;
  /** Default: 22. A port that belongs to one host is part of its identity: write it with the host. */
  port?: number;
  /** Text of a private key. Not beside `privateKeyFile`. Made a secret. */
  privateKey?: string;
  /** Path of a private key; relative paths start at the program's folder, `~` is the home. */
  privateKeyFile?: string;
  /** Opens the private key. Not beside `passphraseEnv`. Made a secret. */
  passphrase?: string;
  /** Name of the environment variable of `pulumi` that holds the passphrase. */
  passphraseEnv?: string;
  /** Password, also for keyboard-interactive logins. Not beside `passwordEnv`. Made a secret. */
  password?: string;
  /** Name of the environment variable of `pulumi` that holds the password. */
  passwordEnv?: string;
  /** true for the agent of `SSH_AUTH_SOCK`, or the path of one; false asks none. Default: that of `SSH_AUTH_SOCK` where no credential is named. */
  agent?: boolean | string;
  /** Machines that the connection goes through, nearest to us first. */
  jumpHosts?: readonly (string | JumpHostArgs)[];
  /** Text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files. */
  knownHosts?: string;
  /** Path of a known_hosts file. */
  knownHostsFile?: string;
  /** The one key that this host may show: `SHA256:...` or a public key. With several hosts only per host. */
  hostKey?: string;
  /** Default `yes`. `accept-new` learns the key of a host that is not known yet; with `no` any key is taken and no password is offered. */
  strictHostKeyChecking?: "yes" | "accept-new" | "no";
  /** Reads ssh_config: true for OpenSSH's own files, or a path. */
  sshConfig?: boolean | string;
  /** Default `default`. `legacy` also offers what OpenSSH has given up, for old servers. */
  algorithms?: "default" | "legacy";
  /** Time between keepalives, 0 for none; three unanswered ones end the connection. Default: 15s. */
  keepalive?: Duration;
}

/**
 * A machine on the way to a host. What its connection does not say is taken from the resource's, but for port, host key and jump
 * hosts; never from the host behind it.
 */
export interface JumpHostArgs {
  /** `[user@]address[:port]`. */
  host: string;
  user?: string;
  port?: number;
  connection?: Omit<ConnectionArgs, "jumpHosts">;
}

/** One machine, with what differs there. Its identity is lower-case `address:port`, whatever user or connection. */
export interface HostArgs {
  /** `[user@]address[:port]`, IPv6 in brackets. */
  host: string;
  port?: number;
  user?: string;
  /** The machine that commands act on through `/server:`. Not with `drain`. */
  server?: string;
  /** Which sessions here, instead of the resource's `sessions`. */
  sessions?: SessionsArgs;
  /** Default: found out after connecting. */
  platform?: "windows" | "linux";
  /** What differs from the resource's `connection`. */
  connection?: ConnectionArgs;
}

/** A message to the people on a host, and how long they have. */
export interface WarningArgs {
  /** At most 255 characters and bytes; `{minutes}`, `{user}` and `{host}` are filled in. */
  message: string;
  /** From the host's first warning; it ends early when everybody has left. */
  gracePeriod: Duration;
  /** How long before the logoff people are reminded; each shorter than the grace period. */
  reminders?: readonly Duration[];
  /** Whom no message reached: `continue` (default) logs them off all the same, `keep` leaves them, `fail` fails the host. */
  ifUndelivered?: "continue" | "keep" | "fail";
  /** Sent to those who were warned when the run is cancelled. */
  cancelMessage?: string;
}

/** More sessions than this, and nothing is changed. */
export interface LimitsArgs {
  /** Exceeded on a host, nothing is changed there. */
  sessionsPerHost?: number;
  /** Over all hosts, which are listed first for that: exceeded, nothing is changed anywhere. */
  sessions?: number;
}

/** How the hosts are gone through. */
export interface RolloutArgs {
  /** Hosts at once. Default: 20. */
  parallel?: number;
  /** Sizes of waves in the order of hosts, `[1, "10%", "50%"]`: shares are of all hosts, the last size repeats. */
  waves?: readonly (number | string)[];
  /** Between waves. Default: none. */
  pause?: Duration;
  /** More failed hosts than this, and no others are begun: a number over the whole run, or `"5%"` of each wave. Default: none; with waves 0. */
  maxFailures?: number | string;
}

/** When anything may be changed: a span of time, or hours of every day. Hosts that are left over wait for the next run. */
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

/** How long things may take. */
export interface TimeoutsArgs {
  /** From the first packet to the end of the login, retries included. Default: 15s. */
  connect?: Duration;
  /** One command. Default: 30s. */
  command?: Duration;
  /** From the request to the verified end of a session. Default: 5m. */
  logoff?: Duration;
  /** The whole run. Default: none. */
  total?: Duration;
}

/** All inputs. Unknown fields, wrong types and impossible combinations are refused, all at once. */
export interface Inputs {
  /** The machines: `[user@]address[:port]` (IPv6 in brackets), or objects for what differs. Not empty, no duplicates. */
  hosts: readonly (string | HostArgs)[];
  /** Which sessions, for every host without `sessions` of its own. */
  sessions?: SessionsArgs;
  /** How hosts are reached, unless a host says otherwise. */
  connection?: ConnectionArgs;
  /** Refuse new logons, before anybody is warned and until the restart or until this is destroyed. Default `none`. */
  drain?: "none" | "until-restart" | "until-destroy";
  /** Tell people, and give them time. Default: nobody is warned. */
  warn?: WarningArgs;
  /** Who is still there when the grace period ends: `logoff` (default), or `fail` the host and log nobody off. */
  atDeadline?: "logoff" | "fail";
  /** A session that is still there after the logoff timeout: `fail` (default), `reset` it, or `continue` with a warning. */
  ifStuck?: "fail" | "reset" | "continue";
  /** Sessions named by ID or name that are not there: `ignore` (default) reports them, `fail` fails the host. */
  ifMissing?: "ignore" | "fail";
  /** People who match and came meanwhile: `include` (default) takes them in one more pass, `ignore` leaves them. */
  ifArrived?: "include" | "ignore";
  limits?: LimitsArgs;
  rollout?: RolloutArgs;
  /** What fails the resource: `any` host that is not done (default), or only an exceeded `budget` of failures. */
  failOn?: "any" | "budget";
  window?: MaintenanceWindowArgs;
  timeouts?: TimeoutsArgs;
  /** `once` (default), or `ensure`: a refresh looks again, and matching sessions are drift. */
  mode?: "once" | "ensure";
  /** Any values; a change runs every host again. */
  triggers?: readonly unknown[];
  /** Where each run writes its report, in the form of the ending: .json, .xml (JUnit), .html. */
  report?: string | readonly string[];
  /** Whether `pulumi preview` connects, reading only, and shows which sessions would go. Default false. */
  previewSessions?: boolean;
}

/** What the stack configuration may hold: the last level before OpenSSH's own defaults. */
export interface ConnectionDefaults {
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly passphrase?: string;
  /** known_hosts text. */
  readonly knownHosts?: string;
}
