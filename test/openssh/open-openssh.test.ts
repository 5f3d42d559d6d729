import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../provider/base/errors";
import type { Connection, Host } from "../../provider/connection";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { fingerprint } from "../../provider/ssh/host-keys/public-key";
import { never, serverFor, testKey, until, type Script } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const key = testKey("user");
const timeoutMs = 10_000;

async function connected(t: TestContext, host: Host, options = machineOptions()): Promise<Connection> {
  const connection = await openOpenSsh(options).connect(host, never);
  t.after(() => connection.close());
  return connection;
}

async function failure(host: Host, options = machineOptions()): Promise<LogoffError> {
  const opened = openOpenSsh(options).connect(host, never);
  return opened.then(
    async (connection) => {
      await connection.close();
      return assert.fail("connected");
    },
    (error: unknown) => error as LogoffError,
  );
}

const keyServer = (t: TestContext, script: Script = {}) => serverFor(t, { key, ...script });

describe("a login over the machine's ssh", { skip }, () => {
  it("offers a key that is given by value, and no other", async (t) => {
    const server = await keyServer(t);
    const connection = await connected(t, keyHost(server));
    const { stdout, code } = await connection.exec("whoami", { timeoutMs });
    assert.equal(Buffer.from(stdout).toString(), "ran whoami");
    assert.equal(code, 0);
    const offered = new Set(server.logins.map((login) => login.replace(/:signed$/u, "")));
    assert.deepEqual([...offered], ["none", `publickey:${key.blob.toString("base64")}`]);
  });

  it("never writes the key to disk", async (t) => {
    const server = await keyServer(t, { onLogin: () => undefined });
    const stop = new AbortController();
    const runtime = mkdtempSync(join(tmpdir(), "runtime-"));
    t.after(() => rmSync(runtime, { recursive: true }));
    const options = machineOptions();
    const env = { ...options.env, XDG_RUNTIME_DIR: runtime };
    const opening = openOpenSsh({ ...options, env }).connect(keyHost(server), stop.signal);
    opening.catch(() => undefined);
    await until(() => server.logins.length > 0, "a login begins");
    const [folder = ""] = readdirSync(runtime);
    assert.equal(statSync(join(runtime, folder)).mode & 0o777, 0o700);
    const files = readdirSync(join(runtime, folder));
    assert.ok(
      files.some((name) => name.endsWith(".conf")),
      files.join(),
    );
    for (const name of files) {
      const path = join(runtime, folder, name);
      if (!statSync(path).isFile()) continue;
      assert.ok(!readFileSync(path, "utf8").includes("PRIVATE KEY"), name);
      if (!name.endsWith(".log")) assert.equal(statSync(path).mode & 0o077, 0, name);
    }
    stop.abort();
    await assert.rejects(opening, { code: "aborted" });
  });

  it("is rejected once, with the keys that were offered in the message", async (t) => {
    const server = await serverFor(t, { key: testKey("another") });
    const error = await failure(keyHost(server));
    assert.equal(error.code, "auth-rejected");
    assert.ok(error.atLogin && error.message.includes(fingerprint(key.blob)), error.message);
    assert.equal(server.connections(), 1);
  });

  it("has no credential where the host wants another kind", async (t) => {
    const server = await serverFor(t, { password: "open sesame" });
    const login = { privateKeys: [], agent: false };
    const error = await failure(keyHost(server, { login }));
    assert.equal(error.code, "auth-unavailable");
  });
});

describe("the host key over the machine's ssh", { skip }, () => {
  const accepted: Readonly<Record<string, (place: string) => Partial<Host>>> = {
    "a pinned key": () => ({ hostKeys: { pinned: [testKey("host").publicText], strict: "yes" } }),
    "a pinned fingerprint": () => ({
      hostKeys: { pinned: [fingerprint(testKey("host").blob)], strict: "yes" },
    }),
    "a known_hosts text": (place) => ({
      hostKeys: {
        pinned: [],
        strict: "yes",
        knownHosts: `${place} ${testKey("host").publicText}`,
        knownHostsFiles: [],
      },
    }),
  };
  for (const [what, changes] of Object.entries(accepted))
    it(`is accepted by ${what}`, async (t) => {
      const server = await keyServer(t);
      const connection = await connected(t, keyHost(server, changes(`[${server.address}]:${server.port}`)));
      assert.equal((await connection.exec("x", { timeoutMs })).code, 0);
      assert.deepEqual(connection.warnings, []);
    });

  const refused: readonly (readonly [string, string, (place: string) => Host["hostKeys"]])[] = [
    ["unknown", "host-key-unknown", () => ({ pinned: [], strict: "yes", knownHostsFiles: [] })],
    [
      "another than the known one",
      "host-key-changed",
      (place) => ({
        pinned: [],
        strict: "yes",
        knownHosts: `${place} ${testKey("other").publicText}`,
        knownHostsFiles: [],
      }),
    ],
    [
      "revoked",
      "host-key-revoked",
      (place) => ({
        pinned: [],
        strict: "yes",
        knownHosts: `@revoked ${place} ${testKey("host").publicText}`,
        knownHostsFiles: [],
      }),
    ],
    [
      "another than the pinned one",
      "host-key-changed",
      () => ({ pinned: [testKey("other").publicText], strict: "yes" }),
    ],
    [
      "another than that of the pinned fingerprint",
      "host-key-changed",
      () => ({ pinned: [fingerprint(testKey("other").blob)], strict: "yes" }),
    ],
  ];
  for (const [what, code, hostKeys] of refused)
    it(`ends the connection before any credential if it is ${what}`, async (t) => {
      const server = await keyServer(t);
      const error = await failure(
        keyHost(server, { hostKeys: hostKeys(`[${server.address}]:${server.port}`) }),
      );
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.includes(fingerprint(testKey("host").blob)), error.message);
      assert.deepEqual(server.logins, []);
      assert.equal(server.connections(), 1);
    });

  it("is accepted once with accept-new, and remembered", async (t) => {
    const server = await keyServer(t);
    const hostKeys = { pinned: [], strict: "accept-new", knownHosts: "", knownHostsFiles: [] } as const;
    const { connect } = openOpenSsh(machineOptions());
    const first = await connect(keyHost(server, { hostKeys }), never);
    await first.close();
    assert.equal(first.warnings.length, 1);
    assert.match(first.warnings[0]!, /of new host .* was accepted/u);
    const second = await connect(keyHost(server, { hostKeys }), never);
    await second.close();
    assert.deepEqual(second.warnings, []);
  });
});

describe("the end of a connection over the machine's ssh", { skip }, () => {
  it("leaves no process, no file but the private folder, and no connection", async (t) => {
    const server = await keyServer(t);
    const connection = await openOpenSsh(machineOptions()).connect(keyHost(server), never);
    await connection.exec("x", { timeoutMs });
    await connection.close();
    await until(() => server.open() === 0, "the host sees the end");
    assert.ok(
      !processes().includes(`127.0.0.1:${server.port}`) && !processes().includes(`-p ${server.port}`),
    );
  });

  it("comes with an abort while connecting", async (t) => {
    const server = await keyServer(t, { onLogin: () => undefined });
    const stop = new AbortController();
    const opening = openOpenSsh(machineOptions()).connect(keyHost(server), stop.signal);
    opening.catch(() => undefined);
    await until(() => server.logins.length > 0, "a login begins");
    stop.abort();
    await assert.rejects(opening, { code: "aborted" });
    await until(() => server.open() === 0, "the host sees the end");
  });

  it("comes with the deadline of a host that does not answer a login", async (t) => {
    const server = await keyServer(t, { onLogin: () => undefined });
    const error = await failure(keyHost(server, { connectTimeoutMs: 1500 }));
    assert.equal(error.code, "timed-out");
    assert.match(error.message, /while logging in/u);
    await until(() => server.open() === 0, "the host sees the end");
  });
});

function processes(): string {
  return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
}
