import { bootIdOf, type BootId } from "../boot-id";

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
    ShutdownTime: value(shutdownTimeText, "ShutdownTime", "REG_BINARY", "[0-9A-Fa-f]{2,32}"),
    BootId: value(bootIdText, "BootId", "REG_DWORD", "0x[0-9A-Fa-f]{1,8}"),
  });
}

function value(text: string, name: string, type: string, form: string): string | undefined {
  return new RegExp(String.raw`^[ \t]*${name}[ \t]+${type}[ \t]+(${form})[ \t\r]*$`, "imu").exec(text)?.[1];
}
