import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../../provider/base/clock";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import {
  bareOptions,
  hostOf,
  never,
  serverFor,
  testKey,
  until,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

const quick = { timeoutMs: 3000 };

async function failure(host: Host, connect = openSsh(bareOptions()).connect): Promise<LogoffError> {
  try {
    await (await connect(host, never)).close();
  } catch (thrown) {
    assert.ok(thrown instanceof LogoffError, String(thrown));
    return thrown;
  }
  return assert.fail("unexpectedly connected");
}

async function allClosed(...servers: readonly ScriptedServer[]): Promise<void> {
  await until(() => servers.every((server) => server.open() === 0), "every connection is closed");
}

/** A jump host with its own login and host key. */
function jumpHost(server: ScriptedServer, name: string, changes: Partial<Host> = {}): Host {
  return hostOf(server, {
    label: name,
    hostKeys: { pinned: [testKey(name).publicText], strict: "yes" },
    login: { privateKeys: [{ from: "value", value: testKey(`${name} user`).privateText }] },
    ...changes,
  });
}

const jumpScript = (name: string): Script => ({
  hostKeys: [testKey(name)],
  key: testKey(`${name} user`),
  forwards: true,
});

describe("jump hosts", () => {
  it("lead to the target, alone or in a chain, and are closed with it", async (t) => {
    let goodbyes = 0;
    const debug = (line: string): void => {
      if (line.includes("Received DISCONNECT")) goodbyes += 1;
    };
    const target = await serverFor(t, { debug });
    const first = await serverFor(t, { debug, ...jumpScript("first") });
    const second = await serverFor(t, { debug, ...jumpScript("second") });
    for (const jumps of [
      [jumpHost(first, "first")],
      [jumpHost(first, "first"), jumpHost(second, "second")],
    ]) {
      const connection = await openSsh(bareOptions()).connect(hostOf(target, { jumpHosts: jumps }), never);
      const { stdout } = await connection.exec("x", quick);
      assert.equal(Buffer.from(stdout).toString(), "ran x");
      await connection.close();
      await allClosed(target, first, second);
      // To the target and to each jump host, including those behind another jump host.
      assert.equal(goodbyes, jumps.length + 1);
      goodbyes = 0;
    }
    assert.equal(first.connections(), 2);
    assert.equal(first.forwarded.at(-1), `127.0.0.1:${second.port}`);
    assert.equal(second.forwarded.at(-1), `127.0.0.1:${target.port}`);
    // No jump host receives the login of another.
    assert.ok(first.logins.every((login) => !login.startsWith("password")));
    assert.ok(target.logins.every((login) => !login.startsWith("publickey")));
  });

  it("are shared by all targets behind them, and closed with the last", async (t) => {
    const jump = await serverFor(t, jumpScript("jump"));
    const targets = await Promise.all(Array.from({ length: 15 }, () => serverFor(t)));
    const connect = openSsh(bareOptions()).connect;
    const warnings: Error[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", listen);
    t.after(() => process.off("warning", listen));
    const connections = await Promise.all(
      targets.map((target) => connect(hostOf(target, { jumpHosts: [jumpHost(jump, "jump")] }), never)),
    );
    assert.equal(jump.connections(), 1);
    await Promise.all(connections.slice(1).map((connection) => connection.close()));
    assert.equal(jump.open(), 1);
    assert.equal((await connections[0]!.exec("x", quick)).code, 0);
    await connections[0]!.close();
    await allClosed(jump);
    assert.deepEqual(warnings, []);
  });

  it("limit concurrent handshakes", async (t) => {
    const jump = await serverFor(t, jumpScript("jump"));
    let now = 0;
    let most = 0;
    const targets = await Promise.all(
      Array.from({ length: 7 }, () =>
        serverFor(t, {
          // A password would be tried on the first host only.
          onConnection: () => (most = Math.max(most, (now += 1))),
          onLogin: (context) => {
            if (context.method === "none")
              return void until(() => most >= 3, "three log in at once").then(() =>
                setTimeout(() => context.reject(["publickey"]), 40),
              );
            if (context.method === "publickey" && context.signature) now -= 1;
            context.accept();
          },
        }),
      ),
    );
    const connect = openSsh(bareOptions({ handshakesPerJumpHost: 3 })).connect;
    const login = { privateKeys: [{ from: "value", value: testKey("mine").privateText }] } as const;
    const connections = await Promise.all(
      targets.map((target) => connect(hostOf(target, { login, jumpHosts: [jumpHost(jump, "jump")] }), never)),
    );
    assert.equal(most, 3);
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

describe("a jump host with hundreds of hosts behind it", () => {
  it("has one connection, and eight handshakes at a time", async (t) => {
    const jump = await serverFor(t, jumpScript("jump"));
    let now = 0;
    let most = 0;
    const target = await serverFor(t, {
      onConnection: () => (most = Math.max(most, (now += 1))),
      onLogin: (context) => {
        if (context.method === "publickey" && context.signature) now -= 1;
        if (context.method === "none") context.reject(["publickey"]);
        else context.accept();
      },
    });
    const { connect } = openSsh(bareOptions());
    const login = { privateKeys: [{ from: "value", value: testKey("mine").privateText }] } as const;
    const host = hostOf(target, { login, jumpHosts: [jumpHost(jump, "jump")] });
    const connections = await Promise.all(Array.from({ length: 200 }, () => connect(host, never)));
    assert.deepEqual([target.open(), jump.connections(), most], [200, 1, 8]);
    await Promise.all(connections.map((connection) => connection.close()));
    await allClosed(target, jump);
  });
});

describe("errors of a jump host", () => {
  it("name the jump host and its failure", async (t) => {
    const target = await serverFor(t);
    const jump = await serverFor(t, jumpScript("jump"));
    const changed = jumpHost(jump, "jump", {
      hostKeys: { pinned: [testKey("x").publicText], strict: "yes" },
    });
    const unknownUser = jumpHost(jump, "jump", {
      login: { privateKeys: [{ from: "value", value: testKey("x").privateText }] },
    });
    const cases: [Host, RegExp][] = [
      [changed, /^Cannot reach ".*" through "jump" \(host-key-changed\): Cannot trust "jump"/u],
      [
        unknownUser,
        /^Cannot reach ".*" through "jump" \(auth-rejected\): Cannot log in to "jump" as "admin": rejected: publickey/u,
      ],
    ];
    for (const [via, message] of cases) {
      const error = await failure(hostOf(target, { jumpHosts: [via] }));
      assert.equal(error.code, "jump-host-failed");
      assert.match(error.message, message);
    }
    assert.equal(target.connections(), 0);
  });

  it("name a jump host behind another", async (t) => {
    const target = await serverFor(t);
    const first = await serverFor(t, jumpScript("first"));
    const second = await serverFor(t, jumpScript("second"));
    const wrong = jumpHost(second, "second", {
      hostKeys: { pinned: [testKey("x").publicText], strict: "yes" },
    });
    const error = await failure(hostOf(target, { jumpHosts: [jumpHost(first, "first"), wrong] }));
    assert.match(error.message, /through "second" \(host-key-changed\)/u);
    await allClosed(first, second);
  });

  it("are not those of a target that the jump host cannot reach", async (t) => {
    const jump = await serverFor(t, { ...jumpScript("jump"), forwards: false });
    const target = await serverFor(t);
    const error = await failure(
      hostOf(target, { jumpHosts: [jumpHost(jump, "jump")], connectTimeoutMs: 600 }),
    );
    assert.equal(error.code, "host-unreachable");
    assert.match(error.message, /"jump" cannot reach it.*\(\d+ attempts? in 0.6 s\)/u);
    assert.ok(jump.forwarded.length > 1, "a refusal is retried");
    assert.equal(jump.connections(), 1);
  });

  it("include a lost connection, after which the next target opens the jump host again", async (t) => {
    let cut: (() => void) | undefined;
    const jump = await serverFor(t, {
      ...jumpScript("jump"),
      onConnection: (client) => {
        cut = () => (client as unknown as { _sock: { resetAndDestroy: () => void } })._sock.resetAndDestroy();
      },
    });
    const target = await serverFor(t, { onExec: (_command, accept) => void accept().write("half") });
    const connect = openSsh(bareOptions()).connect;
    const host = hostOf(target, { jumpHosts: [jumpHost(jump, "jump")] });
    const connection = await connect(host, never);
    const lost = assert.rejects(connection.exec("x", quick), { code: "connection-lost" });
    await until(() => target.commands.length === 1, "the command runs");
    cut?.();
    await lost;
    await assert.rejects(connection.exec("y", quick), { code: "connection-lost" });
    const again = await connect(host, never);
    assert.equal(jump.connections(), 2);
    await connection.close();
    await again.close();
    await allClosed(jump, target);
  });

  it("do not result from a cancelled target", async (t) => {
    const jump = await serverFor(t, jumpScript("jump"));
    const target = await serverFor(t);
    const connect = openSsh(bareOptions()).connect;
    const host = hostOf(target, { jumpHosts: [jumpHost(jump, "jump")] });
    const stop = new AbortController();
    const cancelled = assert.rejects(connect(host, stop.signal), { code: "aborted" });
    const kept = connect(host, never);
    stop.abort();
    await cancelled;
    await (await kept).close();
    await allClosed(jump);
  });
});

describe("a jump host whose login or host key is rejected", () => {
  it("is not retried for the other hosts behind it, which are reported as untried", async (t) => {
    const target = await serverFor(t);
    const rejections: readonly (readonly [code: string, script: Script, changes: Partial<Host>])[] = [
      ["auth-rejected", { ...jumpScript("jump"), key: testKey("other user") }, {}],
      ["host-key-changed", { ...jumpScript("jump"), hostKeys: [testKey("x")] }, {}],
      [
        "no-common-algorithm",
        { ...jumpScript("jump"), algorithms: { kex: ["diffie-hellman-group14-sha1"] } },
        {},
      ],
    ];
    for (const [code, script, changes] of rejections) {
      const jump = await serverFor(t, script);
      const connect = openSsh(bareOptions()).connect;
      const behind = hostOf(target, { jumpHosts: [jumpHost(jump, "jump", changes)] });
      const first = await failure(behind, connect);
      assert.deepEqual([first.code, first.untried], ["jump-host-failed", false], first.message);
      for (let count = 0; count < 3; count += 1) {
        const next = await failure({ ...behind, label: "next" }, connect);
        assert.deepEqual([next.code, next.untried], ["jump-host-failed", true]);
        assert.ok(
          next.message.startsWith(
            `Did not reach "next": not tried, since "jump" has just failed (${code}): `,
          ),
          next.message,
        );
      }
      assert.equal(jump.connections(), 1, code);
    }
    assert.equal(target.connections(), 0);
  });

  it("is not retried for jump hosts behind it", async (t) => {
    const target = await serverFor(t);
    const first = await serverFor(t, { ...jumpScript("first"), key: testKey("other user") });
    const second = await serverFor(t, jumpScript("second"));
    const connect = openSsh(bareOptions()).connect;
    const behind = hostOf(target, { jumpHosts: [jumpHost(first, "first"), jumpHost(second, "second")] });
    assert.equal((await failure(behind, connect)).untried, false);
    const next = await failure(behind, connect);
    assert.deepEqual([next.code, next.untried], ["jump-host-failed", true]);
    assert.match(next.message, /through "second".*not tried, since "first" has just failed/u);
    assert.equal(first.connections(), 1);
  });

  it("is retried after a minute without use", async (t) => {
    const target = await serverFor(t);
    let accepts = false;
    const jump = await serverFor(t, {
      ...jumpScript("jump"),
      onLogin: (context) => (accepts ? context.accept() : context.reject(["publickey"])),
    });
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    const connect = openSsh(bareOptions({ clock })).connect;
    const behind = hostOf(target, { jumpHosts: [jumpHost(jump, "jump")] });
    assert.equal((await failure(behind, connect)).untried, false);
    accepts = true;
    for (const stepMs of [40_000, 40_000]) {
      laterMs += stepMs;
      assert.equal((await failure(behind, connect)).untried, true);
    }
    laterMs += 61_000;
    await (await connect(behind, never)).close();
    assert.equal(jump.connections(), 2);
  });

  it("leaves its hosts untried when another host has rejected its password", async (t) => {
    const target = await serverFor(t);
    const wrong = await serverFor(t, { password: "other password" });
    const jump = await serverFor(t, { ...jumpScript("jump"), password: "other password" });
    const connect = openSsh(bareOptions()).connect;
    assert.equal((await failure(hostOf(wrong), connect)).code, "auth-rejected");
    const { login } = hostOf(wrong);
    const error = await failure(hostOf(target, { jumpHosts: [jumpHost(jump, "jump", { login })] }), connect);
    assert.deepEqual([error.code, error.untried], ["jump-host-failed", true]);
    assert.equal(jump.connections(), 0);
  });
});

describe("a jump host that is down", () => {
  it("is tried once for all waiting targets, and used as soon as it is up again", async (t) => {
    const target = await serverFor(t);
    let answers = false;
    const jump = await serverFor(t, {
      ...jumpScript("jump"),
      onLogin: (context) => {
        if (answers) context.accept();
      },
    });
    const connect = openSsh(bareOptions()).connect;
    const behind = hostOf(target, { jumpHosts: [jumpHost(jump, "jump", { connectTimeoutMs: 1200 })] });
    const errors = await Promise.all(Array.from({ length: 5 }, () => failure(behind, connect)));
    assert.deepEqual(
      errors.map(({ code, untried }) => [code, untried]),
      errors.map(() => ["jump-host-failed", false]),
    );
    assert.equal(jump.connections(), 1);
    answers = true;
    await (await connect(behind, never)).close();
  });
});
