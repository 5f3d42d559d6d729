import { createHash } from "node:crypto";

/** A public key in SSH's wire format. */
export interface PublicKey {
  /** The key's type, such as `ssh-rsa` or `ssh-ed25519`. For RSA, signature algorithms have other names. */
  readonly type: string;
  readonly blob: Buffer;
}

// The number of fields after the type in a key's blob (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH PROTOCOL.u2f).
const fieldsAfterType: Readonly<Record<string, number>> = {
  "ssh-rsa": 2,
  "ssh-dss": 4,
  "ssh-ed25519": 1,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
  "sk-ecdsa-sha2-nistp256@openssh.com": 3,
  "sk-ssh-ed25519@openssh.com": 2,
};

/** The fingerprint as OpenSSH prints it: `SHA256:` and unpadded base64. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/u, "")}`;
}

/** The key in a blob, or undefined if the blob is truncated, has trailing bytes or is of an unknown type. */
export function decodePublicKey(blob: Buffer): PublicKey | undefined {
  const fields = readFields(blob);
  const type = fields?.[0]?.toString("latin1");
  if (fields === undefined || type === undefined || !Object.hasOwn(fieldsAfterType, type)) return undefined;
  if (fields.length - 1 !== fieldsAfterType[type]) return undefined;
  if (type === "ssh-ed25519" && fields[1]?.length !== 32) return undefined;
  if (type.startsWith("ecdsa-sha2-") && fields[1]?.toString("latin1") !== type.slice("ecdsa-sha2-".length))
    return undefined;
  return { type, blob };
}

/** The size of an RSA key, which is the length of its modulus; undefined for other keys. */
export function rsaBits(blob: Buffer): number | undefined {
  const [type, , modulus] = readFields(blob) ?? [];
  if (type?.toString("latin1") !== "ssh-rsa" || modulus === undefined) return undefined;
  const start = modulus.findIndex((byte) => byte !== 0);
  if (start < 0) return 0;
  return (modulus.length - start) * 8 - (Math.clz32(modulus[start] ?? 0) - 24);
}

/** The key in `TYPE BASE64`, or undefined if either is invalid or the blob is of another type. */
export function parsePublicKey(type: string, base64: string): PublicKey | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return undefined;
  const key = decodePublicKey(Buffer.from(base64, "base64"));
  return key?.type === type ? key : undefined;
}

/** The key as `TYPE BASE64`, the form in known_hosts and authorized_keys. */
export function formatPublicKey(key: PublicKey): string {
  return `${key.type} ${key.blob.toString("base64")}`;
}

/** Encodes fields with length prefixes, the form of every SSH key blob. */
export function encodeFields(fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
}

function readFields(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
