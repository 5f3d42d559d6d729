import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import workerThreads, { type WorkerOptions } from "node:worker_threads";
import type { Secret } from "../../../provider/connection";
import { judgeKey } from "../../../provider/ssh/login/open-key";
import { privateKeyParser } from "../../../provider/ssh/login/private-key";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { bareOptions, hostOf, never, startServer } from "../scripted-server";

// tsx does not enable TypeScript in worker threads.
const { Worker } = workerThreads;
workerThreads.Worker = class extends Worker {
  constructor(file: string, options: WorkerOptions) {
    super(file, { ...options, execArgv: ["--require", "tsx/cjs"] });
  }
};
after(() => (workerThreads.Worker = Worker));

const folder = mkdtempSync(join(tmpdir(), "slow-keys-"));
after(() => rmSync(folder, { recursive: true }));
const source: Secret = { from: "value", value: "unused" };
let files = 0;

function generate(...args: string[]): { path: string; text: string } {
  const path = join(folder, `key-${(files += 1)}`);
  execFileSync("ssh-keygen", ["-q", "-f", path, "-C", "test", ...args]);
  return { path, text: readFileSync(path, "utf8") };
}

describe("private keys with a passphrase", () => {
  const { text, path } = generate("-t", "ed25519", "-N", "right", "-a", "24");

  for (const passphrase of ["right", "wrong"])
    it(`are decrypted once with the ${passphrase} passphrase, however many hosts there are`, async () => {
      const cpuOf = async (hosts: number): Promise<number> => {
        const parse = privateKeyParser();
        const start = process.cpuUsage();
        await Promise.allSettled(Array.from({ length: hosts }, () => parse(text, passphrase, source)));
        await parse(text, passphrase, source).catch(() => undefined);
        return process.cpuUsage(start).user;
      };
      await cpuOf(1);
      assert.ok((await cpuOf(40)) < 8 * (await cpuOf(1)));
    });

  it("are decrypted without blocking the event loop", async () => {
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    await privateKeyParser()(text, "right", source).finally(() => clearInterval(counting));
    assert.ok(turns > 20, `${turns} turns of the event loop`);
  });

  it("time out if decryption takes too long", async (t) => {
    const slow = generate("-t", "ed25519", "-N", "slow", "-a", "200");
    const server = await startServer();
    t.after(() => server.close());
    const login = {
      privateKeys: [{ from: "file", path: slow.path }],
      passphrase: { from: "value", value: "slow" },
    } as const;
    await assert.rejects(
      openSsh(bareOptions()).connect(hostOf(server, { login, connectTimeoutMs: 100 }), never),
      {
        code: "timed-out",
        message: /private key \(file ".*"\) was not opened within 0.1 s/u,
      },
    );
    assert.equal(server.connections(), 0);
  });

  it("are refused if decryption would take minutes", async () => {
    const body = Buffer.from(readFileSync(path, "utf8").replace(/-----[^-]*-----/gu, ""), "base64");
    const rounds = body.indexOf(Buffer.from([0, 0, 0, 24, 0, 0, 0, 1]));
    assert.ok(rounds > 0);
    body.writeUInt32BE(1_000_000, rounds);
    const begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
    const patient = `${begin}\n${body.toString("base64")}\n${begin.replace("BEGIN", "END")}\n`;
    await assert.rejects(privateKeyParser()(patient, "right", source), {
      message: /its passphrase needs 1000000 rounds, which take too long; .*ssh-keygen -p -a 16/u,
    });
    const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({
      type: "pkcs8",
      format: "der",
      cipher: "aes-256-cbc",
      passphrase: "x",
    });
    // The iteration count follows the salt; Node uses 2048.
    const count = pkcs8.indexOf(Buffer.from([2, 2, 8, 0]));
    assert.ok(count > 0);
    const many = Buffer.from(pkcs8);
    many.writeUInt16BE(0xffff, count + 2);
    const pemOf = (bytes: Buffer): string =>
      `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END ENCRYPTED PRIVATE KEY-----`;
    assert.deepEqual(judgeKey(pemOf(many), "x"), { isEncrypted: true });
    const most = Buffer.concat([pkcs8.subarray(0, count), Buffer.from("02047fffffff", "hex"), pkcs8]);
    assert.match(JSON.stringify(judgeKey(pemOf(most), "x")), /needs 2147483647 rounds/u);
  });
});
