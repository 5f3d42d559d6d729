import type { Host } from "../../connection";
import { configError } from "./ssh-config-file";
import type { ConfigValue } from "./ssh-config-values";

/**
 * The jump hosts of a ProxyJump line. Each is looked up in ssh_config under its own name and gets none of the target's
 * credentials: those are not meant for the jump host, and OpenSSH does not pass `-i` on either.
 * @throws LogoffError `plan-invalid`
 */
export function parseJumps(
  value: ConfigValue | undefined,
  target: Host,
  tokens: Readonly<Record<string, string>>,
): readonly Host[] {
  const [text = "none"] = value?.words ?? [];
  if (value === undefined || text.toLowerCase() === "none") return [];
  const jumps = text.split(",").map((item): Host => {
    const jump = item
      .trim()
      .replace(/^ssh:\/\//u, "")
      .replace(/\/$/u, "");
    const at = jump.lastIndexOf("@");
    const user = at < 0 ? undefined : jump.slice(0, at);
    const [, bracketed, plain, port] =
      /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/u.exec(jump.slice(at + 1)) ?? [];
    const address = bracketed ?? plain;
    const number = port === undefined ? undefined : Number(port);
    if (address === undefined || (number !== undefined && (number < 1 || number > 65535)))
      throw configError(value.place, "ProxyJump must be a list of [USER@]HOST[:PORT]");
    const expand = (part: string): string =>
      part.replace(/%(.)/gu, (whole, letter: string) => tokens[letter] ?? whole);
    return {
      label: `${expand(address).toLowerCase()}:${number ?? 22}`,
      address: expand(address),
      ...(user !== undefined && { user: expand(user) }),
      ...(number !== undefined && { port: number }),
      // Disabling the agent disables it for the whole route.
      login: { privateKeys: [], ...(target.login.agent === false && { agent: false }) },
      ...(target.sshConfig !== undefined && { sshConfig: target.sshConfig }),
      ...(target.client !== undefined && { client: target.client }),
      ...(target.undecided && { undecided: target.undecided }),
      algorithms: target.algorithms,
      keepaliveMs: target.keepaliveMs,
      connectTimeoutMs: target.connectTimeoutMs,
      hostKeys: { ...target.hostKeys, pinned: [] },
      jumpHosts: [],
    };
  });
  // `Host *` with a ProxyJump also matches the jump host; OpenSSH does not route a host through itself.
  const isItself =
    jumps.length === 1 &&
    jumps[0]?.address.toLowerCase() === target.address.toLowerCase() &&
    (jumps[0].port ?? 22) === Number(tokens["p"]);
  return isItself ? [] : jumps;
}
