/** What a program may say, in plain values. `readPlan` checks it; nothing here is trusted because of its type. */

/** `"90s"`, `"15m"`, `"1h30m"`, or a number of seconds. */
export type Duration = string | number;

/** Which sessions of a host: fields narrow each other, the values in one field widen it. An empty one is refused. */
export interface SessionSelector {
  /** Session IDs. They mean another person on every host, so with several hosts they belong to a host. */
  ids?: readonly (string | number)[];
  /** Session names such as `TERM04`; `*` and `?` are wildcards, case does not matter. */
  names?: readonly string[];
  /** User names without a domain; `*` and `?` are wildcards, case does not matter. */
  users?: readonly string[];
  /** Not supported yet. */
  states?: readonly ("active" | "disconnected")[];
  /** Without input for at least this long. Not supported yet. */
  idleFor?: Duration;
  /** Everybody. Needed where no other field narrows. */
  all?: boolean;
  /** Whether the console session may be logged off. Default: false. */
  console?: boolean;
  /** Who stays, whatever else is said. */
  except?: SessionExceptions;
}

/** Sessions that stay, whatever else is said. */
export interface SessionExceptions {
  ids?: readonly (string | number)[];
  /** Session names, with wildcards. */
  names?: readonly string[];
  /** User names, with wildcards. A `DOMAIN\` part is ignored with a warning, since listings print none. */
  users?: readonly string[];
}

/** A session name, an ID, a list of both, `"current"` (not supported yet), or a selector. */
export type Sessions = string | number | readonly (string | number)[] | SessionSelector;

/** How a host is reached and trusted. The nearest wins: the host's own, then the resource's, then stack configuration. */
export interface Connection {
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
  /** true for the agent of `SSH_AUTH_SOCK`, or the path of one. Not supported yet. */
  agent?: boolean | string;
  /** Machines that the connection goes through, nearest to us first. Not supported yet. */
  jumpHosts?: readonly (string | JumpHost)[];
  /** Text of a known_hosts file. Default: stack configuration `session-logoff:knownHosts`, then OpenSSH's own files. */
  knownHosts?: string;
  /** Path of a known_hosts file. */
  knownHostsFile?: string;
  /** The one key that this host may show: `SHA256:...` or a public key. With several hosts only per host. */
  hostKey?: string;
  /** Default `yes`. With `no` any key is taken and no password is offered. `accept-new` is not supported yet. */
  strictHostKeyChecking?: "yes" | "accept-new" | "no";
  /** true for OpenSSH's own files, or a path. Not supported yet. */
  sshConfig?: boolean | string;
  /** Default `default`. `legacy` is not supported yet. */
  algorithms?: "default" | "legacy";
  /** Time between keepalives, 0 for none; three unanswered ones end the connection. Default: 15s. */
  keepalive?: Duration;
}

/** A machine on the way to a host. What its connection does not say is taken from the host's. */
export interface JumpHost {
  /** `[user@]address[:port]`. */
  host: string;
  user?: string;
  port?: number;
  connection?: Omit<Connection, "jumpHosts">;
}

/** One machine, with what differs there. Its identity is lower-case `address:port`, whatever user or connection. */
export interface Host {
  /** `[user@]address[:port]`, IPv6 in brackets. */
  host: string;
  port?: number;
  user?: string;
  /** The machine that commands act on through `/server:`. Not supported yet. */
  server?: string;
  /** Which sessions here, instead of the resource's `sessions`. */
  sessions?: Sessions;
  /** Default: found out after connecting. `linux` is not supported yet. */
  platform?: "windows" | "linux";
  /** What differs from the resource's `connection`. */
  connection?: Connection;
}

/** A message to the people on a host, and how long they have. Not supported yet. */
export interface Warning {
  /** At most 255 characters and bytes; `{minutes}`, `{user}` and `{host}` are filled in. */
  message: string;
  gracePeriod: Duration;
  /** How long before the logoff people are reminded; each shorter than the grace period. */
  reminders?: readonly Duration[];
  /** Default `continue`. */
  ifUndelivered?: "continue" | "keep" | "fail";
  /** Sent to those who were warned when the run is cancelled. */
  cancelMessage?: string;
}

/** More sessions than this, and nothing is changed. Not supported yet. */
export interface Limits {
  sessionsPerHost?: number;
  sessions?: number;
}

/** How the hosts are gone through. */
export interface Rollout {
  /** Hosts at once. Default: 20. */
  parallel?: number;
  /** Sizes of waves, `[1, "10%", "50%"]`; the last repeats. Not supported yet. */
  waves?: readonly (number | string)[];
  /** Between waves. Not supported yet. */
  pause?: Duration;
  /** A number of hosts over the whole run, or `"5%"` of each wave. Not supported yet. */
  maxFailures?: number | string;
}

/** When anything may be changed. Not supported yet. */
export interface MaintenanceWindow {
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
export interface Timeouts {
  /** From the first packet to the end of the login, retries included. Default: 15s. */
  connect?: Duration;
  /** One command. Default: 30s. */
  command?: Duration;
  /** From the request to the verified end of a session. Default: 5m. */
  logoff?: Duration;
  /** The whole run. Default: none. Not supported yet. */
  total?: Duration;
}

/** All inputs. Unknown fields, wrong types and impossible combinations are refused, all at once. */
export interface Inputs {
  /** The machines: `[user@]address[:port]` (IPv6 in brackets), or objects for what differs. Not empty, no duplicates. */
  hosts: readonly (string | Host)[];
  /** Which sessions, for every host without `sessions` of its own. */
  sessions?: Sessions;
  /** How hosts are reached, unless a host says otherwise. */
  connection?: Connection;
  /** Refuse new logons before and after. Default `none`; the others are not supported yet. */
  drain?: "none" | "until-restart" | "until-destroy";
  warn?: Warning;
  /** Default `logoff`. `fail` is not supported yet. */
  atDeadline?: "logoff" | "fail";
  /** What to do with a session that is still there after the logoff timeout. Default `fail`; no other is supported yet. */
  ifStuck?: "fail" | "reset" | "continue";
  /** Sessions named by ID or name that are not there: `ignore` (default) reports them, `fail` fails the host. */
  ifMissing?: "ignore" | "fail";
  /** People who came meanwhile. Default `include`; `ignore` is not supported yet. */
  ifArrived?: "include" | "ignore";
  limits?: Limits;
  rollout?: Rollout;
  /** Default `any` failed host fails the resource; `budget` is not supported yet. */
  failOn?: "any" | "budget";
  window?: MaintenanceWindow;
  timeouts?: Timeouts;
  /** Default `once`; `ensure` is not supported yet. */
  mode?: "once" | "ensure";
  /** Any values; a change runs every host again. */
  triggers?: readonly unknown[];
  /** Paths of reports: .json, .xml, .html. Not supported yet. */
  report?: string | readonly string[];
  /** Whether a preview lists sessions. Default false; true is not supported yet. */
  previewSessions?: boolean;
}
