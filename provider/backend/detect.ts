import type { ExecResult, Platform } from "../connection";
import { LogoffError, printable } from "../errors";
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
