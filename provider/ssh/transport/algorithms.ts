import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";
import { LogoffError } from "../../base/errors";
import { printable } from "../../base/text";
import { decodePublicKey, rsaBits } from "../host-keys/public-key";

// The default excludes SHA-1, and dh-group-exchange, which costs seconds of CPU per handshake in JavaScript.
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

/** The warning on a connection that allows `legacy` algorithms. */
export const legacyWarning =
  "algorithms with SHA-1 are allowed for this host (`connection.algorithms: legacy`)";

/** The algorithms that only `legacy` adds, of all negotiation steps: no name occurs in two of them. */
const legacyOnly: ReadonlySet<string> = new Set([...legacyKeyExchanges, ...legacyMacs, "ssh-rsa"]);

/** The algorithms allowed for a host, each list in order of preference. */
export interface AllowedAlgorithms {
  readonly keyExchanges: readonly KexAlgorithm[];
  readonly ciphers: readonly CipherAlgorithm[];
  readonly macs: readonly MacAlgorithm[];
  /** Signature algorithms of the host's key. */
  readonly hostKeys: readonly ServerHostKeyAlgorithm[];
  /** Signature algorithms of our own keys; absent: ssh_config does not restrict them, so every key may be offered. */
  readonly userKeys?: readonly string[];
  /** Minimum size of RSA keys in bits, for the host's key and ours; absent: ssh_config does not set one. */
  readonly requiredRsaBits?: number;
}

/** All algorithms that this client supports at a level. */
export function allowedAlgorithms(level: "default" | "legacy"): AllowedAlgorithms {
  const legacy = level === "legacy";
  return {
    keyExchanges: [...keyExchanges, ...(legacy ? legacyKeyExchanges : [])],
    ciphers,
    macs: [...macs, ...(legacy ? legacyMacs : [])],
    hostKeys: hostKeyTypes.flatMap((type) => signatureAlgorithms(type, legacy)),
  };
}

/** The algorithms to offer to a host, with the types of its known keys first and without compression. */
export function offeredAlgorithms(allowed: AllowedAlgorithms, knownTypes: readonly string[]): Algorithms {
  const ofKnownKeys = knownTypes
    .flatMap((type) => signatureAlgorithms(type, true))
    .filter((name) => allowed.hostKeys.includes(name));
  return {
    kex: [...allowed.keyExchanges],
    cipher: [...allowed.ciphers],
    hmac: [...allowed.macs],
    serverHostKey: [...new Set([...ofKnownKeys, ...allowed.hostKeys])],
    compress: ["none"],
  };
}

/** Why ssh_config forbids offering one of our keys; undefined when it allows the key. */
export function keyRefusal(
  blob: Buffer,
  { userKeys, requiredRsaBits }: AllowedAlgorithms,
): string | undefined {
  const type = decodePublicKey(blob)?.type ?? "unknown";
  // The host and ssh2 choose which of the two SHA-2 algorithms an RSA key signs with, so either name in the list is enough.
  if (userKeys !== undefined && !signatureAlgorithms(type, true).some((name) => userKeys.includes(name)))
    return `PubkeyAcceptedAlgorithms in ssh_config excludes keys of type ${type}`;
  const bits = rsaBits(blob);
  if (bits === undefined || bits >= (requiredRsaBits ?? 0)) return undefined;
  return `it has ${bits} bits, and RequiredRSASize in ssh_config is ${requiredRsaBits}`;
}

function signatureAlgorithms(type: string, legacy: boolean): ServerHostKeyAlgorithm[] {
  if (type !== "ssh-rsa") return [type as ServerHostKeyAlgorithm];
  return legacy ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : ["rsa-sha2-512", "rsa-sha2-256"];
}

/** Reads the two lists of each negotiation step from ssh2's debug lines, because its errors do not include them. */
export interface NegotiationWatch {
  readonly line: (line: string) => void;
  /** The error for a negotiation without a common algorithm; undefined when `message` reports something else. */
  readonly failure: (message: string, label: string, level: "default" | "legacy") => LogoffError | undefined;
}

/** Watches one connection. Relies on the wording of ssh2 1.17 (lib/protocol/kex.js); a test fails when it changes. */
export function watchNegotiation(): NegotiationWatch {
  let step = "";
  let ours = "";
  let theirs = "";
  return {
    line: (line) => {
      const [, side, name, list] = /^Handshake: \((local|remote)\) ([^:]+): (.*)$/u.exec(line) ?? [];
      if (side === undefined || name === undefined || list === undefined) return;
      step = name;
      if (side === "local") ours = list;
      else theirs = list;
    },
    failure: (message, label, level) => {
      if (!/no matching/iu.test(message)) return undefined;
      const legacyHelps = level === "default" && theirs.split(",").some((name) => legacyOnly.has(name));
      const hint = legacyHelps
        ? "; if the host cannot be updated, use `connection.algorithms: legacy`"
        : "; enable one of ours on the host";
      const text = `Cannot agree on an algorithm with "${label}" (${step}): we offer ${withoutExtensionMarkers(ours)}; the host offers `;
      return new LogoffError(
        "no-common-algorithm",
        `${text}${printable(withoutExtensionMarkers(theirs), 800)}${hint}`,
      );
    },
  };
}

/** The list without the names that announce protocol extensions, which are not algorithms. */
function withoutExtensionMarkers(list: string): string {
  const names = list
    .split(",")
    .filter((name) => !/^(ext-info-[cs]|kex-strict-[cs]-v00@openssh\.com)$/u.test(name));
  return names.join(", ") || "nothing";
}
