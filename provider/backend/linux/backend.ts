import { LogoffError } from "../../base/errors";
import type { Session, SessionList } from "../../session/session";
import type { Action, Backend, LogoffAnswer, Query, Target } from "../backend";
import { readAnswer } from "./answers";
import { bootId } from "./boot-id";
import { drain, drainMode, undrain } from "./drain";
import { limitsOnLinux } from "./limits";
import { listCommand } from "./list";
import { warning } from "./message";
import { programsOf } from "./programs";
import { readSessions } from "./sessions";
import { checkedId, groupFiles, inShell, sessionGroup, withRights } from "./shell";

/**
 * Linux through logind's `loginctl`, of systemd 219 and newer or of elogind.
 * @throws LogoffError `unsupported-host` for a server behind the host: logind has no `/server:`
 */
export function linuxBackend(target: Target): Backend {
  if (target.server !== undefined) {
    throw new LogoffError(
      "unsupported-host",
      `Cannot work on "${target.label}": a Linux host relays to no server; name "${target.server}" as a host of its own`,
    );
  }
  const list = (): Query<SessionList> => ({
    commands: [listCommand],
    parse: ([result]) => readSessions(target, result),
  });
  return {
    platform: "linux",
    list,
    caveats: (asked) => limitsOnLinux(asked),
    logOff: (session) => logOff(checkedId(target.label, session.id)),
    reset: (session) => reset(checkedId(target.label, session.id)),
    processes: (session) => programsOf(checkedId(target.label, session.id)),
    warn: (session: Session, text) => warning(session, text),
    drainMode: () => drainMode(target.label),
    drain: (mode) => drain(target.label, mode),
    undrain: ({ force = false } = {}) => undrain(target.label, force),
    bootId: () => bootId,
  };
}

const tell = `printf "\\n@said\\n%s\\n" "$said"`;

function logOff(id: string): Action<LogoffAnswer> {
  return {
    command: inShell(withRights(`terminate-session ${id}`), tell, "exit $code"),
    parse: readAnswer,
  };
}

/**
 * Kills the session's processes through logind, and then those that remain in its control group: elogind has forgotten the session by then,
 * but not its group. `kill-session` without `--kill-who` means all; the option has another name from v254 on.
 */
function reset(id: string): Action<LogoffAnswer> {
  return {
    command: inShell(
      withRights(`kill-session --signal=SIGKILL ${id}`),
      `as=env; [ "$(id -u)" -eq 0 ] || as="sudo -n"`,
      `for file in $(${groupFiles} | xargs grep -lE "${sessionGroup(id)}" 2>/dev/null); do pid=\${file#/proc/}; $as kill -s KILL "\${pid%/cgroup}" && code=0; done`,
      tell,
      "exit $code",
    ),
    parse: readAnswer,
  };
}
