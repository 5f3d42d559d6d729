import { endOf } from "../replies";
import { printable } from "../../base/text";
import type { ExecResult } from "../../connection";
import type { LogoffAnswer } from "../backend";

/** Bytes of a host as text. Invalid UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder("utf-8").decode(bytes ?? new Uint8Array());
}

/**
 * The answer of loginctl to a logoff. Its messages are the D-Bus errors of org.freedesktop.login1, which have no numbers; they are English
 * because of `LC_ALL=C`. Exit status 0 means accepted; a listing tells whether the session is gone.
 */
export function readAnswer(result: ExecResult): LogoffAnswer {
  if (result.code === 0) return { kind: "accepted" };
  const said = saidBy(result);
  if (/No session '[^']*' known|Unknown object/u.test(said)) return { kind: "absent" };
  if (said.includes("Resource deadlock avoided")) return { kind: "busy" };
  if (isDenied(said)) return { kind: "denied", detail: deniedDetail(said) };
  if (result.code === 127 || /loginctl: (?:command )?not found/u.test(said)) {
    return { kind: "refused", detail: "it has no loginctl, which comes with systemd-logind or elogind" };
  }
  return { kind: "refused", detail: `the command ended with ${endOf(result)}: "${printable(said)}"` };
}

/** The message of loginctl without the output of the login's start-up files. */
function saidBy({ stdout, stderr }: ExecResult): string {
  const text = startOf(stdout);
  const mark = "\n@said\n";
  const at = text.indexOf(mark);
  return at === -1 ? `${text}\n${startOf(stderr)}` : text.slice(at + mark.length);
}

/** The beginning of a host's output, as text: enough for a message and for a decision. */
export function startOf(bytes: Uint8Array | undefined): string {
  return textOf(bytes?.subarray(0, 20_000));
}

/** Whether a text reports a missing right of logind, D-Bus or sudo. */
export function isDenied(said: string): boolean {
  return /authentication (?:is )?required|Access denied|Permission denied|Operation not permitted|^sudo: /imu.test(
    said,
  );
}

/** Arguments of loginctl that we use as root, exactly: a wildcard of sudoers matches blanks and more options too. */
const allowed = String.raw`^--no-ask-password (terminate-session|kill-session --signal\=SIGKILL) [A-Za-z]?[0-9]+$`;

/** The sudoers line that lets a user end sessions and warn on terminals. sudo knows regular expressions from 1.9.10 on. */
export const sudoersLine = String.raw`USER ALL=(root) NOPASSWD: /usr/bin/loginctl ${allowed}, /usr/bin/tee ^/dev/(pts/|tty)[0-9]+$`;

/** The polkit rule that does the same, as a file in /etc/polkit-1/rules.d. */
const polkitRule =
  'polkit.addRule(function (action, subject) { if (action.id == "org.freedesktop.login1.manage" && subject.user == "USER") return polkit.Result.YES; });';

function deniedDetail(said: string): string {
  return `the login may not end other users' sessions: "${printable(said)}"; log in as root, or allow it (USER being the login's name) with this line of sudoers: ${sudoersLine} (sudo 1.9.10 or newer), or with this polkit rule: ${polkitRule}`;
}
