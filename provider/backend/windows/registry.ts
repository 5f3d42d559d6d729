/** What the registry of a host tells, through `reg.exe`: its logon mode and its boot ID. */
import { LogoffError } from "../../base/errors";
import type { DrainMode } from "../backend";
import { bootIdOf, type BootId } from "../boot-id";

const terminalServer = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server`;
const winlogon = String.raw`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon`;

/**
 * Reads the logon mode as numbers: `change logon /query` prints localized words and may exit 1.
 * The whole Terminal Server key is read, to tell an absent value (which means 0) from a key that could not be read. Of Winlogon only one value is
 * read, because that key may contain a password for automatic logon.
 */
export const drainModeCommands = [
  `reg.exe query "${terminalServer}"`,
  `reg.exe query "${winlogon}" /v WinStationsDisabled`,
] as const;

/**
 * The mode in the output of {@link drainModeCommands}. TSServerDrainMode: 0 open, 1 until restart, 2 drain (unverified on a real host);
 * WinStationsDisabled other than 0 refuses reconnections too, which is never ours.
 * @throws LogoffError `drain-failed` when the key could not be read or holds an unknown number
 */
export function readDrainMode(label: string, terminalServerText: string, winlogonText: string): DrainMode {
  const readable = terminalServerText.toLowerCase().includes(String.raw`\control\terminal server`);
  if (!readable) {
    throw new LogoffError(
      "drain-failed",
      `Cannot tell whether "${label}" takes new logons: its registry key "${terminalServer}" could not be read`,
    );
  }
  if ((dword(winlogonText, "WinStationsDisabled") ?? 0) !== 0) return "other";
  switch (dword(terminalServerText, "TSServerDrainMode") ?? 0) {
    case 0:
      return "open";
    case 1:
      return "until-restart";
    case 2:
      return "until-destroy";
    default:
      return "other";
  }
}

/** WinStationsDisabled is a REG_SZ that holds digits on some versions, and a REG_DWORD on others. */
function dword(text: string, name: string): number | undefined {
  const value = new RegExp(
    String.raw`^[ \t]*${name}[ \t]+REG_(?:DWORD|SZ)[ \t]+(0x[0-9a-f]+|[0-9]+)[ \t\r]*$`,
    "imu",
  ).exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

const windows = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Windows`;
const prefetch = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters`;

/**
 * Two values that change with a restart (unverified on a real host): the time of the last clean shutdown, and a counter of boots, which also
 * changes when the host is reset.
 */
export const bootIdCommands = [
  `reg.exe query "${windows}" /v ShutdownTime`,
  `reg.exe query "${prefetch}" /v BootId`,
] as const;

/** The boot ID in the output of {@link bootIdCommands}; undefined if neither value could be read. */
export function readBootId(shutdownTimeText: string, bootIdText: string): BootId | undefined {
  return bootIdOf({
    ShutdownTime: valueOf(shutdownTimeText, "ShutdownTime", "REG_BINARY", "[0-9A-Fa-f]{2,32}"),
    BootId: valueOf(bootIdText, "BootId", "REG_DWORD", "0x[0-9A-Fa-f]{1,8}"),
  });
}

function valueOf(text: string, name: string, type: string, form: string): string | undefined {
  return new RegExp(String.raw`^[ \t]*${name}[ \t]+${type}[ \t]+(${form})[ \t\r]*$`, "imu").exec(text)?.[1];
}
