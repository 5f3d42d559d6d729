import { LogoffError } from "../base/errors";
import { printable } from "../base/text";
import type { ExecResult, Platform } from "../connection";
import type { Backend, Query, Target } from "./backend";
import { linuxBackend } from "./linux/backend";
import { windowsBackend } from "./windows/backend";
import { readCodePage } from "./windows/code-page";
import {
  greetingOf,
  sharedGreeting,
  withoutControls,
  withoutGreeting,
  type Greeting,
} from "./windows/greeting";
import type { WindowsShell } from "./windows/one-line";

/** The result of the first exchange with a host. Plain data, which outlives the connection. */
export interface Detected {
  readonly platform: Platform;
  /** Windows: the OEM code page of the tools' output, such as 850; absent if unknown. */
  readonly codePage?: number;
  /** Windows: what the host prints before the output of every command; absent: nothing. */
  readonly greeting?: Greeting;
  /** Windows: what the host prints on standard error before the output of every command; absent: nothing. */
  readonly errorGreeting?: Greeting;
  /** Windows: the shell that runs the commands, if it can run several programs in one line; absent: each needs a command of its own. */
  readonly shell?: WindowsShell;
}

/**
 * One line that each kind of shell reads in its own way, whatever programs are on the path. To cmd it is one `echo`, which prints
 * the `; uname -s` too; PowerShell's `echo` prints each word on a line of its own, a Unix shell the words as they stand, and
 * both go on with `uname`. Asking `uname` alone would not do: Git puts one on the path of a Windows host whose shell is cmd.
 * Tried with sh, dash, bash, zsh, ksh, mksh, tcsh, csh, fish and busybox; of cmd and PowerShell it is their documented `echo`.
 */
const shellProbe = "echo which shell; uname -s";

/**
 * Detects the platform with two commands that change nothing: `chcp.com` exists only on Windows, and the other one tells which shell reads
 * our commands and which system is below a Unix shell. `parse` throws `unsupported-host` with the reason, also if the platform is not the
 * expected one; it never guesses.
 * @param said the platform set in the inputs, which decides for a Linux that can run the programs of the Windows around it
 */
export function detection(label: string, said?: Platform): Query<Detected> {
  return {
    commands: ["chcp.com", shellProbe],
    parse: ([chcp, probe]) => {
      const detected = judge(label, said, chcp, probe);
      refuseOtherPlatform(label, said, detected);
      return detected;
    },
  };
}

/** @throws LogoffError `unsupported-host` if the platform is not the one set in the inputs */
function refuseOtherPlatform(label: string, said: Platform | undefined, { platform }: Detected): void {
  if (said !== undefined && said !== platform)
    throw unsupported(label, `it is "${platform}", but \`platform: ${said}\` is set`);
}

function judge(
  label: string,
  said: Platform | undefined,
  chcp: ExecResult | undefined,
  probe: ExecResult | undefined,
): Detected {
  const { shell, system, greeting } = readProbe(ascii(probe?.stdout));
  const codePage = chcp && readCodePage({ ...chcp, stdout: withoutGreeting(chcp.stdout, greeting) });
  if (system === "Linux") {
    if (codePage === undefined || said === "linux") return { platform: "linux" };
    throw unsupported(
      label,
      `it is a Linux inside Windows (WSL): use \`platform: linux\` if the sessions of that Linux are meant, and ${useOurShell} if those of Windows are`,
    );
  }
  if (shell === "unix" && (codePage !== undefined || isPortOfUnix(system))) {
    const which = system === "" ? "" : ` ("${printable(system, 60)}")`;
    throw unsupported(
      label,
      `its default SSH shell is a Unix shell on Windows${which}, which rewrites the switches of Windows commands: ${useOurShell}`,
    );
  }
  // PowerShell runs on other systems too, and there it finds their uname.
  const isWindowsShell =
    shell === "cmd" || (shell === "powershell" && (codePage !== undefined || isNoUnix(system)));
  if (isWindowsShell) {
    // Either command may fail by itself (PowerShell knows no uname), and the two then print different errors.
    const errorGreeting = sharedGreeting(ascii(chcp?.stderr), ascii(probe?.stderr));
    return {
      platform: "windows",
      ...(codePage === undefined ? {} : { codePage }),
      ...(greeting.length === 0 ? {} : { greeting }),
      ...(errorGreeting.length === 0 ? {} : { errorGreeting }),
    };
  }
  if (codePage !== undefined) {
    throw unsupported(
      label,
      `its default SSH shell is unknown: it answered "${shellProbe}" with ${firstWords(probe)}: ${useOurShell}, and let neither cmd's AutoRun registry value nor a PowerShell profile print anything`,
    );
  }
  if (system !== "" && !isPortOfUnix(system))
    throw unsupported(label, `its system is "${printable(system, 60)}", which is neither Windows nor Linux`);
  throw unsupported(
    label,
    `it answered neither chcp.com nor "${shellProbe}" as Windows or Linux does: ${firstWords(chcp, probe)}`,
  );
}

const useOurShell = "make cmd.exe or PowerShell the DefaultShell of its OpenSSH server";

/** MINGW64_NT-10.0, UCRT64_NT, MSYS_NT, CYGWIN_NT, Windows_NT (busybox), windows32 (GnuWin32): Unix tools that run on Windows. */
function isPortOfUnix(system: string): boolean {
  return /_NT\b|^(?:MINGW|MSYS|CYGWIN|windows)/iu.test(system);
}

/** Whether `uname` is absent or one that runs on Windows. */
export function isNoUnix(system: string): boolean {
  return system === "" || isPortOfUnix(system);
}

interface Probe {
  readonly shell: "cmd" | "powershell" | "unix" | undefined;
  /** The output of `uname`, if it ran. */
  readonly system: string;
  /** The text before the answer, from AutoRun, a profile or another start-up file. */
  readonly greeting: Greeting;
}

function readProbe(printed: string): Probe {
  const lines = printed.split(/\r?\n/u);
  const texts = lines.map((line) => withoutControls(line).replace(/ +$/u, ""));
  const before = (at: number): Greeting => greetingOf(lines.slice(0, at));
  for (const [at, text] of texts.entries()) {
    if (text === "which shell; uname -s") return { greeting: before(at), shell: "cmd", system: "" };
    if (text === "which shell")
      return { greeting: before(at), shell: "unix", system: (texts[at + 1] ?? "").trim() };
    if (text === "which" && texts[at + 1] === "shell")
      return { greeting: before(at), shell: "powershell", system: (texts[at + 2] ?? "").trim() };
  }
  return { shell: undefined, system: "", greeting: [] };
}

function unsupported(label: string, reason: string): LogoffError {
  return new LogoffError("unsupported-host", `Cannot work on "${label}": ${reason}`);
}

function firstWords(...results: readonly (ExecResult | undefined)[]): string {
  const words = results.map((result) => printable(ascii(result?.stderr) || ascii(result?.stdout), 80));
  return `"${words.join('", "')}"`;
}

/** Bytes as ASCII, which is enough for the comparisons here and cannot fail. */
function ascii(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : String.fromCharCode(...bytes.subarray(0, 10_000));
}

/** The backend of a detected host. */
export function backendFor(detected: Detected, target: Target): Backend {
  switch (detected.platform) {
    case "windows":
      return windowsBackend(
        target,
        detected.codePage,
        detected.greeting,
        detected.errorGreeting,
        detected.shell,
      );
    case "linux":
      return linuxBackend(target);
  }
}
