import type { Query } from "../backend";
import { programsFirst } from "../programs";
import { startOf } from "./answers";
import { groupFiles, inShell, sessionGroup } from "./shell";

/** The programs that open, hold and serve a session, by the names that the kernel keeps, which have at most 15 letters. */
const systemOwn: ReadonlySet<string> = new Set([
  "(sd-pam)",
  "at-spi-bus-laun",
  "at-spi2-registr",
  "dbus-broker",
  "dbus-broker-lau",
  "dbus-daemon",
  "dbus-launch",
  "gdm-session-wor",
  "gdm-wayland-ses",
  "gdm-x-session",
  "gnome-keyring-d",
  "lightdm",
  "login",
  "pipewire",
  "pulseaudio",
  "sddm-helper",
  "ssh-agent",
  "sshd",
  "sshd-auth",
  "sshd-session",
  "systemd",
  "wireplumber",
  "xorg",
  "xrdp-chansrv",
  "xrdp-sesexec",
  "xrdp-sesman",
  "xvnc",
]);

/** The most names that are read; a session with more of them has shown enough. */
const mostNames = 200;

/**
 * The programs in the control group of a session. `/dev/null` keeps `cat` from reading its input where there is none.
 * @param id as `checkedId` proves it
 */
export function programsOf(id: string): Query<readonly string[]> {
  return {
    commands: [
      inShell(
        `printf "\\n@begin\\n"`,
        `${groupFiles} | xargs grep -lE "${sessionGroup(id)}" 2>/dev/null | sed "s/cgroup$/comm/" | xargs cat /dev/null 2>/dev/null | sort -u | head -n ${mostNames}`,
      ),
    ],
    parse: ([result]) => {
      // Earlier output comes from the login's start-up files.
      const lines = startOf(result?.stdout).split(/\r?\n/u);
      const begin = lines.indexOf("@begin");
      return begin === -1 ? [] : programsFirst(lines.slice(begin + 1), (name) => systemOwn.has(name));
    },
  };
}
