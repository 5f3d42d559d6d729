import type { ExecResult, Platform } from "../connection";
import { LogoffError, printable } from "../errors";
import type { SessionList } from "../session/session";
import type { Backend, Query, Target } from "./backend";
import { linuxBackend } from "./linux/backend";
import { readCodePage } from "./windows/code-page";
import { windowsBackend } from "./windows/backend";

/** What the first exchange with a host tells. Plain data: it outlives the connection. */
export interface Detected {
  readonly platform: Platform;
  /** Windows: the OEM code page that its tools print in, such as 850; absent when it did not say. */
  readonly codePage?: number;
}

/**
 * Asks what kind of host it is, by two commands that change nothing and mean the same in cmd, PowerShell and every
 * POSIX shell: `chcp.com` exists on Windows only, and `uname -s` tells Linux from a Unix shell that somebody made the
 * default shell of a Windows host.
 * `parse` throws `unsupported-host` with the reason; it never guesses.
 */
export function detection(label: string): Query<Detected> {
  return {
    commands: ["chcp.com", "uname -s"],
    parse: ([chcp, uname]) => judge(label, chcp, uname),
  };
}

/** The first exchange of a run: what the host is and, where one exchange can tell both, who is on it. */
export interface FirstContact {
  readonly detected: Detected;
  /** Absent when the listing takes commands that only the answer could choose, or could not be read: then ask again. */
  readonly sessions?: SessionList;
}

/**
 * {@link detection} and the first listing side by side, which saves a round trip: Windows' commands are asked along, and
 * mean nothing elsewhere, unless the host is said to be Linux. Not through `/server:`, a switch that a Unix shell rewrites.
 * `parse` throws `unsupported-host`, also for a platform other than the one said.
 */
export function firstContact(target: Target, platform: Platform | undefined): Query<FirstContact> {
  const { commands, parse } = detection(target.label);
  const guess: Detected = { platform: platform ?? "windows" };
  const along = target.server === undefined ? backendFor(guess, target).list().commands : [];
  return {
    commands: [...commands, ...along],
    parse: (results) => {
      const detected = parse(results);
      if (platform !== undefined && detected.platform !== platform) {
        throw unsupported(target.label, `platform says "${platform}", and it is "${detected.platform}"`);
      }
      if (along.length === 0 || detected.platform !== guess.platform) return { detected };
      const sessions = ifReadable(() =>
        backendFor(detected, target).list().parse(results.slice(commands.length)),
      );
      return { detected, ...(sessions === undefined ? {} : { sessions }) };
    },
  };
}

function ifReadable(read: () => SessionList): SessionList | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function judge(label: string, chcp: ExecResult | undefined, uname: ExecResult | undefined): Detected {
  const codePage = chcp && readCodePage(chcp);
  const unix = uname?.code === 0 ? ascii(uname.stdout).trim() : "";
  if (unix === "") {
    if (codePage !== undefined) return { platform: "windows", codePage };
    throw unsupported(label, `it answered neither chcp.com nor uname -s: ${firstWords(chcp, uname)}`);
  }
  if (codePage !== undefined || /^(MINGW|MSYS|CYGWIN)/u.test(unix)) {
    throw unsupported(
      label,
      `its default SSH shell is a Unix shell on Windows ("${printable(unix, 60)}"), which rewrites the switches of Windows commands: make cmd.exe or PowerShell the DefaultShell of its OpenSSH server`,
    );
  }
  if (unix === "Linux") return { platform: "linux" };
  throw unsupported(label, `its system is "${printable(unix, 60)}", which is neither Windows nor Linux`);
}

function unsupported(label: string, reason: string): LogoffError {
  return new LogoffError("unsupported-host", `Cannot work on "${label}": ${reason}`);
}

function firstWords(...results: readonly (ExecResult | undefined)[]): string {
  const words = results.map((result) => printable(ascii(result?.stderr) || ascii(result?.stdout), 80));
  return `"${words.join('", "')}"`;
}

/** Bytes as ASCII: enough for what is compared here, and it cannot fail. */
function ascii(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : String.fromCharCode(...bytes.subarray(0, 1000));
}

/** The commands and readings for a host that was detected. */
export function backendFor(detected: Detected, target: Target): Backend {
  switch (detected.platform) {
    case "windows":
      return windowsBackend(target, detected.codePage);
    case "linux":
      return linuxBackend(target);
  }
}
