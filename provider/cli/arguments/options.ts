/** Every long option, in the order of the help. Parsing, help and completion all read this one table. */
import { inputOptions } from "./input-options";

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

type NamedRow = OptionRow & { readonly name: OptionName };

interface NamedSection {
  readonly title: string;
  readonly rows: readonly NamedRow[];
}

/** The options that set no input, by section. */
const ownOptions = {
  where: [
    {
      name: "server",
      kind: "value",
      value: "HOST",
      help: "host to connect to over SSH, [user@]address[:port]; same as /server:HOST",
    },
    {
      name: "host",
      kind: "list",
      value: "HOST",
      help: "host to connect to over SSH, [user@]address[:port]; repeatable",
    },
    {
      name: "hosts-file",
      kind: "value",
      value: "FILE",
      help: "read the hosts from FILE, one per line, or from standard input if FILE is -",
      completes: "file",
    },
    {
      name: "via",
      kind: "value",
      value: "HOST",
      help: "connect to HOST, and act on each server from there with the /server: of Windows' own commands",
    },
    {
      name: "platform",
      kind: "value",
      value: "P",
      help: "operating system of the hosts, windows or linux; default: detected",
      completes: ["windows", "linux"],
    },
  ],
  steps: [
    {
      name: "undrain",
      kind: "flag",
      help: "allow new logons again and do nothing else; on Linux, only where this tool refused them",
    },
    {
      name: "wait",
      kind: "value",
      value: "DURATION",
      help: "with --undrain: wait this long for hosts that do not answer or take logons yet",
    },
    {
      name: "then",
      kind: "value",
      value: "COMMAND",
      help: "run COMMAND on this machine after each wave, with the hosts that are done on its standard input",
    },
    {
      name: "then-undrain",
      kind: "value",
      value: "DURATION",
      help: "after COMMAND, wait this long for these hosts to restart and be back, then allow new logons again",
    },
    {
      name: "no-restart",
      kind: "flag",
      help: "with --then-undrain: do not require that the hosts have restarted",
    },
  ],
  readOnly: [
    { name: "list", kind: "flag", help: "list the sessions of each host" },
    {
      name: "dry-run",
      kind: "flag",
      help: "show who would be logged off, who would be kept and why, and the commands that would run",
    },
    {
      name: "check",
      kind: "flag",
      help: "show whether each host is ready for this command; changes nothing on the host",
    },
  ],
  output: [
    {
      name: "output",
      kind: "value",
      value: "text|json|ndjson",
      help: "format of the result on standard output; default: text; progress goes to standard error",
      completes: ["text", "json", "ndjson"],
    },
    {
      name: "failed-hosts",
      kind: "value",
      value: "FILE",
      help: "write the hosts that are not done to FILE, for --hosts-file in the next run",
      completes: "file",
    },
    { name: "quiet", kind: "flag", help: "show no progress" },
    { name: "verbose", kind: "flag", help: "show every step of every host; same as /v", short: "v" },
    { name: "debug", kind: "flag", help: "show the SSH messages too, without secrets" },
    {
      name: "yes",
      kind: "flag",
      help: "do not ask before anybody is logged off",
    },
  ],
  itself: [
    { name: "help", kind: "flag", help: "show this help; same as /?", short: "h" },
    { name: "version", kind: "flag", help: "show the version" },
    {
      name: "completion",
      kind: "value",
      value: "SHELL",
      help: "print the completion script for bash, zsh, fish or powershell",
      completes: ["bash", "zsh", "fish", "powershell"],
    },
  ],
} as const satisfies Readonly<Record<string, readonly OptionRow[]>>;

type InputOptionRow = (typeof inputOptions)[number];
type OwnOptionRow = (typeof ownOptions)[keyof typeof ownOptions][number];

/** The options that set an input of a section. */
function setting(section: InputOptionRow["section"]): readonly InputOptionRow[] {
  return inputOptions.filter((row) => row.section === section);
}

/** The options by subject. */
export const optionSections: readonly NamedSection[] = [
  { title: "Hosts (without these options: this machine, without SSH)", rows: ownOptions.where },
  { title: "Connection", rows: setting("Connection") },
  { title: "Sessions (instead of a session name or ID)", rows: setting("Sessions") },
  { title: "Steps", rows: [...setting("Steps"), ...ownOptions.steps] },
  { title: "Many hosts", rows: setting("Many hosts") },
  { title: "Read-only", rows: ownOptions.readOnly },
  { title: "Output", rows: [...setting("Output"), ...ownOptions.output] },
  { title: "This command", rows: ownOptions.itself },
];

/** The name of an option, without its dashes. */
export type OptionName = (InputOptionRow | OwnOptionRow)["name"];

/** Every option by its name. */
export const optionRows: ReadonlyMap<string, NamedRow> = new Map(
  optionSections.flatMap(({ rows }) => rows.map((row) => [row.name, row] as const)),
);
