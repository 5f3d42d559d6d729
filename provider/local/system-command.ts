import { win32 } from "node:path";

/** Where a command runs; everything has the default of this process. */
export interface SystemContext {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * On Windows, the command with the full path of its program: `cmd.exe` looks for `qwinsta.exe` in the current folder first, where
 * anybody may have put one. Elsewhere, the command unchanged.
 */
export function systemCommand(
  command: string,
  { platform = process.platform, env }: SystemContext = {},
): string {
  const program = platform === "win32" ? /^[a-z]+\.(?:exe|com)(?= |$)/u.exec(command)?.[0] : undefined;
  if (program === undefined) return command;
  const path = `${systemFolder(env)}\\${program}`;
  return `${path.includes(" ") ? `"${path}"` : path}${command.slice(program.length)}`;
}

/** The shell that commands are written for. A 32-bit process gets a 32-bit shell, which sees {@link systemFolder} as the process does. */
export function commandShell(env?: NodeJS.ProcessEnv): string {
  return `${systemRoot(env)}\\System32\\cmd.exe`;
}

/**
 * The folder of Windows' own programs. On 64-bit Windows, a 32-bit process that opens System32 gets another folder, which has no
 * `qwinsta.exe`; it reaches the real one as Sysnative.
 */
export function systemFolder(env: NodeJS.ProcessEnv = process.env): string {
  const isNarrow = env["PROCESSOR_ARCHITEW6432"] !== undefined;
  return `${systemRoot(env)}\\${isNarrow ? "Sysnative" : "System32"}`;
}

function systemRoot(env: NodeJS.ProcessEnv = process.env): string {
  const root = env["SystemRoot"] ?? "";
  return win32.isAbsolute(root) && !root.includes('"') ? root : "C:\\Windows";
}
