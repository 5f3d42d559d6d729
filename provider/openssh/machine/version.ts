/** Which OpenSSH this machine has, and what a host needs of it. */
import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import type { Host } from "../../connection";

/** The version of a client. */
export interface SshVersion {
  /** What `ssh -V` says, such as `OpenSSH_9.2p1 Debian-2+deb12u10`. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** A version that something needs, and what needs it. */
export interface Requirement {
  readonly major: number;
  readonly minor: number;
  readonly what: string;
}

/** Why a machine cannot use this client at all. */
export const installHint =
  "install OpenSSH's client (Debian, Ubuntu: openssh-client; Red Hat, SUSE: openssh-clients; Windows: the optional feature OpenSSH Client)";

/** The version in the output of `ssh -V`; undefined if it is another program's. */
export function parseVersion(output: string): SshVersion | undefined {
  const [text, major, minor] = /OpenSSH_(?:for_Windows_)?(\d{1,3})\.(\d{1,3})[^\r\n,]*/u.exec(output) ?? [];
  if (text === undefined) return undefined;
  return { text: printable(text, 100), major: Number(major), minor: Number(minor) };
}

/** Whether a version is the given one or newer. */
export function isAtLeast(version: SshVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** What a host needs. The numbers are from OpenSSH's release notes: IdentityAgent, accept-new, SSH_ASKPASS_REQUIRE, KnownHostsCommand. */
export function requirementsOf(host: Host): readonly Requirement[] {
  const route = [host, ...host.jumpHosts];
  const printed = route.some(({ hostKeys }) => hostKeys.pinned.some((pin) => pin.startsWith("SHA256:")));
  const acceptsNew = route.some(({ hostKeys }) => hostKeys.strict === "accept-new");
  return [
    { major: 7, minor: 4, what: "`connection.client: openssh`" },
    ...(acceptsNew ? [{ major: 7, minor: 6, what: "`connection.strictHostKeyChecking: accept-new`" }] : []),
    ...(host.login.password === undefined ? [] : [{ major: 8, minor: 4, what: "a password" }]),
    ...(printed ? [{ major: 8, minor: 5, what: "a fingerprint as `connection.hostKey`" }] : []),
  ];
}

/** @throws LogoffError `plan-invalid` that names the newest version that the host needs, if this one is older */
export function requireVersion(host: Host, version: SshVersion): void {
  const unmet = requirementsOf(host)
    .filter(({ major, minor }) => !isAtLeast(version, major, minor))
    .at(-1);
  if (unmet === undefined) return;
  const { major, minor, what } = unmet;
  throw clientProblem(
    host.label,
    `${what} needs OpenSSH ${major}.${minor}, and \`ssh -V\` says "${version.text}"`,
  );
}

/** The error for a machine whose ssh cannot be used for a host. */
export function clientProblem(label: string, message: string): LogoffError {
  return new LogoffError("plan-invalid", `Cannot connect to "${label}" with the machine's ssh: ${message}`, {
    problems: [{ path: "connection.client", message }],
  });
}
