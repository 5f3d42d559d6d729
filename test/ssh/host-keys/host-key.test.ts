import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { systemClock } from "../../../provider/base/clock";
import { LogoffError, type ErrorCode } from "../../../provider/base/errors";
import type { Host, HostKeyPolicy } from "../../../provider/connection";
import { fingerprint } from "../../../provider/ssh/host-keys/public-key";
import { openSsh } from "../../../provider/ssh/open-ssh";
import { bareOptions, hostOf, never, startServer, testKey, type ScriptedServer } from "../scripted-server";

const folder = mkdtempSync(join(tmpdir(), "host-key-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const trueKey = testKey("host");
const otherKey = testKey("other");
const login = testKey("login");

function fileWith(text: string): string {
  const path = join(folder, `known_hosts-${(files += 1)}`);
  writeFileSync(path, text);
  return path;
}

async function serverFor(t: TestContext, hostKeys = [trueKey]): Promise<ScriptedServer> {
  const server = await startServer({ password: "open sesame", key: login, hostKeys });
  t.after(() => server.close());
  return server;
}

function hostWith(server: ScriptedServer, policy: Partial<HostKeyPolicy>, changes: Partial<Host> = {}): Host {
  return hostOf(server, { hostKeys: { pinned: [], strict: "yes", ...policy }, ...changes });
}

async function warningsOf(host: Host, connect = openSsh(bareOptions()).connect): Promise<readonly string[]> {
  const connection = await connect(host, never);
  await connection.close();
  return connection.warnings;
}

/** Expects the error code, and no login attempt at the server, not even a user name. */
async function refused(server: ScriptedServer, host: Host, code: ErrorCode): Promise<string> {
  const error = await warningsOf(host).then(
    () => assert.fail("it connected"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LogoffError, String(error));
  assert.equal(error.code, code, error.message);
  assert.deepEqual(server.logins, []);
  assert.equal(server.connections(), 1, "a host key is no reason to try again");
  return error.message;
}

describe("known_hosts", () => {
  it("reads OpenSSH's own files when none is named: the user's, then the system's", async (t) => {
    const server = await serverFor(t);
    const home = mkdtempSync(join(folder, "home-"));
    const system = fileWith(`[127.0.0.1]:${server.port} ${trueKey.publicText}`);
    await warningsOf(
      hostWith(server, {}),
      openSsh(bareOptions({ home, systemKnownHostsFiles: [system] })).connect,
    );
    const message = await refused(server2(server), hostWith(server, {}), "host-key-unknown").catch(String);
    assert.match(message, /\/nonexistent\/\.ssh\/known_hosts" \(no such file\)/u);
  });

  it("reads a file again after a second, but not earlier", async (t) => {
    const server = await serverFor(t);
    const path = fileWith("");
    let laterMs = 0;
    const clock = { ...systemClock, now: () => laterMs };
    const connect = openSsh(bareOptions({ clock })).connect;
    const host = hostWith(server, { knownHostsFiles: [path] });
    await assert.rejects(warningsOf(host, connect));
    writeFileSync(path, `[127.0.0.1]:${server.port} ${trueKey.publicText}`);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    laterMs = 999;
    await assert.rejects(warningsOf(host, connect));
    laterMs = 1000;
    await warningsOf(host, connect);
  });

  it("reports skipped lines once per process", async (t) => {
    const server = await serverFor(t);
    const path = fileWith(`junk\n[127.0.0.1]:${server.port} ${trueKey.publicText}`);
    const connect = openSsh(bareOptions()).connect;
    const host = hostWith(server, { knownHostsFiles: [path] });
    assert.deepEqual(await warningsOf(host, connect), [`${path}:1: line skipped: not NAMES TYPE KEY`]);
    assert.deepEqual(await warningsOf(host, connect), []);
  });
});

/** The server with its counters reset. */
function server2(server: ScriptedServer): ScriptedServer {
  const before = server.connections();
  server.logins.length = 0;
  return { ...server, logins: server.logins, connections: () => server.connections() - before };
}

describe("an unknown key", () => {
  it("is refused before any login, with the line to add", async (t) => {
    const server = await serverFor(t);
    const message = await refused(
      server,
      hostWith(server, { knownHosts: "", knownHostsFiles: [] }),
      "host-key-unknown",
    );
    assert.ok(message.includes(fingerprint(trueKey.blob)), message);
    assert.ok(message.endsWith(`: [127.0.0.1]:${server.port} ${trueKey.publicText}`), message);
  });

  it("reports that a certificate authority does not help, and which lines were skipped", async (t) => {
    const server = await serverFor(t);
    const path = fileWith(`junk\n@cert-authority * ${otherKey.publicText}`);
    const message = await refused(server, hostWith(server, { knownHostsFiles: [path] }), "host-key-unknown");
    assert.ok(message.includes(`${path}:2 is a @cert-authority line`), message);
    assert.ok(message.includes(`1 line was skipped, the first at ${path}:1`), message);
  });
});

describe("a changed key", () => {
  it("is refused before any login, with both fingerprints and the location of the known key", async (t) => {
    const server = await serverFor(t);
    const path = fileWith(`# mine\n[127.0.0.1]:${server.port} ${otherKey.publicText}`);
    const message = await refused(server, hostWith(server, { knownHostsFiles: [path] }), "host-key-changed");
    for (const part of [fingerprint(trueKey.blob), fingerprint(otherKey.blob), `${path}:2`])
      assert.ok(message.includes(part), message);
  });

  it("is refused if the host is known with another key type", async (t) => {
    const server = await serverFor(t);
    const text = `[127.0.0.1]:${server.port} ${testKey("gone", "ecdsa").publicText}`;
    await refused(server, hostWith(server, { knownHosts: text, knownHostsFiles: [] }), "host-key-changed");
  });

  it("is refused if knownHosts contradicts a file", async (t) => {
    const server = await serverFor(t);
    const name = `[127.0.0.1]:${server.port}`;
    const policy = {
      knownHosts: `${name} ${otherKey.publicText}`,
      knownHostsFiles: [fileWith(`${name} ${trueKey.publicText}`)],
    };
    const message = await refused(server, hostWith(server, policy), "host-key-changed");
    assert.ok(message.includes("connection.knownHosts:1"), message);
  });
});

describe("a revoked key", () => {
  it("is refused even if it is known elsewhere, and even with strict no", async (t) => {
    const name = "127.0.0.*,[127.0.0.*]:*";
    const path = fileWith(`@revoked ${name} ${trueKey.publicText}`);
    for (const strict of ["yes", "no"] as const) {
      const server = await serverFor(t);
      const policy = { knownHosts: `${name} ${trueKey.publicText}`, knownHostsFiles: [path], strict };
      const privateKeys = [{ from: "value", value: login.privateText }] as const;
      const message = await refused(
        server,
        hostWith(server, policy, { login: { privateKeys } }),
        "host-key-revoked",
      );
      assert.ok(message.includes(`@revoked at ${path}:1`), message);
      assert.ok(message.includes(fingerprint(trueKey.blob)), message);
    }
  });
});

describe("pinned keys", () => {
  const forms = [
    fingerprint(trueKey.blob),
    `${fingerprint(trueKey.blob)}=`,
    trueKey.publicText,
    `${trueKey.publicText} comment`,
    `win-01 ${trueKey.publicText}`,
  ];
  for (const form of forms)
    it(`take precedence over known_hosts: ${form.slice(0, 24)}…`, async (t) => {
      const server = await serverFor(t);
      const knownHosts = `[127.0.0.1]:${server.port} ${otherKey.publicText}`;
      await warningsOf(hostWith(server, { pinned: [form], knownHosts }));
      await warningsOf(hostWith(server, { pinned: [otherKey.publicText, form], knownHosts }));
    });
});

describe('strict "no"', () => {
  const key = { privateKeys: [{ from: "value", value: login.privateText }] } as const;

  it("reports which line a changed key contradicts", async (t) => {
    const server = await serverFor(t);
    const text = `[127.0.0.1]:${server.port} ${otherKey.publicText}`;
    const policy = { knownHosts: text, knownHostsFiles: [], strict: "no" } as const;
    const warnings = await warningsOf(hostWith(server, policy, { login: key }));
    assert.match(warnings.join(), /is not the one at connection\.knownHosts:1/u);
  });
});
