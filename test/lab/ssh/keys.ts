import { createHash } from "node:crypto";
import { utils } from "ssh2";

/** A key pair in the formats for ssh2, OpenSSH and known_hosts. */
export interface KeyPair {
  /** OpenSSH's private key format, with the final newline that ssh requires. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** `SHA256:…`, without padding. */
  readonly fingerprint: string;
}

export type HostKeyType = "ed25519" | "ecdsa" | "rsa";

/** Makes a key pair. RSA takes a second; the others are quick. */
export function createKeyPair(type: HostKeyType = "ed25519", passphrase?: string): KeyPair {
  // Few rounds: the key must ask for a passphrase, but need not resist attacks.
  const encryption: { passphrase: string; cipher: string; rounds: number } | object =
    passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 1 };
  const pair =
    type === "ed25519"
      ? utils.generateKeyPairSync("ed25519", encryption)
      : type === "ecdsa"
        ? utils.generateKeyPairSync("ecdsa", { bits: 256, ...encryption })
        : utils.generateKeyPairSync("rsa", { bits: 2048, ...encryption });
  // ssh2 1.17 corrupts about one Ed25519 key in 256 by dropping a leading zero, so such a key is generated again.
  if (utils.parseKey(pair.private, passphrase) instanceof Error) return createKeyPair(type, passphrase);
  const publicKey = pair.public.trim().split(" ").slice(0, 2).join(" ");
  return { privateKey: `${pair.private.trim()}\n`, publicKey, fingerprint: fingerprintOf(publicKey) };
}

/** The fingerprint of `type base64`, or of the bytes of a key. */
export function fingerprintOf(publicKey: string | Buffer): string {
  const bytes =
    typeof publicKey === "string" ? Buffer.from(publicKey.split(" ")[1] ?? "", "base64") : publicKey;
  return `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`;
}

const made = new Map<string, KeyPair>();

/** The key pair with that name, generated once per process. */
export function sharedKeyPair(name: string, type: HostKeyType = "ed25519"): KeyPair {
  const pair = made.get(name) ?? createKeyPair(type);
  made.set(name, pair);
  return pair;
}
