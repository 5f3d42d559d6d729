import fc from "fast-check";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Secret } from "../../../provider/connection";
import { readPlan } from "../../../provider/plan/read-plan";
import { encodeFields } from "../../../provider/ssh/host-keys/public-key";
import { privateKeyParser, type PrivateKey } from "../../../provider/ssh/login/private-key";
import { testKey } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "key-text-"));
after(() => rmSync(folder, { recursive: true }));
const source: Secret = { from: "file", path: "~/keys/deploy" };

function parse(text: string, passphrase?: string): Promise<PrivateKey> {
  return privateKeyParser()(text, passphrase, source);
}

interface GivenKey {
  readonly text: string;
  readonly blob: Buffer;
  readonly passphrase?: string;
}

function generate(name: string, ...args: string[]): GivenKey {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", path, "-C", "someone@somewhere", ...args]);
  const blob = Buffer.from(readFileSync(`${path}.pub`, "utf8").split(" ")[1]!, "base64");
  return { text: readFileSync(path, "utf8"), blob };
}

const keys: Record<string, GivenKey> = {
  "an OpenSSH key": generate("openssh", "-t", "ed25519", "-N", ""),
  "an encrypted OpenSSH key": {
    ...generate("encrypted", "-t", "ecdsa", "-N", "words", "-a", "1"),
    passphrase: "words",
  },
  "a PEM key": generate("pem", "-t", "ecdsa", "-m", "PEM", "-N", ""),
  "an encrypted PEM key": {
    ...generate("encrypted-pem", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "words"),
    passphrase: "words",
  },
  "an encrypted PKCS#8 key": {
    ...generate("encrypted-pkcs8", "-t", "ecdsa", "-m", "PKCS8", "-N", "words"),
    passphrase: "words",
  },
};

const changes: Record<string, (text: string) => string> = {
  "literal \\n for line ends": (text) => text.replaceAll("\n", "\\n"),
  "literal \\\\n for line ends": (text) => text.replaceAll("\n", "\\\\n"),
  "literal \\r\\n for line ends": (text) => text.replaceAll("\n", "\\r\\n"),
  "the form of a JSON string": (text) => JSON.stringify(text),
  "the form of a JSON string with escaped slashes": (text) => JSON.stringify(text).replaceAll("/", "\\/"),
  "quotes around it": (text) => `"${text}"`,
  "single quotes around it": (text) => `'${text.trim()}'\n`,
  "indented lines": (text) => text.replaceAll(/^/gmu, "    "),
  "blanks instead of line breaks": (text) => text.replaceAll("\n", " "),
  "CRLF line endings": (text) => text.replaceAll("\n", "\r\n"),
  "CR line endings": (text) => text.replaceAll("\n", "\r"),
  "blank lines between its lines": (text) => text.replaceAll("\n", "\n\n"),
  "blanks at the ends of its lines": (text) => text.replaceAll("\n", " \t\n"),
  "a byte order mark": (text) => `\uFEFF${text}`,
  "other text around it": (text) =>
    `Bag Attributes\n    localKeyID: 01\n${testKey("other").publicText}\n${text}\n-- \nbye\n`,
};

describe("a private key is repaired:", () => {
  for (const [what, { text, blob, passphrase }] of Object.entries(keys)) {
    for (const [how, change] of Object.entries(changes))
      it(`${what} with ${how}`, async () => {
        assert.deepEqual((await parse(change(text), passphrase)).blob, blob);
      });
    if (what !== "an encrypted PEM key")
      it(`${what} without line breaks`, async () => {
        assert.deepEqual((await parse(text.replaceAll("\n", ""), passphrase)).blob, blob);
      });
  }

  it("unless two header lines run into the key", async () => {
    const { text, passphrase } = keys["an encrypted PEM key"]!;
    await assert.rejects(parse(text.replaceAll("\n", ""), passphrase), {
      message: /it contains characters that are not base64/u,
    });
  });

  it("so a quoted one passes input validation", () => {
    const { text } = keys["an OpenSSH key"]!;
    for (const privateKey of [JSON.stringify(text), `'${text}'`, ` ${text}`]) {
      const input = { hosts: ["rdsh01"], sessions: { all: true }, connection: { privateKey } };
      assert.deepEqual(readPlan(input).problems, undefined);
    }
  });
});

/** The error message, which must name the file and quote nothing from the key. */
async function failure(text: string, passphrase?: string): Promise<string> {
  const thrown: unknown = await parse(text, passphrase).catch((error: unknown) => error);
  assert.ok(thrown instanceof LogoffError, String(thrown));
  assert.equal(thrown.code, "auth-unavailable");
  assert.ok(thrown.message.startsWith('Cannot use private key (file "~/keys/deploy"): '), thrown.message);
  for (const line of text.split(/[\s\\]+|-----/u))
    if (/^[A-Za-z0-9+/=]{12,}$/u.test(line)) assert.ok(!thrown.message.includes(line), thrown.message);
  return thrown.message;
}

describe("a private key that cannot be used is refused with the reason:", () => {
  const { text } = keys["an OpenSSH key"]!;
  const rows: [what: string, text: string, message: RegExp][] = [
    ["only its first line", "-----BEGIN OPENSSH PRIVATE KEY-----", /its END line is missing/u],
    ["only part of it", text.slice(0, 200), /its END line is missing/u],
    [
      "nothing between BEGIN and END",
      text.replace(/KEY-----[^-]*/u, "KEY-----"),
      /nothing between its BEGIN and END lines/u,
    ],
    ["base64 around it", Buffer.from(text).toString("base64"), /encoded in base64; decode it first/u],
    ["no BEGIN and END lines", text.replaceAll(/-----.*\n/gu, ""), /BEGIN and END lines are missing/u],
    ["URL encoding", encodeURIComponent(text), /URL-encoded/u],
    ["URL encoding inside", text.replaceAll("\n", "%0A"), /URL-encoded/u],
    ["masking", text.replace(/(?<=KEY-----\n).{30}/u, "***"), /masked with \*/u],
    ["a missing character", text.replace(/(?<=KEY-----\n)./u, ""), /characters are missing/u],
    ["a foreign character", text.replace(/(?<=KEY-----\n)./u, "é"), /characters that are not base64/u],
    ["another version of PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\n", /version 3 of PuTTY's format/u],
  ];
  for (const [what, given, message] of rows)
    it(what, async () => assert.match(await failure(given), message));
});

/** A key in OpenSSH's format whose public half alone is readable without a passphrase. */
function openSshKey(type: string, cipher: "none" | "aes256-ctr"): string {
  const publicBlob = encodeFields([Buffer.from(type), randomBytes(32), Buffer.from("ssh:")]);
  const options = encodeFields([randomBytes(16)]);
  const kdf = cipher === "none" ? [Buffer.from("none"), Buffer.alloc(0)] : [Buffer.from("bcrypt"), Buffer.concat([options, Buffer.of(0, 0, 0, 16)])]; // prettier-ignore
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    encodeFields([Buffer.from(cipher), ...kdf]),
    Buffer.of(0, 0, 0, 1),
    encodeFields([publicBlob, randomBytes(256)]),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

describe("the type of an unusable private key is named, with or without a passphrase:", () => {
  for (const cipher of ["none", "aes256-ctr"] as const)
    for (const [type, message] of [
      ["sk-ssh-ed25519@openssh.com", /it is a FIDO key \(sk-ssh-ed25519@openssh.com\)/u],
      ["sk-ecdsa-sha2-nistp256@openssh.com", /it is a FIDO key/u],
      ["ssh-mldsa-65", /its type, ssh-mldsa-65, is not supported; use an RSA, ECDSA or Ed25519 key/u],
      ["ssh-dss", /its type, ssh-dss, is not supported/u],
    ] as const)
      it(`${type}, cipher ${cipher}`, async () => {
        const key = openSshKey(type, cipher);
        assert.match(await failure(key), message);
        assert.match(await failure(key, "words"), message);
      });

  it("PKCS#8 of other types", async () => {
    for (const { privateKey } of [
      generateKeyPairSync("ed448"),
      generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
      generateKeyPairSync("ec", { namedCurve: "brainpoolP256r1" }),
    ]) {
      const options = { type: "pkcs8", format: "pem" } as const;
      const plain = privateKey.export(options).toString();
      const encrypted = privateKey.export({ ...options, cipher: "aes-256-cbc", passphrase: "words" });
      assert.match(await failure(plain), /its type is not RSA, ECDSA or Ed25519/u);
      assert.match(await failure(encrypted.toString(), "words"), /its type is not RSA/u);
    }
  });

  it("an RSA key that is too small to sign", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
    const text = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    assert.match(await failure(text), /it is an RSA key of 512 bits, which is too small/u);
  });
});

describe("a damaged private key", () => {
  it("is reported if its halves do not belong together", async () => {
    const [mine, other] = [1, 2].map(
      () => generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey,
    );
    const jwk = { ...mine!.export({ format: "jwk" }), d: other!.export({ format: "jwk" }).d! };
    const mixed = createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "sec1", format: "pem" });
    assert.match(await failure(mixed.toString()), /its private and public halves do not match/u);
  });

  it("is never used as another key, and never causes an OpenSSL error", async () => {
    const plain = Object.values(keys).filter(({ passphrase }) => passphrase === undefined);
    const rsa = generate("rsa", "-t", "rsa", "-b", "2048", "-N", "");
    const ecdsa = generate("ecdsa", "-t", "ecdsa", "-b", "521", "-N", "");
    const damage = fc.tuple(
      fc.constantFrom(...plain, rsa, ecdsa),
      fc.nat(10_000),
      fc.integer({ min: 1, max: 255 }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ([{ text, blob }, at, change]) => {
        const [begin = "", end = ""] = text.match(/-----[^-]*-----/gu) ?? [];
        const body = Buffer.from(text.replaceAll(/-----[^-]*-----/gu, ""), "base64");
        body[at % body.length]! ^= change;
        const damaged = `${begin}\n${body.toString("base64")}\n${end}\n`;
        const key = await parse(damaged).catch((thrown: unknown) => thrown);
        // The comment and the padding may also be damaged.
        if (!(key instanceof LogoffError)) assert.deepEqual((key as PrivateKey).blob, blob);
        else assert.match(key.message, /damaged|supported|type is not|too small|encrypted/u);
      }),
      { numRuns: Number(process.env["FC_RUNS"] ?? 300) },
    );
  });
});
