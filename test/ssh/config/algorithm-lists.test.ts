import fc from "fast-check";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Host } from "../../../provider/connection";
import { narrowList } from "../../../provider/ssh/config/algorithm-lists";
import { hostResolver } from "../../../provider/ssh/config/ssh-config";
import { rsaBits } from "../../../provider/ssh/host-keys/public-key";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { sshContext } from "../../../provider/ssh/options";
import { allowedAlgorithms, type AllowedAlgorithms } from "../../../provider/ssh/transport/algorithms";
import { bareOptions, hostOf, never, serverFor, testKey, type TestKey } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "algorithm-lists-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function fileWith(text: string, name = `file-${(files += 1)}`): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function allowed(config: string, changes: Partial<Host> = {}): Promise<AllowedAlgorithms> {
  const host = { ...hostOf({ address: "win-01", port: 22 }), sshConfig: fileWith(config), ...changes };
  return (await hostResolver(sshContext(bareOptions({ home: folder, baseFolder: folder })))(host)).algorithms;
}

/** What the DEFAULT crypto policy of RHEL 9 puts after its `Match final all`. */
const rhelPolicy = `
Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha1,umac-128@openssh.com,hmac-sha2-512
GSSAPIKexAlgorithms gss-curve25519-sha256-,gss-nistp256-sha256-,gss-group14-sha256-,gss-group16-sha512-
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512
PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521,ecdsa-sha2-nistp521-cert-v01@openssh.com,ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com
HostbasedAcceptedAlgorithms ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-256,rsa-sha2-512
CASignatureAlgorithms ecdsa-sha2-nistp256,sk-ecdsa-sha2-nistp256@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-ed25519,sk-ssh-ed25519@openssh.com,rsa-sha2-256,rsa-sha2-512
RequiredRSASize 2048
`;

function rhelConfig(policy: string): string {
  const policyFile = fileWith(policy);
  mkdirSync(join(folder, "ssh_config.d"), { recursive: true });
  fileWith(
    `Match final all\n\tInclude ${policyFile}\n\tGSSAPIAuthentication yes\n\tForwardX11Trusted yes\n`,
    "ssh_config.d/50-redhat.conf",
  );
  return fileWith(`Include ${folder}/ssh_config.d/*.conf\n`, "ssh_config");
}

describe("a list of algorithms in ssh_config", () => {
  const ours = ["a1", "a2", "b1", "b2"];
  const rows: [list: string, left: readonly string[] | undefined][] = [
    ["b1,a1", ["b1", "a1"]],
    ["c,b1,b1", ["b1"]],
    ["b*,a1", ["b1", "b2", "a1"]],
    ["-a*", ["b1", "b2"]],
    ["-a*,!a2", ["a2", "b1", "b2"]],
    ["-c", ours],
    ["+b1,c", ours],
    ["^b2,c", ["b2", "a1", "a2", "b1"]],
    ["^b?", ["b1", "b2", "a1", "a2"]],
    ["-*", []],
    ["c", []],
    ["a1,!a2", undefined],
  ];
  for (const [list, left] of rows)
    it(`${list} ${left === undefined ? "is invalid" : `leaves ${left.join(",") || "nothing"}`}`, () =>
      assert.deepEqual(narrowList(list, ours), left));

  it("also narrows the legacy algorithms", async () => {
    const legacy = await allowed("MACs -*-etm*\nHostKeyAlgorithms ssh-rsa,rsa-*", { algorithms: "legacy" });
    assert.deepEqual(legacy.macs, ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"]);
    assert.deepEqual(legacy.hostKeys, ["ssh-rsa", "rsa-sha2-512", "rsa-sha2-256"]);
  });

  it("adds nothing that needs legacy algorithms", async () => {
    const config = "HostKeyAlgorithms +ssh-rsa\nKexAlgorithms +diffie-hellman-group1-sha1\nMACs +hmac-sha1";
    assert.deepEqual(await allowed(config), allowedAlgorithms("default"));
  });

  it("is an error with a file and line if it leaves nothing or is invalid", async () => {
    const rows: [string, RegExp][] = [
      ["Ciphers aes256-cbc", /:1: Ciphers excludes every algorithm that this client supports: aes128-gcm/u],
      ["Host *\n MACs umac-64@openssh.com", /:2: MACs excludes every/u],
      ["KexAlgorithms sntrup761x25519-sha512@openssh.com", /KexAlgorithms excludes every/u],
      ["HostKeyAlgorithms -*", /HostKeyAlgorithms excludes every/u],
      ["PubkeyAcceptedKeyTypes ssh-dss", /PubkeyAcceptedAlgorithms excludes every/u],
      ["Ciphers aes*,!aes128-ctr", /Ciphers: "!" is allowed only after "-"/u],
      ["RequiredRSASize many", /RequiredRSASize must be a number of bits/u],
    ];
    for (const [config, message] of rows)
      await assert.rejects(allowed(config), { code: "plan-invalid", message });
  });

  it("has no effect for certificates and host-based logins", async () => {
    const config = "CASignatureAlgorithms ssh-ed25519\nHostbasedAcceptedAlgorithms ssh-ed25519";
    assert.deepEqual(await allowed(config), allowedAlgorithms("default"));
  });
});

describe("agrees with ssh -G on lists:", () => {
  const ssh = spawnSync("ssh", ["-V"]).status === 0 ? false : "ssh is not installed";
  const options = [
    [
      "Ciphers",
      "ciphers",
      "chacha20-poly1305@openssh.com aes256-gcm@openssh.com aes128-ctr aes256-cbc 3des-cbc",
    ],
    ["MACs", "macs", "hmac-sha2-256 hmac-sha2-512-etm@openssh.com umac-64@openssh.com hmac-md5"],
    [
      "KexAlgorithms",
      "keyExchanges",
      "curve25519-sha256 ecdh-sha2-nistp384 diffie-hellman-group16-sha512 diffie-hellman-group1-sha1",
    ],
    ["HostKeyAlgorithms", "hostKeys", "ssh-ed25519 rsa-sha2-256 ssh-rsa ecdsa-* rsa-* ssh-* *256"],
    ["PubkeyAcceptedKeyTypes", "userKeys", "ssh-ed25519 rsa-sha2-512 ssh-rsa ecdsa-* rsa-* ssh-* *521"],
  ] as const;
  const patterns: Record<string, string[]> = {
    Ciphers: ["aes*", "*@openssh.com", "aes???-ctr"],
    MACs: ["*-etm*", "hmac-sha2-*", "umac*"],
    KexAlgorithms: ["ecdh-*", "diffie-*", "curve*"],
    HostKeyAlgorithms: ["*-cert-*", "sk-*"],
    PubkeyAcceptedKeyTypes: ["*-cert-*", "sk-*"],
  };

  for (const [option, field, text] of options)
    it(option, { skip: ssh }, async () => {
      const names = text.split(" ");
      const list = fc.tuple(
        fc.constantFrom("", "+", "^", "-"),
        fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(fc.constantFrom(...patterns[option]!), { maxLength: 2 }),
      );
      await fc.assert(
        fc.asyncProperty(list, async ([sign, some, more]) => {
          // ssh accepts patterns for every option only after "-".
          const words = [...some, ...(sign === "-" ? more : [])];
          const config = `${option} ${sign}${words.join(",")}`;
          const path = fileWith(config, "generated");
          const { stdout, status } = spawnSync("ssh", ["-G", "-F", path, "win-01"], { encoding: "utf8" });
          const key = option.toLowerCase().replace("keytypes", "algorithms");
          assert.equal(status, 0);
          const theirs =
            new RegExp(`^${key} (.*)$`, "mu").exec(stdout)?.[1]?.split(",") ??
            assert.fail(`ssh -G says nothing of ${option}`);
          const all = allowedAlgorithms("default");
          const mine: readonly string[] = all[field === "userKeys" ? "hostKeys" : field];
          const both = theirs.filter((name) => mine.includes(name));
          fc.pre(both.length > 0);
          const left: readonly string[] = (await allowed(config))[field] ?? [];
          assert.deepEqual([...left].sort(), [...both].sort(), config);
          // Each client expands a pattern in its own order.
          const isOrdered = (sign === "" || sign === "^") && !/[*?]/u.test(config);
          const inOrder = isOrdered ? words.filter((name) => mine.includes(name)) : [];
          assert.deepEqual(
            left.filter((name) => inOrder.includes(name)),
            inOrder,
          );
        }),
        { numRuns: Number(process.env["FC_RUNS"] ?? 60) },
      );
    });
});

describe("a connection", () => {
  it("works with the system ssh_config of RHEL", async (t) => {
    const key = testKey("rhel");
    const server = await serverFor(t, { key });
    const options = bareOptions({ home: folder, systemSshConfigFile: rhelConfig(rhelPolicy) });
    const login = { privateKeys: [{ from: "value", value: key.privateText }] } as const;
    const host = hostOf(server, { login, sshConfig: true });
    await (await openSsh(options).connect(host, never)).close();
    assert.ok(server.logins.at(-1)?.endsWith(":signed"));
  });

  it("offers only the algorithms that the lists leave", async (t) => {
    const server = await serverFor(t, { algorithms: { cipher: ["aes128-ctr"] } });
    const host = hostOf(server, { sshConfig: fileWith("Ciphers -aes128*,*poly*,*gcm*") });
    await assert.rejects(openSsh(bareOptions()).connect(host, never), {
      code: "no-common-algorithm",
      message: /we offer aes192-ctr, aes256-ctr; the host offers aes128-ctr/u,
    });
  });

  it("does not offer a key whose type PubkeyAcceptedAlgorithms leaves out", async (t) => {
    const key = testKey("left-out");
    const server = await serverFor(t, { key });
    const config = "PubkeyAcceptedAlgorithms rsa-sha2-512,ecdsa-*";
    const refusal = /: PubkeyAcceptedAlgorithms in ssh_config excludes keys of type ssh-ed25519/u;
    const login = { privateKeys: [{ from: "value", value: key.privateText }] } as const;
    const named = hostOf(server, { login, sshConfig: fileWith(config) });
    await assert.rejects(openSsh(bareOptions()).connect(named, never), {
      code: "auth-unavailable",
      message: refusal,
    });
    const file = fileWith(key.privateText);
    const found = hostOf(server, {
      login: { privateKeys: [] },
      sshConfig: fileWith(`${config}\nIdentityFile ${file}`),
    });
    await assert.rejects(openSsh(bareOptions()).connect(found, never), {
      code: "auth-unavailable",
      message: refusal,
    });
    assert.deepEqual(server.logins, []);
  });

  it("never signs with SHA-1 when PubkeyAcceptedAlgorithms leaves it out, even with legacy algorithms", async (t) => {
    const key = testKey("sha1", "rsa");
    const login = { privateKeys: [{ from: "value", value: key.privateText }] } as const;
    // ssh2 signs with SHA-1 for a host that does not name its signature algorithms. ssh2's own server names them, unless:
    let client: unknown;
    const server = await serverFor(t, {
      key,
      onConnection: (connection) => (client = connection),
      debug: (line) => {
        if (!line.includes("NEWKEYS")) return;
        const { _protocol } = client as { _protocol: { _kex: { remoteExtInfoEnabled: boolean } } };
        _protocol._kex.remoteExtInfoEnabled = false;
      },
    });
    const host = hostOf(server, { login, algorithms: "legacy" });
    const connect = openSsh(bareOptions()).connect;
    await (await connect(host, never)).close();
    const narrowed = { ...host, sshConfig: fileWith("PubkeyAcceptedAlgorithms rsa-sha2-*") };
    await assert.rejects(connect(narrowed, never), {
      code: "auth-rejected",
      message: /accepts only SHA-1 signatures/u,
    });
  });
});

describe("RequiredRSASize", () => {
  function rsaKey(bits: number): TestKey {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const path = fileWith(privateKey.export({ type: "pkcs1", format: "pem" }).toString());
    const publicText = execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" }).trim();
    return {
      privateText: privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
      publicText,
      blob: Buffer.from(publicText.split(" ")[1]!, "base64"),
    };
  }
  const small = rsaKey(1024);

  it("is compared with the length of the modulus", () => {
    assert.equal(rsaBits(small.blob), 1024);
    assert.equal(rsaBits(rsaKey(1031).blob), 1031);
    assert.equal(rsaBits(testKey("host").blob), undefined);
  });

  it("refuses a smaller host key, pinned or not", async (t) => {
    const server = await serverFor(t, { hostKeys: [small] });
    const hostKeys = { pinned: [small.publicText], strict: "yes" } as const;
    const fits = hostOf(server, { hostKeys, sshConfig: fileWith("RequiredRSASize 1024") });
    await (await openSsh(bareOptions()).connect(fits, never)).close();
    const host = { ...fits, sshConfig: fileWith("RequiredRSASize 1025") };
    await assert.rejects(openSsh(bareOptions()).connect(host, never), {
      code: "no-common-algorithm",
      message: /its key ssh-rsa SHA256:\S+ has 1024 bits, but RequiredRSASize in ssh_config requires 1025/u,
    });
    assert.equal(server.logins.filter((login) => login.startsWith("password")).length, 1);
  });

  it("refuses a smaller private key", async (t) => {
    const server = await serverFor(t, { key: small });
    const login = { privateKeys: [{ from: "value", value: small.privateText }] } as const;
    const host = hostOf(server, { login, sshConfig: fileWith("RequiredRSASize 2048") });
    await assert.rejects(openSsh(bareOptions()).connect(host, never), {
      code: "auth-unavailable",
      message: /it has 1024 bits, and RequiredRSASize in ssh_config is 2048/u,
    });
  });
});
