/** What ssh itself makes of a host: `ssh -G` prints it, with the user's files and everything that they match. */
import type { Host } from "../../connection";
import { parseJumps } from "../../ssh/config/proxy-jump";
import { clientProblem } from "../machine/version";
import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import { checkedAddress, checkedUser } from "./names";

/** A host as ssh reaches it. */
export interface ResolvedHost {
  readonly host: Host & { readonly port: number; readonly user: string };
  /** The address as it was given, which the blocks of ssh_config match. */
  readonly givenName: string;
  /** The name in prompts and in known_hosts: HostKeyAlias, or the address. */
  readonly name: string;
  /** The ProxyCommand of ssh_config. Absent: there is none. */
  readonly configCommand?: string;
  /** The known_hosts files that ssh reads if the inputs name none. Absent: OpenSSH's own. */
  readonly knownHostsFiles?: readonly string[];
}

/** A host whose settings are all given. */
export function asGiven(host: Host, localUser: string): ResolvedHost {
  const user = checkedUser(host.user ?? localUser, host.label);
  const address = checkedAddress(host.address, host.label);
  return {
    host: { ...host, address, user, port: host.port ?? 22 },
    givenName: address,
    name: address.toLowerCase(),
  };
}

/**
 * A host as `ssh -G` prints it. A ProxyJump becomes jump hosts, each with a connection of its own that hosts share.
 * @throws LogoffError `plan-invalid` for a name or a user that cannot be written into a file or a command line
 */
export function fromOutput(host: Host, output: string, localUser: string): ResolvedHost {
  const values = new Map<string, string>();
  for (const line of output.split(/\r?\n/u)) {
    const [, keyword, value] = /^(\S+) (.*)$/u.exec(line) ?? [];
    if (keyword !== undefined && value !== undefined && !values.has(keyword.toLowerCase()))
      values.set(keyword.toLowerCase(), value);
  }
  const address = checkedAddress(values.get("hostname") ?? host.address, host.label);
  const user = checkedUser(values.get("user") ?? host.user ?? localUser, host.label);
  const port = Number(values.get("port") ?? host.port ?? 22);
  const jump = values.get("proxyjump");
  const command = values.get("proxycommand");
  const tokens = { "%": "%", h: address, n: host.address, p: String(port), r: user };
  const given = { ...host, address, user, port };
  const jumpHosts =
    host.jumpHosts.length > 0 || jump === undefined
      ? host.jumpHosts
      : parseJumps({ place: "ssh_config", words: [jump] }, given, tokens);
  const timeout = Number(values.get("connecttimeout"));
  const mayDecide = host.undecided?.includes("connectTimeout") ?? false;
  return {
    host: {
      ...given,
      jumpHosts,
      ...(mayDecide && timeout > 0 && { connectTimeoutMs: timeout * 1000 }),
    },
    givenName: checkedAddress(host.address, host.label),
    name: (values.get("hostkeyalias") ?? address).toLowerCase(),
    ...(command !== undefined && { configCommand: command }),
    // A path with a blank cannot be told from two paths.
    knownHostsFiles: ["UserKnownHostsFile", "GlobalKnownHostsFile"].flatMap(
      (keyword) => values.get(keyword.toLowerCase())?.split(" ") ?? [],
    ),
  };
}

/** The error for an ssh that does not accept the user's files. */
export function configRejected(host: Host, stderr: string): Error {
  const lines = stderr.split(/\r?\n/u).filter((line) => line !== "");
  const reason = printable(lines.slice(0, 2).join("; "), 300);
  return clientProblem(host.label, `ssh does not accept ssh_config: ${reason}`);
}

/** The error for an ssh that does not finish reading the user's files. */
export function configTooSlow({ label, connectTimeoutMs }: Host): LogoffError {
  const message = `Cannot connect to "${label}": \`ssh -G\` did not read ssh_config within ${connectTimeoutMs / 1000} s; see whether a \`Match exec\` in it hangs`;
  return new LogoffError("timed-out", message);
}
