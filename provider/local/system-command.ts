import { systemFolder } from "../process/windows-programs";

/** Where a command runs; the default is this process's platform and environment. */
export interface SystemContext {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The command, on Windows with the full path of its program: `cmd.exe` searches the current folder first, where anyone may have placed
 * a `qwinsta.exe`.
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
