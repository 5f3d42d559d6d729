import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, verify } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { utils } from "ssh2";
import { LogoffError } from "../../../provider/base/errors";
import type { Login, Secret } from "../../../provider/connection";
import { fingerprint } from "../../../provider/ssh/host-keys/public-key";
import { privateKeyParser } from "../../../provider/ssh/login/private-key";
import { readSecret, secretReader } from "../../../provider/ssh/login/secret";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { sshContext } from "../../../provider/ssh/options";
import { bareOptions, hostOf, never, startServer, testKey } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "private-key-"));
after(() => rmSync(folder, { recursive: true }));
const source: Secret = { from: "value", value: "unused" };
let files = 0;

function generate(...args: string[]): { path: string; text: string; blob: Buffer } {
  const path = join(folder, `key-${(files += 1)}`);
  execFileSync("ssh-keygen", ["-q", "-f", path, "-C", "test", ...args]);
  const blob = Buffer.from(readFileSync(`${path}.pub`, "utf8").split(" ")[1]!, "base64");
  return { path, text: readFileSync(path, "utf8"), blob };
}

const types = [
  ["-t", "ed25519"],
  ["-t", "ecdsa", "-b", "256"],
  ["-t", "ecdsa", "-b", "384"],
  ["-t", "ecdsa", "-b", "521"],
  ["-t", "rsa", "-b", "2048"],
];
const formats: Record<string, string[]> = { OpenSSH: [], PEM: ["-m", "PEM"], "PKCS#8": ["-m", "PKCS8"] };

describe("private keys", () => {
  for (const type of types)
    for (const [format, args] of Object.entries(formats))
      for (const passphrase of ["", "correct horse"])
        it(`${type.slice(1).join(" ")} as ${format}${passphrase && ", encrypted"}`, async () => {
          // One round of bcrypt is enough for a test.
          const rounds = format === "OpenSSH" && passphrase !== "" ? ["-a", "1"] : [];
          const { text, blob } = generate(...type, ...args, ...rounds, "-N", passphrase);
          const key = await privateKeyParser()(text, passphrase === "" ? undefined : passphrase, source);
          assert.deepEqual(key.blob, blob);
          assert.ok(key.label.includes(fingerprint(blob)));
          const signer = key.signer(false);
          assert.ok(signer.isPrivateKey());
          const hash = signer.type === "ssh-rsa" ? "sha512" : undefined;
          const signature = signer.sign("data", hash);
          const reference = utils.parseKey(`${signer.type} ${blob.toString("base64")}`);
          assert.ok(!(reference instanceof Error));
          assert.equal(reference.verify("data", signature, hash), true);
          assert.equal(verify(null, Buffer.from("x"), reference.getPublicPEM(), signature), false);
          if (passphrase === "") return;
          const wrong = { code: "auth-unavailable", message: /passphrase is wrong/u };
          await assert.rejects(privateKeyParser()(text, "wrong", source), wrong);
          const missing = { code: "auth-unavailable", message: /it is encrypted; give its passphrase/u };
          await assert.rejects(privateKeyParser()(text, undefined, source), missing);
        });

  it("refuses SHA-1 unless it is allowed", async () => {
    const parsed = await privateKeyParser()(testKey("old", "rsa").privateText, undefined, source);
    assert.ok((parsed.signer(false).sign("x", "sha1") as unknown) instanceof Error);
    assert.ok(Buffer.isBuffer(parsed.signer(true).sign("x", "sha1")));
  });

  const { privateKey: dsa } = generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 });
  const wrongs: [what: string, text: string, message: RegExp][] = [
    ["a public key", testKey("any").publicText, /it is a public key/u],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", /not a private key/u],
    ["nothing", "", /not a private key/u],
    ["a cut key", testKey("any").privateText.slice(0, 200), /damaged/u],
    ["a cut PEM key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", /damaged/u],
    ["DSA", dsa.export({ type: "pkcs8", format: "pem" }).toString(), /type is not RSA, ECDSA or Ed25519/u],
  ];
  for (const [what, text, message] of wrongs)
    it(`refuses ${what} without showing it`, async () => {
      const thrown: unknown = await privateKeyParser()(text, undefined, source).catch(
        (error: unknown) => error,
      );
      assert.ok(thrown instanceof LogoffError);
      assert.equal(thrown.code, "auth-unavailable");
      assert.match(thrown.message, message);
      assert.equal(thrown.cause, undefined);
      const body = text.split("\n")[1];
      if (body) assert.ok(!thrown.message.includes(body));
    });
});

describe("secrets", () => {
  const context = sshContext(
    bareOptions({ baseFolder: folder, home: folder, env: { SET: "from env", EMPTY: "" } }),
  );
  const path = join(folder, "secret");
  writeFileSync(path, "from file\r\n", { mode: 0o600 });

  it("come from a value, a file without its final line break, or a variable", async () => {
    assert.equal(await readSecret({ from: "value", value: "it\n" }, "password", context), "it\n");
    assert.equal(await readSecret({ from: "env", name: "SET" }, "password", context), "from env");
    for (const name of [path, "secret", "~/secret"])
      assert.equal(await readSecret({ from: "file", path: name }, "password", context), "from file");
  });

  const missing: [Secret, RegExp][] = [
    [
      { from: "env", name: "UNSET" },
      /Cannot use password \(environment variable\): set the variable that passwordEnv \(--password-env\) names/u,
    ],
    [{ from: "env", name: "EMPTY" }, /set the variable/u],
    [{ from: "file", path: "gone" }, /Cannot use password \(file "gone"\): no such file: ".*\/gone"/u],
    [{ from: "file", path: "." }, /cannot be read: it is a folder/u],
  ];
  for (const [secret, message] of missing)
    it(`say what is wrong: ${JSON.stringify(secret)}`, async () => {
      chmodSync(folder, 0o700);
      await assert.rejects(readSecret(secret, "password", context), { code: "auth-unavailable", message });
    });

  it("do not quote the name of a variable, which may be the password itself if a shell expanded it", async () => {
    for (const what of ["password", "passphrase"])
      await assert.rejects(readSecret({ from: "env", name: "hunter2" }, what, context), (thrown) => {
        assert.ok(thrown instanceof LogoffError);
        assert.ok(!thrown.message.includes("hunter2"), thrown.message);
        assert.ok(thrown.message.includes(`--${what}-env`), thrown.message);
        return true;
      });
  });

  it("are refused from a file that others may read, except on Windows", async () => {
    const open = join(folder, "open");
    writeFileSync(open, "text");
    chmodSync(open, 0o640);
    const secret = { from: "file", path: open } as const;
    await assert.rejects(readSecret(secret, "private key", context), {
      code: "auth-unavailable",
      message: /mode 640.*chmod 600/u,
    });
    assert.equal(await readSecret(secret, "private key", { ...context, platform: "win32" }), "text");
  });

  it("are read from a file at most once a second, but immediately after a failure", async () => {
    const shared = join(folder, "shared");
    const write = (text: string): void => writeFileSync(shared, text, { mode: 0o600 });
    let nowMs = 0;
    const read = secretReader({ ...context, clock: { ...context.clock, now: () => nowMs } });
    const secret = { from: "file", path: shared } as const;
    await assert.rejects(read(secret, "password"), { code: "auth-unavailable" });
    write("first");
    assert.equal(await read(secret, "password"), "first");
    write("second");
    nowMs = 999;
    assert.equal(await read(secret, "password"), "first");
    nowMs = 1000;
    assert.equal(await read(secret, "password"), "second");
  });

  it("are not read from a file that is too large", async () => {
    const large = join(folder, "large");
    writeFileSync(large, Buffer.alloc(300_000), { mode: 0o600 });
    await assert.rejects(readSecret({ from: "file", path: large }, "private key", context), {
      message: /too large/u,
    });
  });
});

describe("a login with every kind of key", () => {
  const encrypted = generate("-t", "ed25519", "-N", "correct horse", "-a", "1");
  const logins: [string, Buffer, Login][] = [
    [
      "encrypted file with a passphrase from the environment",
      encrypted.blob,
      { privateKeys: [{ from: "file", path: encrypted.path }], passphrase: { from: "env", name: "PHRASE" } },
    ],
    ...types.map((type): [string, Buffer, Login] => {
      const { text, blob } = generate(...type, "-m", "PKCS8", "-N", "");
      return [
        `${type.slice(1).join(" ")} as PKCS#8`,
        blob,
        { privateKeys: [{ from: "value", value: text }] },
      ];
    }),
  ];
  for (const [what, blob, login] of logins)
    it(what, async (t) => {
      const publicText = `${blob.subarray(4, 4 + blob.readUInt32BE(0)).toString()} ${blob.toString("base64")}`;
      const server = await startServer({ key: { privateText: "", publicText, blob } });
      t.after(() => server.close());
      const connect = openSsh(bareOptions({ env: { PHRASE: "correct horse" } })).connect;
      await (await connect(hostOf(server, { login }), never)).close();
      assert.ok(server.logins.at(-1)?.endsWith(":signed"));
    });

  it("reports a broken key before connecting", async (t) => {
    const server = await startServer();
    t.after(() => server.close());
    const login = { privateKeys: [{ from: "value", value: "junk" }] } as const;
    await assert.rejects(openSsh(bareOptions()).connect(hostOf(server, { login }), never), {
      code: "auth-unavailable",
    });
    assert.equal(server.connections(), 0);
  });
});
