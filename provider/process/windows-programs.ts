/** Where the programs of Windows are. */
import { win32 } from "node:path";

/** The path of `cmd.exe`. A 32-bit process gets a 32-bit shell, which resolves {@link systemFolder} as the process does. */
export function commandShell(env?: NodeJS.ProcessEnv): string {
  return `${systemRoot(env)}\\System32\\cmd.exe`;
}

/**
 * The folder of Windows' own programs. On 64-bit Windows, System32 is redirected for a 32-bit process to a folder without `qwinsta.exe`;
 * the process reaches the real folder as Sysnative.
 */
export function systemFolder(env: NodeJS.ProcessEnv = process.env): string {
  const is32Bit = env["PROCESSOR_ARCHITEW6432"] !== undefined;
  return `${systemRoot(env)}\\${is32Bit ? "Sysnative" : "System32"}`;
}

function systemRoot(env: NodeJS.ProcessEnv = process.env): string {
  const root = env["SystemRoot"] ?? "";
  return win32.isAbsolute(root) && !root.includes('"') ? root : "C:\\Windows";
}
