import { anySessionGroup, inShell, patiently } from "./shell";

/** What of a session is asked for; empty ones are left out of the answer. */
const properties = [
  "Id",
  "Name",
  "User",
  "State",
  "Class",
  "Type",
  "Service",
  "Leader",
  "Seat",
  "TTY",
  "Display",
  "Timestamp",
  "IdleHint",
  "IdleSinceHint",
];

const listSessions = "loginctl --no-pager --no-legend list-sessions";
const firstColumn = `while read -r id rest; do printf "%s\\n" "$id"; done`;
const showSession = `shown=$(loginctl --no-pager show-session "$id" ${properties.map((name) => `-p ${name}`).join(" ")} 2>&1); code=$?`;
/** The rule of `checkedId` once more, on the host: its own output meets its own shell there. */
const isId = String.raw`expr "$id" : "[A-Za-z]\{0,1\}[0-9]\{1,10\}$" >/dev/null`;

/**
 * Everything about the sessions of a host in one constant command. The table's columns changed with v232, v254 and v256, and `-o json`
 * with v256, so that only its first column is used, and the properties of each session are asked for by ID. Needs no right.
 *
 * Lines with `@` are ours and part the answer. The second list tells who ended meanwhile from what could not be read.
 * The process table and the control groups follow: terminals that logind does not know, and processes that outlive their session.
 */
export const listCommand = inShell(
  "command -v loginctl >/dev/null || exit 127",
  "set -f",
  `rows=$(${listSessions}) || exit`,
  `printf "@begin\\n@now %s\\n@own %s\\n@self %s\\n" "$(date +%s)" "\${XDG_SESSION_ID-}" "$$"`,
  `for id in $(printf "%s\\n" "$rows" | ${firstColumn}); do if ${isId}; then ${patiently(showSession, "shown")}; printf "@session %s\\n%s\\n@end %s\\n" "$id" "$shown" "$code"; else printf "@strange\\n"; fi; done`,
  "set +f",
  `printf "@processes\\n"`,
  "ps -A -o pid= -o ppid= -o tty= 2>/dev/null",
  `printf "@groups\\n"`,
  `grep -HE "${anySessionGroup}" /proc/[0-9]*/cgroup 2>/dev/null`,
  `printf "@still\\n"`,
  `rows=$(${listSessions}) || exit`,
  `printf "%s\\n" "$rows" | ${firstColumn}`,
  `printf "@complete\\n"`,
);

/** The answer to {@link listCommand}, taken apart. */
export interface Answer {
  /** Seconds since 1970 on the host. */
  readonly nowSeconds: number | undefined;
  /** `XDG_SESSION_ID` of the login, empty where it has none (sudo takes it away). */
  readonly ownId: string;
  /** Our shell's process. */
  readonly selfPid: number;
  readonly shown: readonly {
    readonly id: string;
    readonly code: number;
    readonly lines: readonly string[];
  }[];
  /** Rows whose first column is no ID. */
  readonly strange: number;
  readonly processes: readonly string[];
  readonly groups: readonly string[];
  readonly still: readonly string[];
  readonly complete: boolean;
}

/** Takes the answer apart; whatever stands before `@begin` was said by the login's own start-up files. */
export function readAnswerLines(text: string): Answer {
  const lines = text.split(/\r?\n/u);
  const begin = lines.indexOf("@begin");
  const body = begin === -1 ? [] : lines.slice(begin + 1);
  const valueOf = (name: string): string | undefined =>
    body.find((line) => line.startsWith(`@${name} `))?.slice(name.length + 2);
  const between = (from: string, to: string): readonly string[] => {
    const start = body.indexOf(from);
    const end = body.indexOf(to, start);
    return start === -1 || end === -1 ? [] : body.slice(start + 1, end);
  };
  const now = Number(valueOf("now"));
  return {
    nowSeconds: Number.isInteger(now) && now > 0 ? now : undefined,
    ownId: valueOf("own") ?? "",
    selfPid: Number(valueOf("self") ?? 0),
    shown: readShown(body),
    strange: body.filter((line) => line === "@strange").length,
    processes: between("@processes", "@groups"),
    groups: between("@groups", "@still"),
    still: between("@still", "@complete").filter((line) => line !== ""),
    complete: begin !== -1 && body.includes("@complete"),
  };
}

function readShown(body: readonly string[]): Answer["shown"] {
  const starts = body.flatMap((line, index) => (line.startsWith("@session ") ? [index] : []));
  return starts.flatMap((start) => {
    const length = body.slice(start).findIndex((line) => line.startsWith("@end "));
    if (length === -1) return [];
    const lines = body.slice(start + 1, start + length);
    const code = Number(body[start + length]?.slice("@end ".length));
    return [{ id: body[start]?.slice("@session ".length) ?? "", code, lines }];
  });
}
