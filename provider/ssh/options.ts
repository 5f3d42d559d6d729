import { homedir, userInfo } from "node:os";
import { systemClock, type Clock } from "../base/clock";
import { passwordGuard, type PasswordGuard } from "./login/password-guard";

/** What a front decides once for its process. Everything but the base folder has the default of the real world. */
export interface SshOptions {
  /** Relative paths of keys and known_hosts files start here; `~` is the home. */
  readonly baseFolder: string;
  readonly home?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  /** Spreads retries; a number in [0, 1). */
  readonly random?: () => number;
  /** Receives what ssh2 and we log about a connection, one line at a time, secrets removed. */
  readonly debug?: (line: string) => void;
  readonly platform?: NodeJS.Platform;
  /** The user name of a host that names none. */
  readonly localUser?: () => string;
  /** known_hosts files of the machine, consulted after those of the user. */
  readonly systemKnownHostsFiles?: readonly string[];
  /** The machine's ssh_config, read after the user's when a host asks for OpenSSH's own files. */
  readonly systemSshConfigFile?: string;
  /** Shared by every connect of a process, so that a wrong password is noticed across all of them. */
  readonly passwordGuard?: PasswordGuard;
  /** Handshakes that go through one jump host at once, default 8. */
  readonly handshakesPerJumpHost?: number;
}

/** {@link SshOptions} with every default filled in. */
export interface SshContext {
  readonly baseFolder: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: () => number;
  readonly debug: ((line: string) => void) | undefined;
  readonly platform: NodeJS.Platform;
  readonly localUser: () => string;
  readonly systemKnownHostsFiles: readonly string[];
  readonly systemSshConfigFile: string;
  readonly passwordGuard: PasswordGuard;
  readonly handshakesPerJumpHost: number;
}

/** The options with their defaults: this process's home, environment, clock and platform. */
export function sshContext(options: SshOptions): SshContext {
  const env = options.env ?? process.env;
  const platform = options.platform ?? process.platform;
  const home = options.home ?? homedir();
  return {
    baseFolder: options.baseFolder,
    home,
    env,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    debug: options.debug,
    platform,
    localUser: options.localUser ?? (() => userInfo().username),
    systemKnownHostsFiles:
      options.systemKnownHostsFiles ??
      ["ssh_known_hosts", "ssh_known_hosts2"].map((name) => systemFolder(platform, env) + name),
    systemSshConfigFile: options.systemSshConfigFile ?? `${systemFolder(platform, env)}ssh_config`,
    passwordGuard: options.passwordGuard ?? passwordGuard(),
    handshakesPerJumpHost: options.handshakesPerJumpHost ?? 8,
  };
}

function systemFolder(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  return platform === "win32" ? `${env["ProgramData"] ?? "C:\\ProgramData"}\\ssh\\` : "/etc/ssh/";
}
