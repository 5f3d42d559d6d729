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
  return assert.fail("it connected");
}

async function allClosed(...servers: readonly ScriptedServer[]): Promise<void> {
  await until(() => servers.every((server) => server.open() === 0), "every connection is closed");
}

/** A login and a host key of its own for each hop. */
function hop(server: ScriptedServer, name: string, changes: Partial<Host> = {}): Host {
  return hostOf(server, {
    label: name,
    hostKeys: { pinned: [testKey(name).publicText], strict: "yes" },
    login: { privateKeys: [{ from: "value", value: testKey(`${name} user`).privateText }] },
    ...changes,
  });
}

const hopScript = (name: string): Script => ({
  hostKeys: [testKey(name)],
  key: testKey(`${name} user`),
  forwards: true,
});

describe("jump hosts", () => {
  it("lead to the target, one or several, and everything is closed", async (t) => {
    let goodbyes = 0;
    const debug = (line: string): void => {
      if (line.includes("Received DISCONNECT")) goodbyes += 1;
    };
    const target = await serverFor(t, { debug });
    const one = await serverFor(t, { debug, ...hopScript("one") });
    const two = await serverFor(t, { debug, ...hopScript("two") });
    for (const jumps of [[hop(one, "one")], [hop(one, "one"), hop(two, "two")]]) {
      const connection = await openSsh(bareOptions()).connect(hostOf(target, { jumpHosts: jumps }), never);
      const { stdout } = await connection.exec("x", quick);
      assert.equal(Buffer.from(stdout).toString(), "ran x");
      await connection.close();
      await allClosed(target, one, two);
      // to the target and to each hop, also where it has to pass through another
      assert.equal(goodbyes, jumps.length + 1);
      goodbyes = 0;
    }
    assert.equal(one.connections(), 2);
    assert.equal(one.forwarded.at(-1), `127.0.0.1:${two.port}`);
    assert.equal(two.forwarded.at(-1), `127.0.0.1:${target.port}`);
    // no hop sees a login of another
    assert.ok(one.logins.every((login) => !login.startsWith("password")));
    assert.ok(target.logins.every((login) => !login.startsWith("publickey")));
  });

  it("are shared by all targets behind them, and closed by the last", async (t) => {
    const jump = await serverFor(t, hopScript("jump"));
    const targets = await Promise.all(Array.from({ length: 15 }, () => serverFor(t)));
    const connect = openSsh(bareOptions()).connect;
    const warnings: Error[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", listen);
    t.after(() => process.off("warning", listen));
    const connections = await Promise.all(
      targets.map((target) => connect(hostOf(target, { jumpHosts: [hop(jump, "jump")] }), never)),
    );
    assert.equal(jump.connections(), 1);
    await Promise.all(connections.slice(1).map((connection) => connection.close()));
    assert.equal(jump.open(), 1);
    assert.equal((await connections[0]!.exec("x", quick)).code, 0);
    await connections[0]!.close();
    await allClosed(jump);
    assert.deepEqual(warnings, []);
  });

  it("take no more than so many handshakes at once", async (t) => {
    const jump = await serverFor(t, hopScript("jump"));
    let now = 0;
    let most = 0;
    const targets = await Promise.all(
      Array.from({ length: 7 }, () =>
        serverFor(t, {
          // with a password the first host alone would prove it
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
      targets.map((target) => connect(hostOf(target, { login, jumpHosts: [hop(jump, "jump")] }), never)),
    );
    assert.equal(most, 3);
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

describe("errors of a jump host", () => {
  it("name the hop and what went wrong there", async (t) => {
    const target = await serverFor(t);
    const jump = await serverFor(t, hopScript("jump"));
    const changed = hop(jump, "jump", { hostKeys: { pinned: [testKey("x").publicText], strict: "yes" } });
    const unknownUser = hop(jump, "jump", {
      login: { privateKeys: [{ from: "value", value: testKey("x").privateText }] },
    });
    const cases: [Host, RegExp][] = [
      [changed, /^Cannot reach ".*" through "jump" \(host-key-changed\): Cannot trust "jump"/u],
      [
        unknownUser,
        /^Cannot reach ".*" through "jump" \(auth-rejected\): Cannot log in to "jump": rejected: publickey/u,
      ],
    ];
    for (const [via, message] of cases) {
      const error = await failure(hostOf(target, { jumpHosts: [via] }));
      assert.equal(error.code, "jump-host-failed");
      assert.match(error.message, message);
    }
    assert.equal(target.connections(), 0);
  });

  it("name the hop behind a hop", async (t) => {
    const target = await serverFor(t);
    const one = await serverFor(t, hopScript("one"));
    const two = await serverFor(t, hopScript("two"));
    const wrong = hop(two, "two", { hostKeys: { pinned: [testKey("x").publicText], strict: "yes" } });
    const error = await failure(hostOf(target, { jumpHosts: [hop(one, "one"), wrong] }));
    assert.match(error.message, /through "two" \(host-key-changed\)/u);
    await allClosed(one, two);
  });

  it("a target that the hop cannot reach is unreachable itself", async (t) => {
    const jump = await serverFor(t, { ...hopScript("jump"), forwards: false });
    const target = await serverFor(t);
    const error = await failure(hostOf(target, { jumpHosts: [hop(jump, "jump")], connectTimeoutMs: 600 }));
    assert.equal(error.code, "host-unreachable");
    assert.match(error.message, /"jump" cannot reach it.*\(\d+ attempts? in 0.6 s\)/u);
    assert.ok(jump.forwarded.length > 1, "a refusal may pass");
    assert.equal(jump.connections(), 1);
  });

  it("a target whose key changed or whose password is wrong is told as such", async (t) => {
    const jump = await serverFor(t, hopScript("jump"));
    const target = await serverFor(t);
    const jumps = [hop(jump, "jump")];
    const hostKeys = { pinned: [testKey("x").publicText], strict: "yes" } as const;
    assert.equal((await failure(hostOf(target, { jumpHosts: jumps, hostKeys }))).code, "host-key-changed");
    const login = { privateKeys: [], password: { from: "value", value: "wrong" } } as const;
    assert.equal((await failure(hostOf(target, { jumpHosts: jumps, login }))).code, "auth-rejected");
    await allClosed(jump);
  });

  it("a jump host that dies loses the connections through it, and is opened anew for the next", async (t) => {
    let cut: (() => void) | undefined;
    const jump = await serverFor(t, {
      ...hopScript("jump"),
      onConnection: (client) => {
        cut = () => (client as unknown as { _sock: { resetAndDestroy: () => void } })._sock.resetAndDestroy();
      },
    });
    const target = await serverFor(t, { onExec: (_command, accept) => void accept().write("half") });
    const connect = openSsh(bareOptions()).connect;
    const host = hostOf(target, { jumpHosts: [hop(jump, "jump")] });
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

  it("a cancelled target leaves the jump host to the others", async (t) => {
    const jump = await serverFor(t, hopScript("jump"));
    const target = await serverFor(t);
    const connect = openSsh(bareOptions()).connect;
    const host = hostOf(target, { jumpHosts: [hop(jump, "jump")] });
    const stop = new AbortController();
    const cancelled = assert.rejects(connect(host, stop.signal), { code: "aborted" });
    const kept = connect(host, never);
    stop.abort();
    await cancelled;
    await (await kept).close();
    await allClosed(jump);
  });

  it("a silent jump host ends at its own deadline", async (t) => {
    const jump = await serverFor(t, { ...hopScript("jump"), onLogin: () => undefined });
    const target = await serverFor(t);
    const error = await failure(
      hostOf(target, { jumpHosts: [hop(jump, "jump", { connectTimeoutMs: 1200 })] }),
    );
    assert.equal(error.code, "jump-host-failed");
    assert.match(error.message, /"jump" \(timed-out\).*logging in/u);
  });
});

describe("a jump host that rejects us, or that we reject", () => {
  it("is not tried again for the hosts behind it, which are skipped", async (t) => {
    const target = await serverFor(t);
    const turnedAway: readonly (readonly [code: string, script: Script, changes: Partial<Host>])[] = [
      ["auth-rejected", { ...hopScript("jump"), key: testKey("somebody else") }, {}],
      ["host-key-changed", { ...hopScript("jump"), hostKeys: [testKey("x")] }, {}],
      [
        "no-common-algorithm",
        { ...hopScript("jump"), algorithms: { kex: ["diffie-hellman-group14-sha1"] } },
        {},
      ],
    ];
    for (const [code, script, changes] of turnedAway) {
      const jump = await serverFor(t, script);
      const connect = openSsh(bareOptions()).connect;
      const behind = hostOf(target, { jumpHosts: [hop(jump, "jump", changes)] });
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

  it("is not tried for hops behind it either", async (t) => {
    const target = await serverFor(t);
    const one = await serverFor(t, { ...hopScript("one"), key: testKey("somebody else") });
    const two = await serverFor(t, hopScript("two"));
    const connect = openSsh(bareOptions()).connect;
    const behind = hostOf(target, { jumpHosts: [hop(one, "one"), hop(two, "two")] });
    assert.equal((await failure(behind, connect)).untried, false);
    const next = await failure(behind, connect);
    assert.deepEqual([next.code, next.untried], ["jump-host-failed", true]);
    assert.match(next.message, /through "two".*not tried, since "one" has just failed/u);
    assert.equal(one.connections(), 1);
  });

  it("is tried again when nobody has asked for it for a minute", async (t) => {
    const target = await serverFor(t);
    let accepts = false;
    const jump = await serverFor(t, {
      ...hopScript("jump"),
      onLogin: (context) => (accepts ? context.accept() : context.reject(["publickey"])),
    });
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    const connect = openSsh(bareOptions({ clock })).connect;
    const behind = hostOf(target, { jumpHosts: [hop(jump, "jump")] });
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

  it("and one whose password another host has turned down leaves its hosts untried", async (t) => {
    const target = await serverFor(t);
    const wrong = await serverFor(t, { password: "another one" });
    const jump = await serverFor(t, { ...hopScript("jump"), password: "another one" });
    const connect = openSsh(bareOptions()).connect;
    assert.equal((await failure(hostOf(wrong), connect)).code, "auth-rejected");
    const { login } = hostOf(wrong);
    const error = await failure(hostOf(target, { jumpHosts: [hop(jump, "jump", { login })] }), connect);
    assert.deepEqual([error.code, error.untried], ["jump-host-failed", true]);
    assert.equal(jump.connections(), 0);
  });
});

describe("a jump host that is down", () => {
  it("is tried once for all who wait for it, and used as soon as it is back", async (t) => {
    const target = await serverFor(t);
    let answers = false;
    const jump = await serverFor(t, {
      ...hopScript("jump"),
      onLogin: (context) => {
        if (answers) context.accept();
      },
    });
    const connect = openSsh(bareOptions()).connect;
    const behind = hostOf(target, { jumpHosts: [hop(jump, "jump", { connectTimeoutMs: 1200 })] });
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
