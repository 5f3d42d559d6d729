import type { Algorithms, ServerHostKeyAlgorithm } from "ssh2";
import { LogoffError, printable } from "../errors";

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

/** What we offer to a host, the types of its known keys first; no compression. */
export function offeredAlgorithms(level: "default" | "legacy", knownTypes: readonly string[]): Algorithms {
  const legacy = level === "legacy";
  const types = [...knownTypes.filter((type) => hostKeyTypes.includes(type)), ...hostKeyTypes];
  return {
    kex: [...keyExchanges, ...(legacy ? legacyKeyExchanges : [])],
    cipher: [...ciphers],
    hmac: [...macs, ...(legacy ? legacyMacs : [])],
    serverHostKey: [...new Set(types)].flatMap((type) => signatureAlgorithms(type, legacy)),
    compress: ["none"],
  };
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
      const hint = level === "default" ? '; if the host cannot be updated, set algorithms to "legacy"' : "";
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
