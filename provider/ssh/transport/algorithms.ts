import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";
import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import { decodePublicKey, rsaBits } from "../host-keys/public-key";

// Left out by default: everything with SHA-1, and dh-group-exchange, which costs seconds of CPU per handshake in JavaScript.
const keyExchanges = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group18-sha512",
] as const;
const legacyKeyExchanges = [
  "diffie-hellman-group-exchange-sha256",
  "diffie-hellman-group14-sha1",
  "diffie-hellman-group-exchange-sha1",
  "diffie-hellman-group1-sha1",
] as const;
const ciphers = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
] as const;
const macs = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
] as const;
const legacyMacs = ["hmac-sha1-etm@openssh.com", "hmac-sha1"] as const;
const hostKeyTypes = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];

/** What a connection with `legacy` algorithms tells the operator. */
export const legacyWarning = "algorithms with SHA-1 are allowed for this host (algorithms: legacy)";

/** The algorithms that only `legacy` adds. No two steps of a negotiation share a name. */
const legacyOnly: ReadonlySet<string> = new Set([...legacyKeyExchanges, ...legacyMacs, "ssh-rsa"]);

/** The algorithms that may be used with a host; each list in order of preference. */
export interface AllowedAlgorithms {
  readonly keyExchanges: readonly KexAlgorithm[];
  readonly ciphers: readonly CipherAlgorithm[];
  readonly macs: readonly MacAlgorithm[];
  /** Signature algorithms of the host's key. */
  readonly hostKeys: readonly ServerHostKeyAlgorithm[];
  /** Signature algorithms of our own keys; absent: ssh_config does not say, so each key may be offered. */
  readonly userKeys?: readonly string[];
  /** RSA keys of fewer bits are not used, whether the host's or ours; absent: ssh_config does not say. */
  readonly requiredRsaBits?: number;
}

/** Everything that this client has at a level. */
export function allowedAlgorithms(level: "default" | "legacy"): AllowedAlgorithms {
  const legacy = level === "legacy";
  return {
    keyExchanges: [...keyExchanges, ...(legacy ? legacyKeyExchanges : [])],
    ciphers,
    macs: [...macs, ...(legacy ? legacyMacs : [])],
    hostKeys: hostKeyTypes.flatMap((type) => signatureAlgorithms(type, legacy)),
  };
}

/** What we offer to a host, the types of its known keys first; no compression. */
export function offeredAlgorithms(allowed: AllowedAlgorithms, knownTypes: readonly string[]): Algorithms {
  const ofKnown = knownTypes
    .flatMap((type) => signatureAlgorithms(type, true))
    .filter((name) => allowed.hostKeys.includes(name));
  return {
    kex: [...allowed.keyExchanges],
    cipher: [...allowed.ciphers],
    hmac: [...allowed.macs],
    serverHostKey: [...new Set([...ofKnown, ...allowed.hostKeys])],
    compress: ["none"],
  };
}

/** Why ssh_config keeps a key of ours from being offered; undefined when it does not. */
export function keyRefusal(
  blob: Buffer,
  { userKeys, requiredRsaBits }: AllowedAlgorithms,
): string | undefined {
  const type = decodePublicKey(blob)?.type ?? "unknown";
  // The host and ssh2 choose which of the two SHA-2 algorithms an RSA key signs with, so either in the list will do.
  if (userKeys !== undefined && !signatureAlgorithms(type, true).some((name) => userKeys.includes(name)))
    return `PubkeyAcceptedAlgorithms of ssh_config leaves out keys of type ${type}`;
  const bits = rsaBits(blob);
  if (bits === undefined || bits >= (requiredRsaBits ?? 0)) return undefined;
  return `it has ${bits} bits, and RequiredRSASize of ssh_config asks for ${requiredRsaBits}`;
}

function signatureAlgorithms(type: string, legacy: boolean): ServerHostKeyAlgorithm[] {
  if (type !== "ssh-rsa") return [type as ServerHostKeyAlgorithm];
  return legacy ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : ["rsa-sha2-512", "rsa-sha2-256"];
}

/** Watches ssh2's debug lines for the two lists of each negotiation step, which its errors do not hold. */
export interface NegotiationWatch {
  readonly line: (line: string) => void;
  /** The error for a negotiation that found nothing in common; undefined when `message` speaks of something else. */
  readonly failure: (message: string, label: string, level: "default" | "legacy") => LogoffError | undefined;
}

/** Begins watching one connection. The words are fixed in ssh2 1.17 (lib/protocol/kex.js), which a test holds. */
export function watchNegotiation(): NegotiationWatch {
  let step = "";
  let ours = "";
  let theirs = "";
  return {
    line: (line) => {
      const [, side, what, list] = /^Handshake: \((local|remote)\) ([^:]+): (.*)$/u.exec(line) ?? [];
      if (side === undefined || what === undefined || list === undefined) return;
      step = what;
      if (side === "local") ours = list;
      else theirs = list;
    },
    failure: (message, label, level) => {
      if (!/no matching/iu.test(message)) return undefined;
      const legacyHelps = level === "default" && theirs.split(",").some((name) => legacyOnly.has(name));
      const hint = legacyHelps
        ? '; if the host cannot be updated, set algorithms to "legacy"'
        : "; enable one of ours on the host";
      const text = `Cannot agree on an algorithm with "${label}" (${step}): we offer ${withoutMarks(ours)}; the host offers `;
      return new LogoffError("no-common-algorithm", `${text}${printable(withoutMarks(theirs), 800)}${hint}`);
    },
  };
}

/** Names in the list that are no algorithms but announce protocol extensions. */
function withoutMarks(list: string): string {
  const names = list
    .split(",")
    .filter((name) => !/^(ext-info-[cs]|kex-strict-[cs]-v00@openssh\.com)$/u.test(name));
  return names.join(", ") || "nothing";
}
