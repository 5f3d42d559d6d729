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
  /** For people: type, fingerprint and where it came from. */
  readonly label: string;
  readonly blob: Buffer;
  /** What ssh2 signs with. With `sha1` false it refuses the one signature that needs SHA-1: RSA for hosts of before 2016. */
  readonly signer: (sha1: boolean) => ParsedKey;
}

/** The text of a private key as a key. @throws LogoffError `auth-unavailable` when it is none or does not open */
export type ParsePrivateKey = (
  text: string,
  passphrase: string | undefined,
  source: Secret,
) => Promise<PrivateKey>;

/** Marks the refusal in what ssh2 reports. */
export const sha1Refused = "the host takes only SHA-1 signatures of RSA keys";

/**
 * A parser that tries each key with each passphrase once per process, whatever the result: an encrypted OpenSSH key costs a
 * tenth of a second or more, and a thousand hosts share it. Results are looked up by a digest, so the map holds no passphrase.
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
    return { label, blob, signer: (sha1) => (sha1 ? signers.withSha1 : signers.withoutSha1) };
  };
}

/** A key that is ready to sign, with its public half, which takes longer to find than a signature. */
interface UsableKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly print: string;
  readonly signers: { readonly withSha1: ParsedKey; readonly withoutSha1: ParsedKey };
}

/** Why there is no key, as the end of a sentence about it. */
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

/** OpenSSH accepts no smaller key, and the smallest keys cannot hold a signature with SHA-512. */
const fewestRsaBits = 1024;

/** @param publicBlob the public half as the text states it */
function readKey(key: KeyObject, publicBlob: Buffer | undefined): UsableKey | WrongKey {
  const blob = blobOf(key);
  if (blob === undefined) return { wrong: "its type is not RSA, ECDSA or Ed25519" };
  const bits = rsaBits(blob);
  if (bits !== undefined && bits < fewestRsaBits)
    return { wrong: `it is an RSA key of ${bits} bits, which is too small to sign with` };
  if (!provesItself(key) || publicBlob?.equals(blob) === false)
    return { wrong: "it is damaged: its private and public half do not belong together" };
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
  const signers = {
    withSha1: signerOf(key, type, blob, true),
    withoutSha1: signerOf(key, type, blob, false),
  };
  return { type, blob, print: fingerprint(blob), signers };
}

/** Whether its public half verifies its signatures; a host would only report that the key is rejected. */
function provesItself(key: KeyObject): boolean {
  const data = Buffer.from("pulumi-session-logoff");
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha512";
  try {
    return verify(hash, data, createPublicKey(key), sign(hash, data, key));
  } catch {
    return false;
  }
}

/** The public half as SSH writes it, or undefined for a type that SSH has no name for. */
function blobOf(key: KeyObject): Buffer | undefined {
  const curve = { prime256v1: "nistp256", secp384r1: "nistp384", secp521r1: "nistp521" }[
    key.asymmetricKeyDetails?.namedCurve ?? ""
  ];
  // Only these have a JWK form; the export of others would throw.
  if (!["rsa", "ed25519"].includes(key.asymmetricKeyType ?? "") && curve === undefined) return undefined;
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const bytes = (value: string | undefined): Buffer => Buffer.from(value ?? "", "base64url");
  if (jwk.kty === "RSA")
    return encodeFields([Buffer.from("ssh-rsa"), mpint(bytes(jwk.e)), mpint(bytes(jwk.n))]);
  if (curve === undefined) return encodeFields([Buffer.from("ssh-ed25519"), bytes(jwk.x)]);
  const point = Buffer.concat([Buffer.of(4), bytes(jwk.x), bytes(jwk.y)]);
  return encodeFields([Buffer.from(`ecdsa-sha2-${curve}`), Buffer.from(curve), point]);
}

/** Positive numbers whose first bit is set get a zero in front, or they would be read as negative (RFC 4251 5). */
function mpint(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

/**
 * ssh2 takes a parsed key and calls its `sign`. Its own one reads the PEM text again for every signature, a quarter of the
 * cost of a connection; ours signs with the key that is ready.
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
