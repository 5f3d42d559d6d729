import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Host, Login } from "../../provider/connection";
import { openSsh, type SshOptions } from "../../provider/ssh/open-ssh";
import { makeFarm, missing, missingTinysshd, type Farm, type RealKey, type RealServer } from "./real-servers";
import { bareOptions, never } from "./scripted-server";

const why = missing();

describe("real servers", { skip: why }, () => {
  let farm: Farm;
  let server: RealServer;
  let good: RealKey;
  before(async () => {
    farm = makeFarm();
    good = farm.key("good", "-t", "ed25519");
    farm.authorize(good);
    server = await farm.sshd();
  });
  after(() => farm.close());

  const hostOf = (at: RealServer, login: Login, changes: Partial<Host> = {}): Host => ({
    label: `${at.address}:${at.port}`,
    address: at.address,
    port: at.port,
    user: farm.user.name,
    login,
    hostKeys: { pinned: at.hostKeys.map((key) => key.publicText), strict: "yes" },
    jumpHosts: [],
    algorithms: "default",
    keepaliveMs: 0,
    connectTimeoutMs: 8000,
    ...changes,
  });
  const keyLogin = (...keys: RealKey[]): Login => ({
    privateKeys: keys.map((key) => ({ from: "file", path: key.path })),
  });
  const password = (): { from: "value"; value: string } => ({ from: "value", value: farm.user.password });
  const run = async (
    host: Host,
    options: Partial<SshOptions> = {},
    command = "echo $((6*7)); cat",
  ): Promise<string> => {
    const connection = await openSsh(bareOptions(options)).connect(host, never);
    try {
      const result = await connection.exec(command, { timeoutMs: 5000, stdin: Buffer.from("in") });
      assert.equal(result.code, 0);
      return Buffer.from(result.stdout).toString();
    } finally {
      await connection.close();
    }
  };
  const fails = async (
    host: Host,
    code: string,
    message: RegExp,
    options: Partial<SshOptions> = {},
  ): Promise<void> => {
    const error = await run(host, options).then(
      () => assert.fail("it connected"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LogoffError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(!error.message.includes(farm.user.password), error.message);
  };

  it("accept a password", async () => {
    assert.equal(await run(hostOf(server, { privateKeys: [], password: password() })), "42\nin");
  });

  it("reject a wrong password", async () => {
    const wrong = { from: "value", value: "wrong" } as const;
    await fails(
      hostOf(server, { privateKeys: [], password: wrong }),
      "auth-rejected",
      /rejected: password; the host accepts publickey, password/u,
    );
  });

  for (const args of [
    ["-t", "ed25519"],
    ["-t", "ecdsa", "-b", "256"],
    ["-t", "ecdsa", "-b", "384"],
    ["-t", "ecdsa", "-b", "521"],
    ["-t", "rsa", "-b", "3072"],
  ])
    for (const [format, more] of [
      ["OpenSSH", []],
      ["PEM", ["-m", "PEM"]],
      ["PKCS8", ["-m", "PKCS8"]],
      ["OpenSSH, encrypted", ["-N", "correct horse", "-a", "2"]],
    ] as const)
      it(`accept a key: ${args.slice(1).join(" ")} as ${format}`, async () => {
        const key = farm.key(`${args.join("")}-${format.replaceAll(/\W/gu, "")}`, ...args, ...more);
        farm.authorize(key, good);
        const passphrase = format.includes("encrypted") && ({ from: "env", name: "PHRASE" } as const);
        const login = { ...keyLogin(key), ...(passphrase && { passphrase }) };
        assert.equal(await run(hostOf(server, login), { env: { PHRASE: "correct horse" } }), "42\nin");
      });

  it("accept the last of several keys", async () => {
    const keys = [1, 2, 3].map((n) => farm.key(`wrong-${n}`, "-t", "ed25519"));
    await run(hostOf(server, keyLogin(...keys, good)));
  });

  it("accept a key of an agent named by path, by SSH_AUTH_SOCK or by default", async () => {
    const rsa = farm.key("agent-rsa", "-t", "rsa", "-b", "2048");
    const ecdsa = farm.key("agent-ecdsa", "-t", "ecdsa");
    farm.authorize(rsa, good);
    const agent = await farm.agent(ecdsa, rsa);
    const env = { SSH_AUTH_SOCK: agent };
    await run(hostOf(server, { privateKeys: [], agent }));
    await run(hostOf(server, { privateKeys: [], agent: true }), { env });
    await run(hostOf(server, { privateKeys: [] }), { env });
    farm.authorize(good);
    await fails(hostOf(server, { privateKeys: [] }), "auth-unavailable", /SSH_AUTH_SOCK is not set/u);
    const gone = { privateKeys: [], agent: join(farm.folder, "gone") };
    await fails(hostOf(server, gone), "auth-unavailable", /did not answer \(ENOENT\)/u);
    await run(hostOf(server, { ...gone, ...keyLogin(good) }));
  });

  it("are offered at most five keys", async () => {
    const keys = [1, 2, 3, 4].map((n) => farm.key(`many-${n}`, "-t", "ed25519"));
    const agent = await farm.agent(...[5, 6, 7].map((n) => farm.key(`many-${n}`, "-t", "ed25519")), good);
    await fails(
      hostOf(server, { ...keyLogin(...keys), agent }),
      "auth-rejected",
      /3 more keys were not offered/u,
    );
    // Five keys leave room for the password within sshd's MaxAuthTries.
    await run(hostOf(server, { ...keyLogin(...keys), agent, password: password() }));
  });

  it("accept the default key files of OpenSSH, of which absent and broken ones are skipped", async () => {
    const home = join(farm.folder, "operator");
    spawnSync("mkdir", ["-p", `${home}/.ssh`]);
    writeFileSync(join(home, ".ssh", "id_rsa"), readFileSync(good.path), { mode: 0o600 });
    writeFileSync(join(home, ".ssh", "id_ecdsa"), "junk", { mode: 0o600 });
    await run(hostOf(server, { privateKeys: [] }), { home });
    await fails(
      hostOf(server, { privateKeys: [], password: { from: "value", value: "x" } }),
      "auth-rejected",
      /rejected: password/u,
      { home },
    );
  });

  it("accept a key and a password when they require both", async () => {
    const both = await farm.sshd("AuthenticationMethods publickey,password");
    await run(hostOf(both, { ...keyLogin(good), password: password() }));
    const agent = await farm.agent(good);
    await run(hostOf(both, { privateKeys: [], agent, password: password() }));
    await fails(
      hostOf(both, keyLogin(good)),
      "auth-rejected",
      /not enough: publickey .*; the host accepts password/u,
    );
  });

  it("reject the login after two keys under MaxAuthTries 2", async () => {
    const strict = await farm.sshd("MaxAuthTries 2");
    const wrong = [1, 2, 3].map((n) => farm.key(`wrong-${n}`, "-t", "ed25519"));
    const message = /rejected: publickey .*, publickey .*; .*Too many authentication failures/u;
    await fails(hostOf(strict, { ...keyLogin(...wrong), password: password() }), "auth-rejected", message);
  });

  it("delay many connections under MaxStartups 2, but refuse none", async () => {
    const full = await farm.sshd("MaxStartups 2");
    const connect = openSsh(bareOptions()).connect;
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const connection = await connect(hostOf(full, keyLogin(good)), never);
        await connection.exec("true", { timeoutMs: 5000 });
        await connection.close();
      }),
    );
    assert.match(full.log(), /MaxStartups/u);
  });

  for (const [sessions, commands, seconds] of [
    [1, 7, 1],
    [2, 8, 0.1],
    [3, 9, 0.1],
  ] as const)
    it(`make commands wait for each other under MaxSessions ${sessions}, but fail none`, async () => {
      const narrow = await farm.sshd(`MaxSessions ${sessions}`);
      const connection = await openSsh(bareOptions()).connect(hostOf(narrow, keyLogin(good)), never);
      const results = await Promise.all(
        Array.from({ length: commands }, () => connection.exec(`sleep ${seconds}`, { timeoutMs: 20_000 })),
      );
      assert.ok(results.every((result) => result.code === 0));
      await connection.close();
      assert.equal(narrow.log().match(/Accepted publickey/gu)?.length, 1, "one connection");
    });

  it("do not let an abandoned command that still runs block the next one under MaxSessions 1", async () => {
    const narrow = await farm.sshd("MaxSessions 1");
    const connection = await openSsh(bareOptions()).connect(hostOf(narrow, keyLogin(good)), never);
    await connection.exec("true", { timeoutMs: 20_000 });
    await assert.rejects(connection.exec("exec sleep 60", { timeoutMs: 1500 }), { code: "timed-out" });
    assert.equal((await connection.exec("true", { timeoutMs: 20_000 })).code, 0);
    await connection.close();
  });

  it("do not delay commands when a program keeps the channel open", async () => {
    const connection = await openSsh(bareOptions()).connect(hostOf(server, keyLogin(good)), never);
    const { stdout, code } = await connection.exec("sleep 30 & echo done", { timeoutMs: 20_000 });
    assert.deepEqual([Buffer.from(stdout).toString(), code], ["done\n", 0]);
    assert.match(connection.warnings.join(), /leaves command channels open/u);
    assert.equal((await connection.exec("exit 3", { timeoutMs: 20_000 })).code, 3);
    await connection.close();
  });

  it("may send a banner of 90 KB", async () => {
    const file = join(farm.folder, "banner");
    writeFileSync(file, "Unauthorized use is forbidden.\n".repeat(2900));
    const strict = await farm.sshd(`Banner ${file}`);
    assert.equal(await run(hostOf(strict, keyLogin(good))), "42\nin");
  });

  it("tinysshd gets a new connection for each command", { skip: missingTinysshd() }, async (t) => {
    const safe = makeFarm("/run");
    t.after(() => safe.close());
    safe.authorize(good);
    const tiny = await safe.tinysshd();
    const host = hostOf(tiny, keyLogin(good), { user: safe.user.name });
    const connection = await openSsh(bareOptions()).connect(host, never);
    const results = await Promise.all(
      [1, 2, 3].map((code) => connection.exec(`echo out; exit ${code}`, { timeoutMs: 20_000 })),
    );
    assert.deepEqual(
      results.map(({ stdout, code }) => [Buffer.from(stdout).toString(), code]),
      [1, 2, 3].map((code) => ["out\n", code]),
    );
    assert.equal((await connection.exec("exit 4", { timeoutMs: 20_000 })).code, 4);
    assert.deepEqual(connection.warnings, []);
    await connection.close();
  });

  it("are reached through two jump hosts, each with its own login and key", async () => {
    const far = farm.key("far", "-t", "ed25519");
    const inner = await farm.sshd(`AuthorizedKeysFile ${far.path}.pub`);
    const [one, two] = [
      await farm.sshd("PasswordAuthentication no"),
      await farm.sshd("PubkeyAuthentication no"),
    ];
    const jumps = [hostOf(one, keyLogin(good)), hostOf(two, { privateKeys: [], password: password() })];
    assert.equal(await run(hostOf(inner, keyLogin(far), { jumpHosts: jumps })), "42\nin");
    const closed = await farm.sshd("AllowTcpForwarding no");
    const refused = hostOf(inner, keyLogin(far), { jumpHosts: [hostOf(closed, keyLogin(good))] });
    await fails(
      refused,
      "jump-host-failed",
      new RegExp(`through "127.0.0.1:${closed.port}".*AllowTcpForwarding`, "u"),
    );
    const locked = hostOf(inner, keyLogin(far), { jumpHosts: [jumps[0]!, hostOf(two, keyLogin(good))] });
    await fails(
      locked,
      "jump-host-failed",
      /\(auth-unavailable\): Cannot log in to ".*the host accepts password/u,
    );
  });

  it("are so few at a time that MaxStartups 10:30:100 lets them through a jump host", async () => {
    const [jump, target] = [await farm.sshd(), await farm.sshd()];
    const { connect } = openSsh(bareOptions());
    const host = hostOf(target, keyLogin(good), { jumpHosts: [hostOf(jump, keyLogin(good))] });
    const connections = await Promise.all(Array.from({ length: 100 }, () => connect(host, never)));
    await Promise.all(connections.map((connection) => connection.close()));
    const logins = ({ log }: RealServer): number => log().match(/Accepted publickey/gu)?.length ?? 0;
    assert.deepEqual([logins(jump), logins(target)], [1, 100]);
    // sshd counts a login until its own process has told it of the end, so on a busy machine some may be one too many. Without a limit, it is 40.
    const drops = (jump.log() + target.log()).match(/^drop connection /gmu)?.length ?? 0;
    assert.ok(drops <= 5, `${drops} were dropped`);
  });

  it("dropbear accepts keys and a password, rejects a wrong password and serves as a jump host", async () => {
    const other = await farm.dropbear();
    assert.equal(await run(hostOf(other, keyLogin(good))), "42\nin");
    assert.equal(await run(hostOf(other, { privateKeys: [], password: password() })), "42\nin");
    const rsa = farm.key("dropbear-rsa", "-t", "rsa", "-b", "2048");
    farm.authorize(rsa, good);
    assert.equal(await run(hostOf(other, keyLogin(rsa))), "42\nin");
    const wrong = { from: "value", value: "wrong" } as const;
    await fails(hostOf(other, { privateKeys: [], password: wrong }), "auth-rejected", /rejected: password/u);
    const jumped = hostOf(server, keyLogin(good), { jumpHosts: [hostOf(other, keyLogin(good))] });
    assert.equal(await run(jumped), "42\nin");
  });

  describe("known_hosts agrees with ssh -o StrictHostKeyChecking=yes", () => {
    const hashed = (name: string): string => {
      const salt = randomBytes(20);
      return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
    };
    const cases: [what: string, text: (name: string, ed: string, rsa: string, other: string) => string][] = [
      ["nothing", () => ""],
      ["the key", (name, ed) => `${name} ${ed}`],
      ["the other key", (name, _ed, rsa) => `${name} ${rsa}`],
      ["both keys, one changed", (name, ed, _rsa, other) => `${name} ${other}\n${name} ${ed}`],
      ["a changed key", (name, _ed, _rsa, other) => `${name} ${other}`],
      ["a hashed name", (name, ed) => `${hashed(name)} ${ed}`],
      ["a hashed name of another host", (name, ed) => `${hashed(`x${name}`)} ${ed}`],
      ["a pattern", (_name, ed) => `[127.0.*]:* ${ed}`],
      ["a pattern that excludes the host", (name, ed) => `[127.*]:*,!${name} ${ed}`],
      ["the name without port", (_name, ed) => `127.0.0.1 ${ed}`],
      ["a changed key without port", (_name, _ed, _rsa, other) => `127.0.0.1 ${other}`],
      ["a revoked key that is also known", (name, ed) => `@revoked ${name} ${ed}\n${name} ${ed}`],
      ["another revoked key", (name, ed, _rsa, other) => `@revoked ${name} ${other}\n${name} ${ed}`],
      ["a certificate authority", (name, ed) => `@cert-authority ${name} ${ed}`],
      [
        "a damaged line and a valid one, with CRLF",
        (name, ed) => `${name} ssh-ed25519 AAAA\r\n${name} ${ed}\r\n`,
      ],
      ["a list with capitals", (name, ed) => `WIN-01,${name} ${ed}`],
    ];
    for (const [what, text] of cases)
      it(what, async () => {
        const [ed, rsa] = server.hostKeys.map((key) => key.publicText) as [string, string];
        const file = join(farm.folder, "case");
        writeFileSync(
          file,
          text(`[127.0.0.1]:${server.port}`, ed, rsa, farm.key("stranger", "-t", "ed25519").publicText),
        );
        const options = [
          "StrictHostKeyChecking=yes",
          "BatchMode=yes",
          `UserKnownHostsFile=${file}`,
          "GlobalKnownHostsFile=none",
          "UpdateHostKeys=no",
        ];
        const args = [
          "-F",
          "none",
          "-i",
          good.path,
          "-p",
          String(server.port),
          ...options.flatMap((option) => ["-o", option]),
        ];
        const { status } = spawnSync("ssh", [...args, `${farm.user.name}@127.0.0.1`, "true"], {
          stdio: "ignore",
        });
        const hostKeys = { pinned: [], knownHostsFiles: [file], strict: "yes" } as const;
        const ours = await run(hostOf(server, keyLogin(good), { hostKeys })).then(
          () => 0,
          (error: unknown) =>
            /^host-key-/u.test((error as LogoffError).code) ? 255 : assert.fail(String(error)),
        );
        assert.equal(ours, status);
      });
  });
});
