import { optionSections, type OptionRow } from "./options";

const usage = `session-logoff [<SessionName> | <SessionID>] [/server:<ServerName>] [/v] [options]

Logs users off their sessions, on this machine or on other hosts over SSH, and verifies that the sessions have ended.

  <SessionName>         name of an active session, such as rdp-tcp#3
  <SessionID>           ID of a session; a disconnected session has an ID but no name
  /server:<ServerName>  host to connect to over SSH, [user@]address[:port]; without it, this machine
  /v                    show each step
  /?                    show this help

Without a session, the current session of this machine is logged off; without a terminal, only with --yes.
Switches may be in upper or lower case. In a shell that rewrites slashes, write //v or --verbose, --server and --help.`;

const examples = `Examples:
  session-logoff 12                                   session 12 of this machine
  session-logoff TERM04 /server:Server1               the session named TERM04 on Server1
  session-logoff --list --hosts-file rdsh.txt         the sessions of all hosts
  session-logoff --all --except-user "svc-*" --hosts-file rdsh.txt --dry-run
  session-logoff --all --hosts-file rdsh.txt --drain until-restart --yes \\
    --warn "Maintenance starts in {minutes} minutes. Please save your work." --grace 15m --remind 5m,1m \\
    --waves 1,10%,50% --max-failures 5% --report result.json --failed-hosts again.txt
  session-logoff --all --hosts-file rdsh.txt --drain until-undrain --waves 1,50% --yes \\
    --then ./patch-and-restart.sh --then-undrain 30m

Durations: 90s, 15m, 1h30m, or a number of seconds. Lists: repeat the option, or separate the values by commas.

Hosts file: one [user@]address[:port] per line, or address:port>server for a server behind a host. # begins a comment.
With --via, --failed-hosts writes host>server; the next run reads that file without --via.

--then COMMAND is run by /bin/sh or cmd.exe. Its standard input holds the hosts of the wave that are done, one per line as
they were given, and SESSION_LOGOFF_WAVE and SESSION_LOGOFF_WAVES hold the number of the wave and of all waves. A status
other than 0 ends the run.

Questions: on a terminal the command shows who would be logged off and asks, unless it is one session given by ID or
name. If it cannot ask, because standard input or standard error is redirected, it needs --yes. Without any terminal
it never asks.

Exit status: 0 all hosts are done, even if no session matched; 1 a host failed or was skipped; 2 wrong usage;
130 cancelled.`;

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
