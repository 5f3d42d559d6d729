import { optionSections, type OptionRow } from "./options";

const usage = `session-logoff [<SessionName> | <SessionID>] [/server:<ServerName>] [/v] [options]

Logs users off their sessions: on this machine, on one host or on many over SSH, and makes sure that they are gone.

  <SessionName>         the name of an active session, such as rdp-tcp#3
  <SessionID>           the ID of any session; a disconnected one has no name
  /server:<ServerName>  the host, [user@]address[:port]; without it this machine
  /v                    show each step
  /?                    this help

Without a session it is the current one of this machine (without a terminal only with --yes). Switches may be written in
upper or lower case, and with two slashes or as --server, --verbose and --help for shells that rewrite slashes.`;

const examples = `Examples:
  session-logoff 12                                   session 12 of this machine
  session-logoff TERM04 /server:Server1               the session named TERM04 on Server1
  session-logoff --list --hosts-file rdsh.txt         who is where
  session-logoff --all --except-user "svc-*" --hosts-file rdsh.txt --dry-run
  session-logoff --all --hosts-file rdsh.txt --drain until-restart --yes \\
    --warn "Maintenance starts in {minutes} minutes. Please save your work." --grace 15m --remind 5m,1m \\
    --waves 1,10%,50% --max-failures 5% --report result.json --failed-hosts again.txt

Durations are 90s, 15m, 1h30m, or seconds. On a terminal it shows who would be logged off and asks first, unless it
is one named session; where it cannot, because standard input or standard error is redirected, it wants --yes.
Without any terminal it never asks.

Exit status: 0 all done, also when nothing matched; 1 a host failed, a session was not found or is protected;
2 wrong usage; 130 cancelled.`;

/** The help, wrapped at the columns of the terminal. */
export function helpText(columns = 100): string {
  const sections = optionSections.map(
    ({ title, rows }) => `${title}:\n${rows.map((row) => optionHelp(row, columns)).join("\n")}`,
  );
  return [usage, ...sections, examples].join("\n\n") + "\n";
}

/** The column of the descriptions. */
const indent = 30;

function optionHelp({ name, value, short, help }: OptionRow, columns: number): string {
  const left = `  ${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
  const lines = wrap(help, Math.max(30, Math.min(columns, 120) - indent));
  const [first = "", ...rest] = lines;
  const head =
    left.length < indent - 1 ? [`${left.padEnd(indent)}${first}`] : [left, `${" ".repeat(indent)}${first}`];
  return [...head, ...rest.map((line) => `${" ".repeat(indent)}${line}`)].join("\n");
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
