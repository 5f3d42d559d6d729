import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";

/**
 * One command line that means the same under every login shell (sh, bash, csh, fish): a script for `sh` as one
 * single-quoted line. So a script holds no single quote and no `!`, which csh expands even in quotes.
 * `LC_ALL=C` keeps the words of the tools English. systemd's tools color them, and run by root without a terminal they
 * say them to the kernel's log instead of us, unless told otherwise (seen with elogind 246).
 */
export function inShell(...steps: readonly string[]): string {
  return `env LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_LOG_COLOR=0 SYSTEMD_LOG_TARGET=console sh -c '${steps.join("; ")}'`;
}

/** Tests whether the login itself is root; `sudo` does not count. */
export const loginIsRoot = `[ "$(id -u)" -eq 0 ]`;

/** The exit status of our scripts if they need a login with uid 0 (EX_NOPERM of sysexits.h). */
export const exitNoPermission = 77;

/**
 * Runs loginctl with the login's own rights (root, a polkit rule, or the owner of the session), and with `sudo -n` where that
 * failed: nobody is asked for a password, and no `sudo` is logged where it was not needed. What it said ends up in `$said`,
 * its exit status in `$code`. logind answers so while a session is being created, and nothing was done then. Nobody asks again later,
 * so it is asked for a quarter of a minute here, which a command's usual 30 s allow.
 */
export function withRights(args: string): string {
  const call = `loginctl --no-ask-password ${args} 2>&1`;
  const asked = `said=$(${call} || { [ "$(id -u)" -ne 0 ] && sudo -n ${call}; }); code=$?`;
  return patiently(asked, "said", 15);
}

/** Repeats, a second apart, what leaves logind's answer in `$variable` while that is "Resource deadlock avoided". */
export function patiently(step: string, variable: string, tries = 3): string {
  const numbers = Array.from({ length: tries }, (_, index) => index + 1).join(" ");
  return `for try in ${numbers}; do ${step}; case $${variable} in *"Resource deadlock avoided"*) sleep 1;; *) break;; esac; done`;
}

/**
 * A regular expression (`grep -E`) for the line of `/proc/PID/cgroup` of the processes of a session: systemd's scope, and elogind's
 * group of its own in a hierarchy of its own or in the unified one. Seen with elogind 246; the scope is logind's documented name.
 * From the line's beginning on, since a container on the host ends its lines in the same way, with session numbers of its own.
 * @param id as {@link checkedId} proves it: letters and digits stand for themselves
 */
export function sessionGroup(id: string): string {
  return `^${groupOf(id)}$`;
}

function groupOf(id: string): string {
  return String.raw`([0-9]+:name=elogind:/|0::/|(0:|[0-9]+:name=systemd):/user\.slice/user-[0-9]+\.slice/session-)${id}(\.scope)?`;
}

/** {@link sessionGroup} of any session. */
export const anySessionGroup = sessionGroup("[A-Za-z]?[0-9]+");

/** What `uniq -c` prints of such lines: how many processes have it, and the session's ID. */
export const groupLine = new RegExp(
  `^ *(?:(?<count>[0-9]+) +)?${groupOf("(?<id>[A-Za-z]?[0-9]{1,10})")}$`,
  "u",
);

/** Prints the files that hold the control groups of all processes, for `xargs`: too many for one command line on a busy host. */
export const groupFiles = `printf "%s\\n" /proc/[0-9]*/cgroup`;

/**
 * The ID of a session, proven to be nothing else: with terminals the only thing from a host that enters a command line.
 * An empty one would mean the caller's own session to newer versions of systemd.
 * @throws LogoffError `output-unrecognised`
 */
export function checkedId(label: string, id: string): string {
  if (/^[A-Za-z]?[0-9]{1,10}$/u.test(id)) return id;
  throw new LogoffError(
    "output-unrecognised",
    `Cannot address session "${printable(id, 20)}" on "${label}": its ID must be digits, with one letter before them at most`,
  );
}

/** The name of a terminal below `/dev` that may enter a command line: `pts/3`, `tty1`. Undefined for any other text. */
export function checkedTerminal(text: string | undefined): string | undefined {
  const name = text?.replace(/^\/dev\//u, "");
  return name !== undefined && /^(pts\/[0-9]{1,7}|tty[0-9]{1,3})$/u.test(name) ? name : undefined;
}
