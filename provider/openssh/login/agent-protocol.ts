/** The part of the agent protocol that an agent with a few keys needs: draft-miller-ssh-agent, sections 4.4 and 4.5. */
import { sign, type KeyObject } from "node:crypto";
import { encodeFields } from "../../ssh/host-keys/public-key";

/** A private key, with its public half in SSH's format. */
export interface AgentIdentity {
  readonly blob: Buffer;
  readonly type: string;
  readonly key: KeyObject;
}

const failure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const rsaSha256 = 2;
const rsaSha512 = 4;

/** No request of ssh is longer. */
export const longestMessage = 256 * 1024;

/** The answer to a request, both without the length before them. A request that it does not know fails, as the protocol asks for. */
export function answerTo(request: Buffer, identities: readonly AgentIdentity[]): Buffer {
  if (request[0] === requestIdentities) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(identities.length);
    const keys = identities.map(({ blob }) => encodeFields([blob, Buffer.from("session-logoff")]));
    return Buffer.concat([Buffer.of(identitiesAnswer), count, ...keys]);
  }
  if (request[0] !== signRequest) return Buffer.of(failure);
  const [blob, data] = readStrings(request.subarray(1), 2);
  const identity = identities.find((each) => blob !== undefined && each.blob.equals(blob));
  const flagsAt = 1 + 8 + (blob?.length ?? 0) + (data?.length ?? 0);
  if (identity === undefined || data === undefined || request.length < flagsAt + 4) return Buffer.of(failure);
  const signature = signatureOf(identity, data, request.readUInt32BE(flagsAt));
  if (signature === undefined) return Buffer.of(failure);
  return Buffer.concat([Buffer.of(signResponse), encodeFields([signature])]);
}

/** The signature in SSH's format; undefined for a SHA-1 signature, which is not made. */
function signatureOf({ key, type }: AgentIdentity, data: Buffer, flags: number): Buffer | undefined {
  if (type === "ssh-rsa") {
    const [name, hash] =
      (flags & rsaSha512) !== 0
        ? ["rsa-sha2-512", "sha512"]
        : (flags & rsaSha256) !== 0
          ? ["rsa-sha2-256", "sha256"]
          : [];
    if (name === undefined) return undefined;
    return encodeFields([Buffer.from(name), sign(hash, data, key)]);
  }
  const ecdsaHash = { nistp256: "sha256", nistp384: "sha384", nistp521: "sha512" }[
    type.replace(/^ecdsa-sha2-/u, "")
  ];
  if (ecdsaHash === undefined) return encodeFields([Buffer.from(type), sign(null, data, key)]);
  const both = sign(ecdsaHash, data, { key, dsaEncoding: "ieee-p1363" });
  const [r, s] = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
  return encodeFields([Buffer.from(type), encodeFields([mpint(r), mpint(s)])]);
}

/** A positive number as RFC 4251 5 writes it: no leading zeros but one before a first bit that is set. */
function mpint(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  return (digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
}

/** The first fields with a length before them; fewer if the bytes end. */
function readStrings(bytes: Buffer, count: number): readonly Buffer[] {
  const fields: Buffer[] = [];
  let rest = bytes;
  while (fields.length < count && rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const end = 4 + rest.readUInt32BE(0);
    fields.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return fields;
}
