import { parseArgs, type ParseArgsConfig } from "node:util";
import { nearest } from "../../base/suggest";
import { printable } from "../../base/text";
import { optionRows, type OptionName } from "./options";

/** The arguments as they were given, before they are checked against each other. */
export interface CommandLine {
  /** The session name or ID; absent if there is none. */
  readonly operand?: string;
  /** Whether an unknown option is followed by something that may be an operand. */
  readonly doubtful?: true;
  /** Target of `/server:` or `--server`. */
  readonly server?: string;
  readonly flags: ReadonlySet<OptionName>;
  /** The values of each option, in order, with lists split at commas. */
  readonly values: ReadonlyMap<OptionName, readonly string[]>;
}

/** The arguments, or all their problems. `help` is true wherever help was requested. */
export interface ArgvResult {
  readonly line: CommandLine;
  readonly problems: readonly string[];
}

const config: NonNullable<ParseArgsConfig["options"]> = Object.fromEntries(
  [...optionRows.values()].map(({ name, kind, short }) => [
    name,
    {
      type: kind === "flag" ? ("boolean" as const) : ("string" as const),
      ...(short === undefined ? {} : { short }),
    },
  ]),
);

/**
 * Reads the arguments. `node:util` finds the long options and their values, so that `--known-hosts /etc/hosts` is never
 * taken for a switch; what it leaves as operands may be the slash grammar of `logoff`, which is ours.
 */
export function readArgv(argv: readonly string[]): ArgvResult {
  const flags = new Set<OptionName>();
  const values = new Map<OptionName, string[]>();
  const operands: string[] = [];
  const servers: string[] = [];
  const problems: string[] = [];
  const seenWrong = new Set<number>();
  const args = argv.map((arg) => (arg === "-V" ? "--verbose" : arg));
  const { tokens } = parseArgs({
    args,
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let onlyOperands = false;
  // The argument right after an unknown option may be its value, as in `--password Secret`.
  let mayBeValue = false;
  // An operand anywhere after an unknown option may be part of its value, so it is not quoted.
  let doubtful: true | undefined;
  for (const token of tokens) {
    const follows = mayBeValue;
    mayBeValue = false;
    if (token.kind === "option-terminator") onlyOperands = true;
    else if (token.kind === "positional") {
      if (!onlyOperands && token.value.startsWith("/")) readSwitch(token.value);
      else if (seenWrong.size > 0) doubtful = true;
      else operands.push(token.value);
    } else {
      const written = args[token.index] ?? "";
      const row = isCluster(written) ? undefined : optionRows.get(token.name);
      if (row === undefined) {
        // A cluster of letters is one argument, so one problem is enough.
        if (seenWrong.has(token.index)) {
          mayBeValue = true;
          continue;
        }
        if (!follows)
          problems.push(isCluster(written) ? unknownCluster(written) : unknownOption(token.rawName));
        seenWrong.add(token.index);
        mayBeValue = token.value === undefined;
      } else if (row.kind === "flag") {
        const next = args[token.index + 1];
        // Other commands take a host after -h: printing help with status 0 would let a pipeline continue.
        if (written === "-h" && next !== undefined && !/^[-/]/u.test(next))
          problems.push("-h takes no host: write --host, or --help for the help");
        else if (token.value === undefined) flags.add(row.name);
        else problems.push(`--${row.name} takes no value: remove the = and what follows it`);
      } else readValue(row, token.value, token.inlineValue === true);
    }
  }

  function readValue(
    row: { readonly name: OptionName; readonly kind: string; readonly value?: string },
    value: string | undefined,
    inline: boolean,
  ): void {
    const { name } = row;
    const wants = `--${name} needs a value: --${name} ${row.value ?? "VALUE"}`;
    if (value === undefined || value.trim() === "") problems.push(wants);
    else if (!inline && value.startsWith("-") && value !== "-")
      problems.push(`${wants}; one that begins with - is written --${name}=${row.value ?? "VALUE"}`);
    else if (name === "server") servers.push(value);
    else if (row.kind === "value" && values.has(name)) problems.push(`--${name} must not be given twice`);
    else {
      const parts = row.kind === "list" ? value.split(",").map((part) => part.trim()) : [value];
      values.set(name, [...(values.get(name) ?? []), ...parts]);
    }
  }

  /** `/server:NAME`, `/v`, `/?`, in upper or lower case, with one slash or two. */
  function readSwitch(text: string): void {
    const body = text.replace(/^\/\/?/u, "");
    const server = /^server:(.*)$/isu.exec(body)?.[1];
    if (body === "?") flags.add("help");
    else if (body.toLowerCase() === "v") flags.add("verbose");
    else if (server !== undefined && server.trim() !== "") servers.push(server);
    else if (server !== undefined || /^server(?:=.*)?$/isu.test(body))
      problems.push("/server: needs a name right behind the colon: /server:NAME");
    else if (seenWrong.size > 0) doubtful = true;
    else problems.push(unknownSwitch(text, body));
  }

  const [operand, ...others] = operands;
  if (others.length > 0) {
    problems.push(
      `Expected one session name or ID, got ${operands.length}: for several, use --id or --name, and quote text with blanks`,
    );
  } else if (operand !== undefined) {
    const wrong = operandProblem(operand);
    if (wrong !== undefined) problems.push(wrong);
  }
  if (servers.length > 1) problems.push("/server: must not be given twice: for several hosts give --host");
  return {
    line: {
      ...(operand === undefined ? {} : { operand }),
      ...(doubtful === undefined ? {} : { doubtful }),
      ...(servers[0] === undefined ? {} : { server: servers[0] }),
      flags,
      values,
    },
    problems,
  };
}

/** Whether node:util reads an argument as several one-letter options: `-host`, `-hQ`, `-pSecret`. */
function isCluster(arg: string): boolean {
  return /^-[^-]/u.test(arg) && Array.from(arg).length > 2;
}

/** A long option written with one dash is named; of anything else only the first letter, since the rest may be a password. */
function unknownCluster(arg: string): string {
  const body = arg.slice(1).split(/[=:]/u)[0] ?? "";
  const row = optionRows.get(body.toLowerCase());
  if (row !== undefined) return `-${row.name} is not a known option: write --${row.name}`;
  const [letter = ""] = Array.from(body);
  const short = [...optionRows.values()].find((one) => one.short === letter.toLowerCase());
  const advice = adviceFor(body);
  return `-${printable(letter)}… is not a known option: ${
    short !== undefined && advice === seeHelp ? `did you mean --${short.name}?` : advice
  }`;
}

/** `raw` is the option alone: a password may follow a `=`. Text that does not look like an option may be a password too. */
function unknownOption(raw: string): string {
  const written = /^--?[a-z0-9?][a-z0-9_.-]{0,40}$/iu.test(raw) ? raw : "An argument that begins with -";
  return `${written} is not a known option: ${adviceFor(raw.replace(/^-+/u, ""))}`;
}

const seeHelp = "--help shows all";

function adviceFor(name: string): string {
  if (/^pass/iu.test(name))
    return "a secret is never an argument, --password-env and --passphrase-env name the variable that holds it";
  const near = nearest(name, [...optionRows.keys()]);
  return near === undefined ? seeHelp : `did you mean --${near}?`;
}

function unknownSwitch(text: string, body: string): string {
  if (/^\/?dev\//iu.test(body)) {
    return `"${printable(text, 60)}" is neither a switch nor a session: write a terminal without /dev/, as ${printable(body.replace(/^dev\//iu, ""), 40)}`;
  }
  // As in `/password:Secret`.
  const written = printable(text.split(/[:=]/u)[0] ?? "", 60);
  if (optionRows.has(body.toLowerCase()))
    return `${written} is not a known switch: write --${body.toLowerCase()}`;
  return `${written} is not a known switch: there are /server:NAME, /v and /?`;
}

function operandProblem(operand: string): string | undefined {
  if (operand.trim() === "") return "The session name or ID must not be empty";
  // Git Bash turns /v into V:/ and /x into C:/Program Files/Git/x before we see it.
  if (/^[A-Za-z]:[\\/]/u.test(operand)) {
    return `"${printable(operand)}" is a path: if your shell has rewritten a switch, write //v, --verbose or --server NAME`;
  }
  if (/[*?]/u.test(operand)) {
    return `"${printable(operand)}" is a pattern, not one session: give --name "${printable(operand)}"`;
  }
  return undefined;
}

/** Whether an option is given. */
export function isGiven({ flags, values }: CommandLine, name: OptionName): boolean {
  return flags.has(name) || values.has(name);
}
