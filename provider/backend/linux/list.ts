import { anySessionGroup, groupFiles, inShell, patiently } from "./shell";

/** The properties of a session that we ask for; loginctl leaves out empty ones. */
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

const showSession = `shown=$(loginctl --no-pager show-session "$id" ${properties.map((name) => `-p ${name}`).join(" ")} 2>&1); code=$?`;
/** The rule of `checkedId` on the host, whose output its own shell reads there. */
const isId = String.raw`expr "$id" : "[A-Za-z]\{0,1\}[0-9]\{1,10\}$" >/dev/null`;

/** Shell functions: `ids` are those that logind lists, and `show` prints the sessions of the IDs that it is given. */
const functions = [
  `list() { loginctl --no-pager --no-legend list-sessions; }`,
  `ids() { while read -r id rest; do printf "%s\\n" "$id"; done; }`,
  `has_ended() { now=$(list) || exit; if printf "%s\\n" "$now" | ids | grep -qxF "$1"; then return 1; fi; }`,
  `unseen() { for id in $(printf "%s\\n" "$rows" | ids); do case $seen in *" $id "*) ;; *) printf "%s\\n" "$id";; esac; done; }`,
  `show() { for id in $1; do if ${isId}; then ${patiently(showSession, "shown")}; printf "@session %s\\n%s\\n" "$id" "$shown"; if [ "$code" -eq 0 ]; then printf "@shown\\n"; elif has_ended "$id"; then printf "@ended\\n"; else printf "@failed\\n"; fi; else printf "@strange\\n"; fi; done; }`,
];

/**
 * The second list finds sessions that began while the first was processed. The control groups come before it, so that a group
 * without a session in either list has outlived its session; the processes come after it, so that they include every session's.
 */
const parts = [
  `printf "@now %s\\n@own %s\\n@self %s\\n" "$(date +%s)" "\${XDG_SESSION_ID-}" "$$"`,
  `grep -E "${anySessionGroup}" /proc/$$/cgroup 2>/dev/null | while read -r group; do printf "@in %s\\n" "$group"; done`,
  "set -f",
  "rows=$(list) || exit",
  `first=$(printf "%s\\n" "$rows" | ids)`,
  `show "$first"`,
  `printf "@groups\\n"`,
  "set +f",
  `${groupFiles} | xargs grep -hE "${anySessionGroup}" 2>/dev/null | sort | uniq -c`,
  "set -f",
  "rows=$(list) || exit",
  `seen=" $(printf "%s " $first)"`,
  `show "$(unseen)"`,
  `printf "@processes\\n"`,
  "ps -A -o pid= -o ppid= -o tty= 2>/dev/null",
  ":",
];

/**
 * Everything about the sessions of a host in one constant command. The table's columns changed with v232, v254 and v256, and `-o json`
 * with v256, so only its first column is used, and the properties of each session are requested by ID. Needs no privileges.
 *
 * Lines with `@` are ours and separate the parts. The answer is between two of them, and the second holds its checksum:
 * output of the login's start-up files cannot become part of it, and a damaged answer is not read.
 */
export const listCommand = inShell(
  "command -v loginctl >/dev/null || exit 127",
  ...functions,
  `answer() { ${parts.join("; ")}; }`,
  `printf "\\n@begin\\n" >&2`,
  "body=$(answer) || exit",
  `printf "\\n@begin\\n%s\\n@complete %s\\n" "$body" "$(printf "%s" "$body" | cksum)"`,
);
