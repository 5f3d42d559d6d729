import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { ExecResult } from "../../connection";
import type { Action, Drain, DrainMode, Query } from "../backend";
import { endOf } from "../replies";
import { textOf } from "./answers";
import { exitNoPermission, inShell, loginIsRoot } from "./shell";

/** pam_nologin(8) reads it and shows it to users that it refuses. It is gone after a restart, because /run is memory. */
const file = "/run/nologin";
/** pam_nologin(8) reads it too; it is never ours. */
const lastingFile = "/etc/nologin";

/** The exit status of undraining if a file that is not ours still refuses new logins. */
const stillClosed: Readonly<Record<number, string>> = { 73: file, 74: lastingFile };

/** The text of our file, which also contains the mode. */
const texts: Readonly<Record<Drain, string>> = {
  "until-restart":
    "This host takes no new logins, because it is about to be maintained. (pulumi-session-logoff: until-restart)",
  "until-destroy":
    "This host takes no new logins, because it is about to be maintained. (pulumi-session-logoff: until-destroy)",
};
const drains: readonly Drain[] = ["until-restart", "until-destroy"];

/**
 * The beginnings of the file that systemd writes while it starts (tmpfiles.d/systemd-nologin.conf) and while it shuts down
 * (systemd-user-sessions), and removes by itself. Both are the same in every language.
 */
const systemTexts: readonly string[] = [
  "System is booting up. Unprivileged users are not permitted to log in yet.",
  "System is going down. Unprivileged users are not permitted to log in anymore.",
];

/**
 * Reads the first lines of both files, which needs no right. If one file is ours, the answer is our mode, whatever the other file contains,
 * because ours is to be lifted.
 */
export function drainMode(label: string): Query<DrainMode> {
  // One more line, because a file may end without a line break.
  const show = `for file in ${file} ${lastingFile}; do if [ -e $file ]; then printf "@closed %s\\n" $file; head -n 3 $file; printf "\\n"; fi; done`;
  return {
    commands: [inShell(`printf "\\n@begin\\n"`, show, `printf "@complete\\n"`)],
    parse: ([result]) => readDrainMode(label, textOf(result?.stdout)),
  };
}

function readDrainMode(label: string, text: string): DrainMode {
  // Earlier output comes from the login's start-up files.
  const all = text.split(/\r?\n/u);
  const lines = all.slice(all.indexOf("@begin") + 1);
  const end = lines.lastIndexOf("@complete");
  if (end === -1 || !all.includes("@begin")) {
    const reason = `${file} could not be read: "${printable(text)}"`;
    throw new LogoffError("drain-failed", `Cannot tell whether "${label}" takes new logins: ${reason}`);
  }
  const lasting = lines.lastIndexOf(`@closed ${lastingFile}`);
  const start = lines.indexOf(`@closed ${file}`);
  if (start === -1) return lasting === -1 ? "open" : "other";
  const held = lines.slice(start + 1, lasting === -1 ? end : lasting).join("\n");
  const ours = drains.find((mode) => `${texts[mode]}\n` === held);
  if (ours !== undefined) return ours;
  const isSystems = lasting === -1 && systemTexts.some((text) => held.startsWith(text));
  return isSystems ? "starting" : "other";
}

/** Writes the text to a temporary file first: on a full /run a created file may stay empty, and an empty file refuses logins too. */
const draft = `${file}.$$`;

/**
 * Creates the whole file in one step, if there is none: `ln` fails for an existing name. Only for a login with uid 0, because pam_nologin refuses
 * everybody else, also a user with sudo, who could not log in again to lift the drain.
 */
export function drain(label: string, mode: Drain): Action<void> {
  return {
    command: inShell(
      `${loginIsRoot} || exit ${exitNoPermission}`,
      "umask 022",
      `[ -e ${file} ] && exit 0`,
      `printf "%s\\n" "${texts[mode]}" >${draft} && ln ${draft} ${file}`,
      "code=$?",
      `rm -f ${draft}`,
      "exit $code",
    ),
    parse: (result) => judge(label, result),
  };
}

/**
 * Removes the file if its text is ours, in any mode; with `force` whatever its text is. `parse` names a file of somebody else that still refuses new
 * logins.
 */
export function undrain(label: string, force: boolean): Action<void> {
  const removal = force
    ? `rm -f ${file}`
    : `held=$(cat ${file}) || exit; case $held in ${drains.map((mode) => `"${texts[mode]}"`).join("|")}) rm -f ${file};; esac`;
  return {
    command: inShell(
      `if [ -e ${file} ]; then ${loginIsRoot} || exit ${exitNoPermission}`,
      removal,
      "fi",
      ...Object.entries(stillClosed).map(([code, path]) => `[ -e ${path} ] && exit ${code}`),
      "exit 0",
    ),
    parse: (result) => {
      const closing = stillClosed[result.code ?? 0];
      if (closing === undefined) judge(label, result);
      else throw notOurs(label, closing);
    },
  };
}

function notOurs(label: string, path: string): LogoffError {
  return new LogoffError(
    "drain-failed",
    `Cannot undrain "${label}": its file "${path}" refuses new logins and was not written by us; read it there, and remove it if ` +
      "nobody needs it",
  );
}

function judge(label: string, result: ExecResult): void {
  if (result.code === 0) return;
  if (result.code === exitNoPermission) {
    throw new LogoffError(
      "permission-denied",
      `Cannot change whether "${label}" takes new logins: log in as root, since ${file} refuses every other login, sudo or not; nothing was written`,
    );
  }
  throw new LogoffError(
    "drain-failed",
    `Cannot change whether "${label}" takes new logins: ${file} could not be changed, ${endOf(result)}: "${printable(textOf(result.stderr))}"`,
  );
}
