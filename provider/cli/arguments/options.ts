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
  steps: [
    {
      name: "undrain",
      kind: "flag",
      help: "only allow new logons again, log nobody off; on Linux lifts only what this command has set",
    },
  ],
  readOnly: [
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
  output: [
    {
      name: "output",
      kind: "value",
      value: "text|json|ndjson",
      help: "form of the result on standard output; progress goes to standard error",
      completes: ["text", "json", "ndjson"],
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
  itself: [
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
} as const satisfies Readonly<Record<string, readonly OptionRow[]>>;

type InputOptionRow = (typeof inputOptions)[number];
type OwnOptionRow = (typeof ownOptions)[keyof typeof ownOptions][number];

/** The options that set an input of a section. */
function setting(section: InputOptionRow["section"]): readonly InputOptionRow[] {
  return inputOptions.filter((row) => row.section === section);
}

/** The options by subject. */
export const optionSections: readonly NamedSection[] = [
  { title: "Where (none of these: this machine, without SSH)", rows: ownOptions.where },
  { title: "Connection", rows: setting("Connection") },
  { title: "Which sessions (instead of a session name or ID)", rows: setting("Sessions") },
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
