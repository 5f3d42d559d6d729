import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { utils, type ParsedKey } from "ssh2";
import type { Secret } from "../connection";
import type { LogoffError } from "../errors";
import { encodeFields, fingerprint } from "./public-key";
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
export type ParsePrivateKey = (text: string, passphrase: string | undefined, source: Secret) => PrivateKey;

/** Marks the refusal in what ssh2 reports. */
export const sha1Refused = "the host takes only SHA-1 signatures of RSA keys";

/**
 * A parser that opens each key once per process: an encrypted OpenSSH key costs a tenth of a second and more, and a
 * thousand hosts share it. What is remembered is found by a digest, so the map holds no passphrase.
 */
export function privateKeyParser(): ParsePrivateKey {
  const opened = new Map<string, OpenedKey>();
  return (text, passphrase, source) => {
    const digest = createHash("sha256")
      .update(JSON.stringify([text, passphrase ?? null]))
      .digest("base64");
    const one = opened.get(digest) ?? readKey(openKey(text, passphrase, source), source);
    opened.set(digest, one);
    const { type, blob, print, signers } = one;
    const label = `${type} ${print}, ${secretSource(source)}`;
    return { label, blob, signer: (sha1) => (sha1 ? signers.withSha1 : signers.withoutSha1) };
  };
}

/** A key that is ready to sign, with its public half, which takes longer to find than a signature. */
interface OpenedKey {
  readonly type: string;
  readonly blob: Buffer;
  readonly print: string;
  readonly signers: { readonly withSha1: ParsedKey; readonly withoutSha1: ParsedKey };
}

function readKey(key: KeyObject, source: Secret): OpenedKey {
  const blob = publicBlob(key);
  if (blob === undefined) throw unusable("private key", source, "its type is not RSA, ECDSA or Ed25519");
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
  const signers = {
    withSha1: signerOf(key, type, blob, true),
    withoutSha1: signerOf(key, type, blob, false),
  };
  return { type, blob, print: fingerprint(blob), signers };
}

function openKey(text: string, passphrase: string | undefined, source: Secret): KeyObject {
  const wrong = (reason: string): LogoffError => unusable("private key", source, reason);
  if (!/PRIVATE KEY-----|^PuTTY-User-Key-File-/mu.test(text))
    throw wrong(
      /^(ssh-|ecdsa-)/u.test(text) ? "it is a public key" : "it is no private key in OpenSSH or PEM form",
    );
  const needed = "it is encrypted; give its passphrase";
  const mismatch = "its passphrase is wrong, or the key is damaged";
  if (/BEGIN OPENSSH PRIVATE KEY|^PuTTY-User-Key-File-/mu.test(text)) {
    const parsed = utils.parseKey(text, passphrase);
    if (parsed instanceof Error) {
      // ssh2's own words, fixed in its source and the same in every language; they decide only which hint is shown
      if (passphrase === undefined && /encrypted/iu.test(parsed.message)) throw wrong(needed);
      throw wrong(passphrase === undefined ? "it is damaged or of an unsupported type" : mismatch);
    }
    // The file may hold several keys by its format; OpenSSH never writes more than one.
    const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey;
    if (!key.isPrivateKey()) throw wrong("it holds no private key");
    return createPrivateKey(key.getPrivatePEM());
  }
  // Node reports a missing passphrase differently for each type of key; the two PEM forms say it in plain text.
  if (passphrase === undefined && /ENCRYPTED/u.test(text)) throw wrong(needed);
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    throw wrong(passphrase === undefined ? "it is damaged or of an unsupported type" : mismatch);
  }
}

/** The public half as SSH writes it, or undefined for a type that SSH has no name for. */
function publicBlob(key: KeyObject): Buffer | undefined {
  // Only these have a JWK form; the export of others would throw.
  if (!["rsa", "ec", "ed25519"].includes(key.asymmetricKeyType ?? "")) return undefined;
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const bytes = (value: string | undefined): Buffer => Buffer.from(value ?? "", "base64url");
  const curve = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" }[jwk.crv ?? ""];
  if (jwk.kty === "RSA")
    return encodeFields([Buffer.from("ssh-rsa"), mpint(bytes(jwk.e)), mpint(bytes(jwk.n))]);
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519")
    return encodeFields([Buffer.from("ssh-ed25519"), bytes(jwk.x)]);
  if (jwk.kty !== "EC" || curve === undefined) return undefined;
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
