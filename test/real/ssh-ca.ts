/** A certificate authority for SSH: a key that signs those of users and of hosts (`ssh-keygen -s`). */
import { execFileSync } from "node:child_process";
import type { Farm, RealKey } from "../ssh/real-servers";

/** What a certificate says. */
export interface Certificate {
  /** The users that it logs in as, or the names of the host. */
  readonly principals: readonly string[];
  /** As `ssh-keygen -V` takes it. Default: an hour, and valid since a minute, in case a clock is wrong. */
  readonly validity?: string;
}

/** The validity of a certificate that ended an hour ago. */
export const expired = "-2h:-1h";

export interface SshCa extends RealKey {
  /** Makes a key of a user with its certificate, `NAME-cert.pub` beside it, where ssh finds it. */
  readonly userKey: (name: string, certificate: Certificate) => RealKey;
  /** Makes a key of a host with its certificate, and returns the lines of sshd_config for both. */
  readonly hostKey: (name: string, certificate: Certificate) => readonly string[];
}

/** Makes an authority in the folder of a farm. */
export function makeSshCa(farm: Farm, name: string): SshCa {
  const ca = farm.key(name, "-t", "ed25519");
  const certified = (
    key: string,
    { principals, validity = "-1m:+1h" }: Certificate,
    ...more: string[]
  ): RealKey => {
    const made = farm.key(key, "-t", "ed25519");
    const what = ["-I", key, "-n", principals.join(","), "-V", validity];
    execFileSync("ssh-keygen", ["-q", "-s", ca.path, ...more, ...what, `${made.path}.pub`], {
      timeout: 60_000,
    });
    return made;
  };
  return {
    ...ca,
    userKey: (key, certificate) => certified(key, certificate),
    hostKey: (key, certificate) => {
      const { path } = certified(key, certificate, "-h");
      return [`HostKey ${path}`, `HostCertificate ${path}-cert.pub`];
    },
  };
}
