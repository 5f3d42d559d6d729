import { homedir, userInfo } from "node:os";
import { systemClock, type Clock } from "../base/clock";
import { acceptedKeys, type AcceptedKeys } from "./login/proven-credentials";
import { passwordGuard, type PasswordGuard } from "./login/password-guard";

/** Settings of a process. All except the base folder have a default. */
export interface SshOptions {
  /** Relative paths of keys and known_hosts files start here, and `~` is the home folder. */
  readonly baseFolder: string;
  readonly home?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  /** Returns a random number in [0, 1), which spreads retries. */
  readonly random?: () => number;
  /** Receives the log of connections, line by line and without secrets. */
  readonly debug?: (line: string) => void;
  readonly platform?: NodeJS.Platform;
  /** The user name for hosts that have none. */
  readonly localUser?: () => string;
  /** The machine's known_hosts files, read after the user's. */
  readonly systemKnownHostsFiles?: readonly string[];
  /** The machine's ssh_config, read after the user's if a host uses OpenSSH's own files. */
  readonly systemSshConfigFile?: string;
  /** Shared by all connections of a process, to notice a wrong password across hosts. */
  readonly passwordGuard?: PasswordGuard;
  /** Shared by all connections of a process, to notice a host that rejects a key which others accept. */
  readonly acceptedKeys?: AcceptedKeys;
  /** Hosts that rejected a password in a run that this process goes on with. Default: none. */
  readonly rejectedBefore?: readonly string[];
  /** Concurrent handshakes through one jump host. Default: 8. */
  readonly handshakesPerJumpHost?: number;
}

/** {@link SshOptions} with all defaults filled in. */
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
  /** Shared by all connections of a process, to notice a host that rejects a key which others accept. */
  readonly acceptedKeys: AcceptedKeys;
  readonly handshakesPerJumpHost: number;
}

/** Fills in the defaults: this process's home, environment, clock and platform. */
export function sshContext(options: SshOptions): SshContext {
  const env = options.env ?? process.env;
  const platform = options.platform ?? process.platform;
  const home = options.home ?? homedir();
  const clock = options.clock ?? systemClock;
  return {
    baseFolder: options.baseFolder,
    home,
    env,
    clock,
    random: options.random ?? Math.random,
    debug: options.debug,
    platform,
    localUser: options.localUser ?? (() => userInfo().username),
    systemKnownHostsFiles:
      options.systemKnownHostsFiles ??
      ["ssh_known_hosts", "ssh_known_hosts2"].map((name) => systemFolder(platform, env) + name),
    systemSshConfigFile: options.systemSshConfigFile ?? `${systemFolder(platform, env)}ssh_config`,
    passwordGuard: options.passwordGuard ?? passwordGuard(clock, options.rejectedBefore),
    acceptedKeys: options.acceptedKeys ?? acceptedKeys(),
    handshakesPerJumpHost: options.handshakesPerJumpHost ?? 8,
  };
}

function systemFolder(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  return platform === "win32" ? `${env["ProgramData"] ?? "C:\\ProgramData"}\\ssh\\` : "/etc/ssh/";
}
