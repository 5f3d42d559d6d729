import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { decodeText } from "../../provider/base/decode-text";
import { LogoffError } from "../../provider/base/errors";
import type { Host } from "../../provider/connection";
import { readTextFile } from "../../provider/files/read-text-file";
import { hostResolver } from "../../provider/ssh/config/ssh-config";
import { knownHostsReader } from "../../provider/ssh/host-keys/known-hosts-files";
import { readIdentity } from "../../provider/ssh/login/identities";
import { readSecret } from "../../provider/ssh/login/secret";
import { openSsh } from "../../provider/ssh/open-ssh";
import { sshContext } from "../../provider/ssh/options";
import { runHere } from "../cli/scene";
import { bareOptions, hostOf, never, serverFor, testKey } from "../ssh/scripted-server";

const folder = mkdtempSync(join(tmpdir(), "text-files-"));
after(() => rmSync(folder, { recursive: true }));
const context = sshContext(bareOptions({ baseFolder: folder, home: folder }));
const noPipes = {
  skip: process.platform === "win32" ? "Windows has no named pipes in the file system" : false,
};

function utf16(text: string): Buffer {
  return Buffer.from(`\uFEFF${text}`, "utf16le");
}

const encodings: Record<string, (text: string) => Buffer> = {
  "UTF-8": (text) => Buffer.from(text),
  "UTF-8 with a byte order mark": (text) => Buffer.from(`\uFEFF${text}`),
  "UTF-16, as Windows PowerShell writes it": (text) => utf16(text.replaceAll("\n", "\r\n")),
  "UTF-16, big-endian": (text) => utf16(text).swap16(),
};

function fileWith(bytes: Buffer): string {
  const path = join(folder, "file");
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}

for (const [name, encode] of Object.entries(encodings))
  describe(`a text file in ${name}`, () => {
    it("is read as known_hosts, including its first line", async () => {
      const key = testKey("host").publicText;
      const path = fileWith(encode(`first ${key}\nsecond ${key}\n`));
      const policy = { pinned: [], knownHostsFiles: [path], strict: "yes" } as const;
      const [source] = await knownHostsReader(context).read(policy);
      assert.deepEqual(source?.warnings, []);
      assert.equal(source.find("first").length, 1);
      assert.equal(source.find("second").length, 1);
    });

    it("is read as ssh_config", async () => {
      const sshConfig = fileWith(encode("Port 2222\nUser grün\n"));
      const input: { port?: number; user?: string } & Host = {
        ...hostOf({ address: "win-01", port: 22 }),
        sshConfig,
      };
      delete input.port;
      delete input.user;
      const { host } = await hostResolver(context)(input);
      assert.deepEqual([host.port, host.user], [2222, "grün"]);
    });

    it("is read as a secret without the final line break", async () => {
      const path = fileWith(encode("pässword\n"));
      assert.equal(await readSecret({ from: "file", path }, "password", context), "pässword");
    });

    it("is read as a public key that selects a key of the agent", async () => {
      const key = testKey("chosen");
      const path = fileWith(encode(`${key.publicText}\n`));
      const refuse = (): Promise<never> => Promise.reject(new LogoffError("auth-unavailable", "no key"));
      assert.deepEqual((await readIdentity(path, refuse)).blob, key.blob);
    });

    it("is read as a hosts file, including its first line", async () => {
      const path = fileWith(encode("rdsh01\nrdsh01:22\n"));
      const { status, stderr } = await runHere(["--all", "--hosts-file", path]);
      assert.equal(status, 2);
      assert.match(stderr, /file:2: must not repeat \S+file:1: both are "rdsh01:22"$/mu);
    });

    it("is read as a private key to log in with", async (t) => {
      const key = testKey("encoded");
      const server = await serverFor(t, { key });
      const path = fileWith(encode(key.privateText));
      const login = { privateKeys: [{ from: "file", path }] } as const;
      await (await openSsh(bareOptions()).connect(hostOf(server, { login }), never)).close();
      assert.ok(server.logins.at(-1)?.endsWith(":signed"));
    });

    it("keeps its encoding when accept-new adds a line to it", async (t) => {
      const server = await serverFor(t);
      const known = `other ${testKey("other").publicText}`;
      const path = fileWith(encode(known));
      const hostKeys = { pinned: [], knownHostsFiles: [path], strict: "accept-new" } as const;
      await (await openSsh(bareOptions()).connect(hostOf(server, { hostKeys }), never)).close();
      const added = `[127.0.0.1]:${server.port} ${testKey("host").publicText}`;
      assert.equal(decodeText(readFileSync(path)), `${known}\n${added}\n`);
      const again = hostOf(server, { hostKeys: { ...hostKeys, strict: "yes" } });
      await (await openSsh(bareOptions()).connect(again, never)).close();
    });
  });

it("known_hosts text in an input may begin with a byte order mark", async () => {
  const knownHosts = `\uFEFFfirst ${testKey("host").publicText}\n`;
  const [source] = await knownHostsReader(context).read({ pinned: [], knownHosts, strict: "yes" });
  assert.equal(source?.find("first").length, 1);
});

describe("a pipe", noPipes, () => {
  const pipe = join(folder, "pipe");
  if (noPipes.skip === false) execFileSync("mkfifo", ["-m", "600", pipe]);
  const file = { from: "file", path: pipe } as const;
  const password = { from: "value", value: "x" } as const;
  const cases: [what: string, changes: Partial<Host>, message: RegExp][] = [
    [
      "private key",
      { login: { privateKeys: [file] } },
      /^Cannot use private key \(file ".*pipe"\): it is a pipe, which can be read only once; use a file or an agent$/u,
    ],
    [
      "password",
      { login: { privateKeys: [], password: file } },
      /is a pipe.*; use a file or an environment variable \(`connection\.passwordEnv`\)$/u,
    ],
    [
      "passphrase",
      { login: { privateKeys: [], passphrase: file, password } },
      /is a pipe.*; use a file or an environment variable \(`connection\.passphraseEnv`\)$/u,
    ],
    [
      "known_hosts",
      { hostKeys: { pinned: [], strict: "yes", knownHostsFiles: [pipe] } },
      /looked in ".*pipe" \(is a pipe, which can be read only once; use a file\)/u,
    ],
    [
      "ssh_config",
      { sshConfig: pipe },
      /^Cannot use ssh_config: .*pipe: is a pipe, which can be read only once; use a file$/u,
    ],
  ];
  for (const [what, changes, message] of cases)
    it(`is refused immediately as ${what}`, async (t) => {
      const server = await serverFor(t);
      await assert.rejects(openSsh(bareOptions()).connect(hostOf(server, changes), never), { message });
      assert.deepEqual(server.logins, []);
    });

  it("is treated as an empty ssh_config when jump hosts are looked up", async () => {
    const host = hostOf({ address: "win-01", port: 22 }, { sshConfig: pipe });
    assert.deepEqual([...(await openSsh(bareOptions()).findJumpHosts([host])).values()], [[]]);
  });
});

it("reads /dev/null as an empty file, and refuses an endless device", noPipes, async () => {
  assert.equal(await readTextFile("/dev/null"), "");
  await assert.rejects(
    readTextFile("/dev/zero", () => undefined, 100_000),
    { code: "EFBIG" },
  );
});
