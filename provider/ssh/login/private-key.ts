import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { utils, type ParsedKey } from "ssh2";
import type { Secret } from "../../connection";
import { encodeFields, fingerprint, rsaBits } from "../host-keys/public-key";
import { keyText } from "./key-text";
import { judgeKey, openKey } from "./open-key";
import { openKeyAside } from "./open-key-worker";
import { openSshKeyHeader } from "./openssh-key";
import { secretSource, unusable } from "./secret";

/** A private key that is ready to sign. */
export interface PrivateKey {
  /** Type, fingerprint and origin, for messages. */
  readonly label: string;
  readonly blob: Buffer;
  /** The key's type, such as `ssh-ed25519`. */
  readonly type: string;
  readonly key: KeyObject;
  /** Returns the key for ssh2. Unless `sha1` is set, it refuses the SHA-1 signatures that hosts from before 2016 require of RSA keys. */
  readonly signer: (sha1: boolean) => ParsedKey;
}

/** Parses the text of a private key. @throws LogoffError `auth-unavailable` if it is not a key or cannot be opened */
export type ParsePrivateKey = (
  text: string,
  passphrase: string | undefined,
  source: Secret,
) => Promise<PrivateKey>;

/** Identifies the refusal in an error of ssh2. */
export const sha1Refused = "the host accepts only SHA-1 signatures of RSA keys";

/**
 * A parser that tries each key with each passphrase only once per process, whatever the result: opening an encrypted OpenSSH key
 * takes a tenth of a second or more, and a thousand hosts share it. The map is keyed by a digest, so it contains no passphrase.
 */
export function privateKeyParser(): ParsePrivateKey {
  const tried = new Map<string, Promise<UsableKey | WrongKey>>();
  return async (text, passphrase, source) => {
    const digest = createHash("sha256")
      .update(JSON.stringify([text, passphrase ?? null]))
      .digest("base64");
    const trying = tried.get(digest) ?? tryKey(text, passphrase);
    tried.set(digest, trying);
    const key = await trying;
    if ("wrong" in key) throw unusable("private key", source, key.wrong);
    const { type, blob, print, signers } = key;
    const label = `${type} ${print}, ${secretSource(source)}`;
    return {
      label,
      blob,
      type,
      key: key.key,
      signer: (sha1) => (sha1 ? signers.withSha1 : signers.withoutSha1),
    };
  };
}

/** A key that is ready to sign, with its public half, which takes longer to compute than a signature. */
interface UsableKey {
  readonly type: string;
  readonly key: KeyObject;
  readonly blob: Buffer;
  readonly print: string;
  readonly signers: { readonly withSha1: ParsedKey; readonly withoutSha1: ParsedKey };
}

/** Why there is no key, as a clause whose subject is the key. */
interface WrongKey {
  readonly wrong: string;
}

async function tryKey(given: string, passphrase: string | undefined): Promise<UsableKey | WrongKey> {
  const ordered = keyText(given);
  if ("wrong" in ordered) return ordered;
  const { text } = ordered;
  const judged = judgeKey(text, passphrase);
  if ("wrong" in judged) return judged;
  const isSlow = judged.isEncrypted && passphrase !== undefined;
  const opened = isSlow ? await openKeyAside(text, passphrase) : openKey(text, passphrase);
  return opened.wrong === undefined ? readKey(opened.key, openSshKeyHeader(text)?.publicBlob) : opened;
}

/** OpenSSH accepts no smaller key, and the smallest keys are too short for a signature with SHA-512. */
const fewestRsaBits = 1024;

/** @param publicBlob is the public half that the text contains */
function readKey(key: KeyObject, publicBlob: Buffer | undefined): UsableKey | WrongKey {
  const blob = blobOf(key);
  if (blob === undefined) return { wrong: "its type is not RSA, ECDSA or Ed25519" };
  const bits = rsaBits(blob);
  if (bits !== undefined && bits < fewestRsaBits)
    return { wrong: `it is an RSA key of ${bits} bits, which is too small` };
  if (!provesItself(key) || publicBlob?.equals(blob) === false)
    return { wrong: "it is damaged: its private and public halves do not match" };
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
  const signers = {
    withSha1: signerOf(key, type, blob, true),
    withoutSha1: signerOf(key, type, blob, false),
  };
  return { type, key, blob, print: fingerprint(blob), signers };
}

/** Whether the public half verifies signatures of the key; a host would only report that it rejects the key. */
function provesItself(key: KeyObject): boolean {
  const data = Buffer.from("pulumi-session-logoff");
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha512";
  try {
    return verify(hash, data, createPublicKey(key), sign(hash, data, key));
  } catch {
    return false;
  }
}

/** The public half in SSH's format, or undefined for a type that SSH does not have. */
function blobOf(key: KeyObject): Buffer | undefined {
  const curve = { prime256v1: "nistp256", secp384r1: "nistp384", secp521r1: "nistp521" }[
    key.asymmetricKeyDetails?.namedCurve ?? ""
  ];
  // Only these have a JWK form; exporting others would throw.
  if (!["rsa", "ed25519"].includes(key.asymmetricKeyType ?? "") && curve === undefined) return undefined;
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const bytes = (value: string | undefined): Buffer => Buffer.from(value ?? "", "base64url");
  if (jwk.kty === "RSA")
    return encodeFields([Buffer.from("ssh-rsa"), mpint(bytes(jwk.e)), mpint(bytes(jwk.n))]);
  if (curve === undefined) return encodeFields([Buffer.from("ssh-ed25519"), bytes(jwk.x)]);
  const point = Buffer.concat([Buffer.of(4), bytes(jwk.x), bytes(jwk.y)]);
  return encodeFields([Buffer.from(`ecdsa-sha2-${curve}`), Buffer.from(curve), point]);
}

/** Adds a leading zero to a number whose first bit is set, which would otherwise be read as negative (RFC 4251 5). */
function mpint(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

/**
 * A parsed key whose `sign` method ssh2 calls. ssh2's own method parses the PEM text for every signature, which takes a quarter of
 * the time of a connection; ours signs with the opened key.
 */
function signerOf(key: KeyObject, type: string, blob: Buffer, sha1: boolean): ParsedKey {
  const parsed = utils.parseKey(blob);
  if (parsed instanceof Error) throw parsed;
  const ecdsaHash = {
    "ecdsa-sha2-nistp256": "sha256",
    "ecdsa-sha2-nistp384": "sha384",
    "ecdsa-sha2-nistp521": "sha512",
  }[type];
  return Object.assign(parsed, {
    isPrivateKey: () => true,
    sign: (data: Buffer | string, algorithm?: string) => {
      if (type === "ssh-rsa" && algorithm === "sha1" && !sha1)
        return new Error(sha1Refused) as unknown as Buffer;
      const hash = type === "ssh-rsa" ? (algorithm ?? "sha256") : (ecdsaHash ?? null);
      return sign(hash, typeof data === "string" ? Buffer.from(data) : data, key);
    },
  });
}
