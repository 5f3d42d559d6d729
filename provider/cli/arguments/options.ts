/** Every long option, in the order of the help. Parsing, help and completion all read this one table. */

/** `flag`: no value; `value`: one value, given once; `list`: repeatable or separated by commas; `values`: repeatable only. */
export type OptionKind = "flag" | "value" | "list" | "values";

/** What a shell completes as a value. */
export type Completes = "file" | readonly string[];

export interface OptionRow {
  readonly name: string;
  readonly kind: OptionKind;
  /** The name of the value in the help. */
  readonly value?: string;
  readonly help: string;
  readonly completes?: Completes;
  /** The short form, one letter. */
  readonly short?: string;
}

export interface OptionSection {
  readonly title: string;
  readonly rows: readonly OptionRow[];
}

/** The options by subject. */
export const optionSections = [
  {
    title: "Where (none of these: this machine, without SSH)",
    rows: [
      {
        name: "server",
        kind: "value",
        value: "HOST",
        help: "the same as /server:HOST: connect to [user@]address[:port] over SSH",
      },
      {
        name: "host",
        kind: "list",
        value: "HOST",
        help: "a host, [user@]address[:port]; give it again for more",
      },
      {
        name: "hosts-file",
        kind: "value",
        value: "FILE",
        help: "one host a line, address:port>server for relays, # comments; - is standard input, and then --yes must be given on a terminal",
        completes: "file",
      },
      {
        name: "via",
        kind: "value",
        value: "HOST",
        help: "connect to HOST and act from there on each server, by the commands' own /server:",
      },
      {
        name: "platform",
        kind: "value",
        value: "P",
        help: "windows or linux; default: detected",
        completes: ["windows", "linux"],
      },
    ],
  },
  {
    title: "Connection",
    rows: [
      { name: "user", kind: "value", value: "NAME", help: "login name of hosts that name none" },
      { name: "identity", kind: "value", value: "FILE", help: "private key", completes: "file" },
      {
        name: "password-env",
        kind: "value",
        value: "VARIABLE",
        help: "environment variable that holds the password",
      },
      {
        name: "passphrase-env",
        kind: "value",
        value: "VARIABLE",
        help: "environment variable that holds the private key's passphrase",
      },
      {
        name: "known-hosts",
        kind: "value",
        value: "FILE",
        help: "known_hosts file, instead of OpenSSH's own",
        completes: "file",
      },
      {
        name: "host-key",
        kind: "value",
        value: "KEY",
        help: "the only key to accept from the host: SHA256:... or a public key",
      },
      {
        name: "accept-new",
        kind: "flag",
        help: "trust hosts that are not in known_hosts yet, and record their keys",
      },
      { name: "jump", kind: "list", value: "HOST,HOST", help: "jump hosts, nearest to this machine first" },
      { name: "ssh-config", kind: "value", value: "FILE", help: "read this ssh_config", completes: "file" },
      { name: "legacy-algorithms", kind: "flag", help: "also offer what old SSH servers need" },
    ],
  },
  {
    title: "Which sessions (instead of a session name or ID)",
    rows: [
      { name: "all", kind: "flag", help: "everybody" },
      { name: "id", kind: "list", value: "ID", help: "session IDs" },
      { name: "name", kind: "list", value: "GLOB", help: "session names; * and ? are wildcards" },
      { name: "session-user", kind: "list", value: "GLOB", help: "user names without a domain" },
      {
        name: "state",
        kind: "list",
        value: "STATE",
        help: "active or disconnected",
        completes: ["active", "disconnected"],
      },
      { name: "idle", kind: "value", value: "DURATION", help: "without input for at least this long" },
      { name: "except-id", kind: "list", value: "ID", help: "keep these sessions" },
      { name: "except-name", kind: "list", value: "GLOB", help: "keep these sessions" },
      { name: "except-user", kind: "list", value: "GLOB", help: "keep these sessions" },
      {
        name: "console",
        kind: "flag",
        help: "the console session too; by itself the current session of this machine, console or not",
      },
      {
        name: "limit",
        kind: "value",
        value: "N",
        help: "change nothing if more sessions would be logged off",
      },
      {
        name: "limit-per-host",
        kind: "value",
        value: "N",
        help: "change nothing on a host with more sessions",
      },
      {
        name: "if-missing",
        kind: "value",
        value: "ignore|fail",
        help: "if a named session does not exist: fail (default) or ignore",
        completes: ["ignore", "fail"],
      },
    ],
  },
  {
    title: "Steps",
    rows: [
      {
        name: "drain",
        kind: "value",
        value: "until-restart",
        help: "first refuse new logons until the next restart",
        completes: ["until-restart"],
      },
      {
        name: "undrain",
        kind: "flag",
        help: "only allow new logons again, log nobody off; on Linux lifts only what this command has set",
      },
      {
        name: "warn",
        kind: "value",
        value: "TEXT",
        help: "warn the users first; {minutes}, {user} and {host} are replaced",
      },
      { name: "grace", kind: "value", value: "DURATION", help: "time between the warning and the logoff" },
      {
        name: "remind",
        kind: "list",
        value: "DURATION,...",
        help: "warn again this long before the end of the grace period",
      },
      {
        name: "wait-only",
        kind: "flag",
        help: "log nobody off at the end of the grace period, but fail and name the users",
      },
      {
        name: "stuck",
        kind: "value",
        value: "fail|reset|continue",
        help: "if a session does not end: fail (default), reset it, or continue",
        completes: ["fail", "reset", "continue"],
      },
    ],
  },
  {
    title: "Many hosts",
    rows: [
      { name: "parallel", kind: "value", value: "N", help: "hosts at once (20), no more than 64" },
      { name: "waves", kind: "list", value: "SIZE,...", help: "such as 1,10%,50%; the last size repeats" },
      { name: "pause", kind: "value", value: "DURATION", help: "between waves" },
      {
        name: "max-failures",
        kind: "value",
        value: "N|N%",
        help: "stop when more hosts have failed (of the run, or % of a wave)",
      },
      {
        name: "fail-on",
        kind: "value",
        value: "any|budget",
        help: "status 1 for any host that is not done (default), or only when --max-failures or --limit has ended the run",
        completes: ["any", "budget"],
      },
      {
        name: "window",
        kind: "value",
        value: "WINDOW",
        help: 'change nothing outside "22:00-05:00 Europe/Berlin" or FROM/TO in RFC 3339',
      },
      { name: "timeout", kind: "value", value: "DURATION", help: "for the whole run (none)" },
      {
        name: "timeout-connect",
        kind: "value",
        value: "DURATION",
        help: "for connecting and logging in (15s)",
      },
      {
        name: "timeout-logoff",
        kind: "value",
        value: "DURATION",
        help: "for a logoff (5m)",
      },
    ],
  },
  {
    title: "Read-only",
    rows: [
      { name: "list", kind: "flag", help: "who is where" },
      {
        name: "dry-run",
        kind: "flag",
        help: "show who would be logged off, who would be kept and why, and the commands",
      },
      {
        name: "check",
        kind: "flag",
        help: "show whether each host is ready for this command; writes no files",
      },
    ],
  },
  {
    title: "Output",
    rows: [
      {
        name: "output",
        kind: "value",
        value: "text|json|ndjson",
        help: "form of the result on standard output; progress goes to standard error",
        completes: ["text", "json", "ndjson"],
      },
      {
        name: "report",
        kind: "values",
        value: "FILE",
        help: "also write a .json, .xml (JUnit) or .html report; may be given again",
        completes: "file",
      },
      {
        name: "failed-hosts",
        kind: "value",
        value: "FILE",
        help: "write the hosts that are not done, as they were given, for a next run with --hosts-file; with --via as host>server, for a next run without it",
        completes: "file",
      },
      { name: "quiet", kind: "flag", help: "no progress" },
      { name: "verbose", kind: "flag", help: "the same as /v: every step of every host", short: "v" },
      { name: "debug", kind: "flag", help: "the SSH dialogue too, without secrets" },
      {
        name: "yes",
        kind: "flag",
        help: "do not ask; required where a question would be asked but cannot be shown or answered",
      },
    ],
  },
  {
    title: "This command",
    rows: [
      { name: "help", kind: "flag", help: "the same as /?", short: "h" },
      { name: "version", kind: "flag", help: "its version" },
      {
        name: "completion",
        kind: "value",
        value: "SHELL",
        help: "print the completion of bash, zsh, fish or powershell",
        completes: ["bash", "zsh", "fish", "powershell"],
      },
    ],
  },
] as const satisfies readonly OptionSection[];

/** The name of an option, without its dashes. */
export type OptionName = (typeof optionSections)[number]["rows"][number]["name"];

/** Every option by its name. */
export const optionRows: ReadonlyMap<string, OptionRow & { readonly name: OptionName }> = new Map(
  optionSections.flatMap(({ rows }) => rows.map((row) => [row.name, row] as const)),
);
