import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../provider/base/errors";
import { openClients } from "../../provider/clients/open-clients";
import type { Host } from "../../provider/connection";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { hostOf, never, serverFor, testKey, until, type ScriptedServer } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const timeoutMs = 10_000;
const key = testKey("user");

function failure(host: Host, connect = openOpenSsh(machineOptions()).connect): Promise<LogoffError> {
  return connect(host, never).then(
    () => assert.fail("connected"),
    (error: unknown) => error as LogoffError,
  );
}

/** A file for one test. */
function fileWith(t: TestContext, name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "openssh-routes-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

describe("jump hosts over the machine's ssh", { skip }, () => {
  it("are logged in to once for all hosts behind them", async (t) => {
    const gate = await serverFor(t, { key, forwards: true });
    const targets = [await serverFor(t, { key }), await serverFor(t, { key })];
    const { connect } = openOpenSsh(machineOptions());
    const connections = await Promise.all(
      targets.map((target) => connect(keyHost(target, { jumpHosts: [keyHost(gate)] }), never)),
    );
    for (const connection of connections) assert.equal((await connection.exec("x", { timeoutMs })).code, 0);
    assert.equal(gate.connections(), 1);
    assert.deepEqual(new Set(gate.forwarded), new Set(targets.map(({ port }) => `127.0.0.1:${port}`)));
    for (const connection of connections) await connection.close();
    await until(() => gate.open() === 0, "the jump host is left");
  });

  it("may follow one another", async (t) => {
    const [first, second] = [
      await serverFor(t, { key, forwards: true }),
      await serverFor(t, { key, forwards: true }),
    ];
    const target = await serverFor(t, { key });
    const jumpHosts = [keyHost(first), keyHost(second)];
    const connection = await openOpenSsh(machineOptions()).connect(keyHost(target, { jumpHosts }), never);
    t.after(() => connection.close());
    assert.equal((await connection.exec("x", { timeoutMs })).code, 0);
    assert.deepEqual(first.forwarded, [`127.0.0.1:${second.port}`]);
  });

  it("are named in the error, with the code of their own", async (t) => {
    const gate = await serverFor(t, { key: testKey("another"), forwards: true });
    const target = await serverFor(t, { key });
    const error = await failure(keyHost(target, { jumpHosts: [keyHost(gate)] }));
    assert.equal(error.code, "jump-host-failed");
    assert.ok(error.message.includes(`"127.0.0.1:${gate.port}" (auth-rejected)`), error.message);
    assert.equal(target.connections(), 0);
  });

  it("that cannot reach the host say so", async (t) => {
    const gate = await serverFor(t, { key, forwards: true });
    const gone = await serverFor(t);
    await gone.close();
    const error = await failure(keyHost(gone, { jumpHosts: [keyHost(gate)], connectTimeoutMs: 2000 }));
    assert.equal(error.code, "host-unreachable");
    assert.ok(error.message.includes(`"127.0.0.1:${gate.port}" cannot reach it`), error.message);
  });

  it("get no password, although they have the name of the host behind them", async (t) => {
    const gate = await serverFor(t, { password: "open sesame", forwards: true });
    const target = await serverFor(t);
    const login = { privateKeys: [], password: { from: "value", value: "open sesame" } } as const;
    const error = await failure(keyHost(target, { login, jumpHosts: [keyHost(gate, { login })] }));
    assert.equal(error.code, "jump-host-failed");
    assert.deepEqual(
      gate.logins.filter((each) => each.startsWith("password")),
      [],
    );
  });
});

describe("ssh_config with the machine's ssh", { skip }, () => {
  const pinnedNowhere = (servers: readonly ScriptedServer[]): Host["hostKeys"] => ({
    pinned: [],
    strict: "yes",
    knownHostsFiles: [],
    knownHosts: servers.map(({ port }) => `[127.0.0.1]:${port} ${testKey("host").publicText}`).join("\n"),
  });

  it("gives address, port, user and jump hosts, also to find jump hosts that are hosts of the run", async (t) => {
    const gate = await serverFor(t, { key, forwards: true });
    const target = await serverFor(t, { key });
    const id = fileWith(t, "id", key.privateText);
    const sshConfig = fileWith(
      t,
      "config",
      `Host *\n  IdentityFile "${id}"\nHost rdsh01\n  HostName 127.0.0.1\n  Port ${target.port}\n  User configured\n  ProxyJump gate\nHost gate\n  HostName 127.0.0.1\n  Port ${gate.port}\n  User configured\n`,
    );
    const place = keyHost({ address: "rdsh01", port: 22 });
    const { algorithms, keepaliveMs, connectTimeoutMs } = place;
    const host: Host = {
      ...{ address: "rdsh01", client: "openssh", algorithms, keepaliveMs, connectTimeoutMs, jumpHosts: [] },
      label: "rdsh01:22",
      sshConfig,
      hostKeys: pinnedNowhere([gate, target]),
      login: { privateKeys: [], agent: false },
    };
    const clients = openClients(machineOptions());
    const connection = await clients.connect(host, never);
    t.after(() => connection.close());
    assert.equal((await connection.exec("x", { timeoutMs })).code, 0);
    assert.deepEqual(gate.forwarded, [`127.0.0.1:${target.port}`]);
    // The jump host is a host of the run too, and reached with the other client.
    const found = await clients.findJumpHosts([host, { ...hostOf(gate), label: "the gate" }]);
    assert.deepEqual(found.get("rdsh01:22"), ["the gate"]);
  });

  it("cannot weaken the check of host keys, forward, or run commands here", async (t) => {
    const target = await serverFor(t, { key });
    const mark = join(tmpdir(), `openssh-mark-${process.pid}`);
    const sshConfig = fileWith(
      t,
      "config",
      `StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nPermitLocalCommand yes\nLocalCommand touch ${mark}\nRemoteCommand touch x\nRequestTTY force\nControlMaster auto\nControlPath ${mark}.sock\nForwardAgent yes\nBatchMode no\n`,
    );
    const unknown = await failure(keyHost(target, { sshConfig, hostKeys: pinnedNowhere([]) }));
    assert.equal(unknown.code, "host-key-unknown");
    const connection = await openOpenSsh(machineOptions()).connect(keyHost(target, { sshConfig }), never);
    t.after(() => connection.close());
    await connection.exec("ours", { timeoutMs });
    assert.deepEqual(target.commands, ["ours"]);
    assert.throws(() => execFileSync("ls", [mark, `${mark}.sock`], { stdio: "ignore" }));
  });

  it("that ssh does not accept is an invalid plan, with its words", async (t) => {
    const target = await serverFor(t, { key });
    const error = await failure(keyHost(target, { sshConfig: fileWith(t, "config", "NoSuchOption yes\n") }));
    assert.equal(error.code, "plan-invalid");
    assert.match(error.message, /nosuchoption/iu);
    assert.equal(target.connections(), 0);
  });
});

describe("names for the machine's ssh", { skip }, () => {
  for (const changes of [
    { address: "-oProxyCommand=touch${IFS}x" },
    { address: "a;touch x" },
    { user: "-oProxyCommand=x" },
    { user: "a\nProxyCommand touch x" },
    { user: "$(touch x)" },
  ])
    it(`are refused before ssh starts: ${JSON.stringify(changes)}`, async () => {
      const error = await failure(keyHost({ address: "rdsh01", port: 22 }, changes));
      assert.equal(error.code, "plan-invalid");
    });

  it("are missing where there is no ssh, and the error says what to install", async () => {
    const { connect } = openOpenSsh(machineOptions({ program: "/nonexistent/ssh" }));
    const error = await failure(keyHost({ address: "rdsh01", port: 22 }), connect);
    assert.equal(error.code, "plan-invalid");
    assert.match(error.message, /openssh-client/u);
  });

  it("that do not exist, and closed ports, are unreachable hosts", async (t) => {
    const gone = await serverFor(t);
    await gone.close();
    const refused = await failure(keyHost(gone, { connectTimeoutMs: 2500 }));
    assert.equal(refused.code, "host-unreachable");
    assert.match(refused.message, /nothing listens there \(\d+ attempts? in/u);
    const unknown = await failure(keyHost({ address: `${"x".repeat(70)}.invalid`, port: 22 }));
    assert.equal(unknown.code, "host-unreachable");
  });
});
