import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from "node:crypto";
import { describe, it } from "node:test";
import { answerTo, type AgentIdentity } from "../../../provider/openssh/login/agent-protocol";
import { encodeFields } from "../../../provider/ssh/host-keys/public-key";
import { privateKeyParser } from "../../../provider/ssh/login/private-key";

const source = { from: "value", value: "" } as const;
const data = Buffer.from("data to sign");

async function identityOf(type: "ed25519" | "rsa" | "ec", curve = ""): Promise<AgentIdentity> {
  const options = { modulusLength: 2048, namedCurve: curve };
  const { privateKey } = generateKeyPairSync(type as "ec", options);
  const text = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const { blob, type: name, key } = await privateKeyParser()(text, undefined, source);
  return { blob, type: name, key };
}

function signRequest(blob: Buffer, flags: number): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(flags);
  return Buffer.concat([Buffer.of(13), encodeFields([blob, data]), tail]);
}

/** @param raw two numbers, each with a length before it (RFC 5656 3.1.2) */
function verifyEcdsa(key: KeyObject, curve: string, raw: Buffer): boolean {
  const [bytes, hash] = { prime256v1: [32, "sha256"], secp384r1: [48, "sha384"] }[curve] ?? [66, "sha512"];
  const length = raw.readUInt32BE(0);
  const both = [raw.subarray(4, 4 + length), raw.subarray(8 + length)].map((number) => {
    // No number is negative, and none has a zero too many.
    assert.ok((number[0] ?? 0) < 0x80 && (number[0] !== 0 || (number[1] ?? 0) >= 0x80));
    const digits = number.subarray(Math.max(0, number.length - Number(bytes)));
    return Buffer.concat([Buffer.alloc(Number(bytes) - digits.length), digits]);
  });
  const signer = { key: createPublicKey(key), dsaEncoding: "ieee-p1363" } as const;
  return verify(String(hash), data, signer, Buffer.concat(both));
}

describe("answerTo", () => {
  it("lists the keys", async () => {
    const identity = await identityOf("ed25519");
    const answer = answerTo(Buffer.of(11), [identity]);
    assert.equal(answer[0], 12);
    assert.equal(answer.readUInt32BE(1), 1);
    assert.ok(answer.includes(identity.blob));
  });

  for (const [what, type, curve, flags, hash] of [
    ["an Ed25519 key", "ed25519", "", 0, undefined],
    ["an RSA key with SHA-256", "rsa", "", 2, "sha256"],
    ["an RSA key with SHA-512", "rsa", "", 4, "sha512"],
    ["a key on P-256", "ec", "prime256v1", 0, undefined],
    ["a key on P-384", "ec", "secp384r1", 0, undefined],
    ["a key on P-521", "ec", "secp521r1", 0, undefined],
  ] as const)
    it(`signs with ${what}`, async () => {
      const identity = await identityOf(type, curve);
      // Numbers of an ECDSA signature may begin with zeros or a set bit: often enough in this many.
      for (let tries = 0; tries < (type === "ec" ? 40 : 2); tries += 1) {
        const answer = answerTo(signRequest(identity.blob, flags), [identity]);
        assert.equal(answer[0], 14);
        const signature = answer.subarray(5);
        const nameLength = signature.readUInt32BE(0);
        const raw = signature.subarray(8 + nameLength);
        const verified =
          type === "rsa"
            ? verify(hash, data, createPublicKey(identity.key), raw)
            : type === "ed25519"
              ? verify(null, data, createPublicKey(identity.key), raw)
              : verifyEcdsa(identity.key, curve, raw);
        assert.equal(verified, true);
      }
    });

  it("makes no SHA-1 signature", async () => {
    const identity = await identityOf("rsa");
    assert.deepEqual(answerTo(signRequest(identity.blob, 0), [identity]), Buffer.of(5));
  });

  it("fails for another key, an unknown request and a truncated one", async () => {
    const [one, other] = [await identityOf("ed25519"), await identityOf("ed25519")];
    const request = signRequest(one.blob, 0);
    for (const each of [
      signRequest(other.blob, 0),
      Buffer.of(27),
      Buffer.of(),
      request.subarray(0, 40),
      request.subarray(0, -2),
    ])
      assert.deepEqual(answerTo(each, [one]), Buffer.of(5));
  });
});
