/** Makes the file for `ssh -F`. ssh takes the first value of each option, so what must hold comes before the user's own files. */
import { isAtLeast, type SshVersion } from "../machine/version";

/** What a file says about one connection. Lines are options of ssh_config(5), already checked. */
export interface ConfigFile {
  readonly version: SshVersion;
  /** Whether this ssh has `GSSAPIKeyExchange`, which is a patch of distributions. */
  readonly hasGssapiKeyExchange: boolean;
  readonly strict: "yes" | "accept-new";
  /** Whether ssh may ask for a password. */
  readonly asksForPassword: boolean;
  /** The settings of the inputs: where to connect, whom to trust, how to log in. */
  readonly lines: readonly string[];
  /** Paths of the user's files, between quotes; none: no other file is read. */
  readonly includes: readonly string[];
  /** Defaults, for what none of the files sets. */
  readonly defaults: readonly string[];
}

/** The text of the file. */
export function configText(file: ConfigFile): string {
  const lines = [
    "# Written by session-logoff for one connection.",
    ...forcedLines(file),
    ...file.lines,
    ...file.includes.map((path) => `Include ${path}`),
    ...file.defaults,
    // Names add up, so what the user's files name is removed after them. Variables such as LC_ALL change what a host prints.
    ...(isAtLeast(file.version, 7, 8) ? ["SendEnv -*"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** What no file of a user may change: host keys before credentials, one try of a password, nothing forwarded, nothing run but our commands. */
function forcedLines({
  version,
  hasGssapiKeyExchange,
  strict,
  asksForPassword,
}: ConfigFile): readonly string[] {
  return [
    `StrictHostKeyChecking ${strict}`,
    "UpdateHostKeys no",
    "VerifyHostKeyDNS no",
    "NoHostAuthenticationForLocalhost no",
    "CheckHostIP no",
    "VisualHostKey no",
    ...(hasGssapiKeyExchange ? ["GSSAPIKeyExchange no"] : []),
    "GSSAPIDelegateCredentials no",
    "HostbasedAuthentication no",
    "AddKeysToAgent no",
    ...(asksForPassword
      ? [
          "BatchMode no",
          "NumberOfPasswordPrompts 1",
          // Once `password` was rejected, the same password as keyboard-interactive would be a second try: askpass ends ssh then.
          "PreferredAuthentications gssapi-with-mic,publickey,password,keyboard-interactive",
        ]
      : ["BatchMode yes"]),
    "ForwardAgent no",
    "ForwardX11 no",
    "ForwardX11Trusted no",
    "Tunnel no",
    "ClearAllForwardings yes",
    "PermitLocalCommand no",
    ...(isAtLeast(version, 7, 6) ? ["RemoteCommand none"] : []),
    ...(isAtLeast(version, 8, 7)
      ? ["SessionType default", "StdinNull no", "ForkAfterAuthentication no"]
      : []),
    "RequestTTY no",
    "EscapeChar none",
    "ConnectionAttempts 1",
    "ServerAliveCountMax 3",
    "ControlMaster no",
    "ControlPath none",
    "ControlPersist no",
    "LogLevel DEBUG1",
    // The exit status of a command whose channel stays open, and how many questions a host asks in a round, are nowhere else.
    ...(isAtLeast(version, 8, 5)
      ? ["LogVerbose mux.c:mux_exit_message():*,sshconnect2.c:input_userauth_info_req():*"]
      : []),
  ];
}

/** A ProxyCommand that reaches an endpoint through the master of a jump host. All parts are checked; `%` is ssh's own escape. */
export function throughMaster(
  program: string,
  controlPath: string,
  endpoint: { readonly address: string; readonly port: number },
): string {
  const { address, port } = endpoint;
  const place = address.includes(":") ? `[${address.replaceAll("%", "%%")}]:${port}` : `${address}:${port}`;
  return `ProxyCommand ${program} -F none -S ${controlPath} -o ProxyCommand=false -o BatchMode=yes -W ${place} -- jump-host`;
}
