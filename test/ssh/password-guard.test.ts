import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import type { LogoffError } from "../../provider/errors";
import { sshConnect } from "../../provider/ssh/connect";
import { passwordGuard, type PasswordClaim, type PasswordVerdict } from "../../provider/ssh/password-guard";
import {
  bareOptions,
  hostOf,
  never,
  serverFor,
  startServer,
  testKey,
  type Script,
  type ScriptedServer,
} from "./scripted-server";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isBarred = { code: "auth-rejected", message: /not tried/u };

describe("passwordGuard", () => {
  it("lets one host prove a password while the others wait", async () => {
    const guard = passwordGuard();
    const first = await guard.claim("h1", "admin", "pw", never);
    let others = 0;
    const waiting = ["h2", "h3"].map((host) =>
      guard.claim(host, "ADMIN", "pw", never).then(() => (others += 1)),
    );
    await tick();
    assert.equal(others, 0);
    first.settle("accepted");
    await Promise.all(waiting);
    assert.equal(others, 2);
  });

  it("bars it after a rejection of the first host", async () => {
    const guard = passwordGuard();
    const first = await guard.claim("h1", "admin", "pw", never);
    const waiting = assert.rejects(guard.claim("h2", "admin", "pw", never), isBarred);
    first.settle("rejected");
    first.settle("accepted");
    await waiting;
    await assert.rejects(guard.claim("h3", "admin", "pw", never), { message: /rejected by "h1"/u });
    (await guard.claim("h3", "admin", "other password", never)).settle("accepted");
    (await guard.claim("h3", "other user", "pw", never)).settle("accepted");
  });

  it("lets the next host prove it when the first could not tell", async () => {
    const guard = passwordGuard();
    const first = await guard.claim("h1", "admin", "pw", never);
    const second = guard.claim("h2", "admin", "pw", never);
    first.settle("not-offered");
    (await second).settle("accepted");
  });

  it("bars it after three rejections anywhere, also of a proven one, and counts silence", async () => {
    const guard = passwordGuard();
    (await guard.claim("h0", "admin", "pw", never)).settle("accepted");
    for (const verdict of ["rejected", "unanswered", "rejected"] as const)
      (await guard.claim("h", "admin", "pw", never)).settle(verdict);
    await assert.rejects(guard.claim("h4", "admin", "pw", never), isBarred);
  });

  it("a wait ends with a cancel", async () => {
    const guard = passwordGuard();
    await guard.claim("h1", "admin", "pw", never);
    const stop = new AbortController();
    const waiting = assert.rejects(guard.claim("h2", "admin", "pw", stop.signal), { code: "aborted" });
    stop.abort();
    await waiting;
  });

  it("never has an unproven password on two hosts, nor more than three failures one after another", async () => {
    const verdicts = fc.constantFrom<PasswordVerdict>("accepted", "rejected", "unanswered", "not-offered");
    await fc.assert(
      fc.asyncProperty(fc.array(verdicts, { minLength: 1, maxLength: 30 }), async (script) => {
        const guard = passwordGuard();
        let failures = 0;
        let proven = false;
        for (const verdict of script) {
          const claim: PasswordClaim | undefined = await guard
            .claim("h", "u", "p", never)
            .catch(() => undefined);
          if (claim === undefined) {
            assert.ok(failures >= 1);
            return;
          }
          const second = new AbortController();
          if (!proven) {
            const waits = guard.claim("h2", "u", "p", second.signal).then(
              () => assert.fail("two hosts at once"),
              () => undefined,
            );
            second.abort();
            await waits;
          }
          claim.settle(verdict);
          if (verdict === "accepted") proven = true;
          if (verdict === "rejected" || verdict === "unanswered") failures += 1;
          assert.ok(failures <= 3);
        }
      }),
    );
  });
});

describe("a wrong password and many hosts", () => {
  async function farm(t: TestContext, count: number, script: Script): Promise<ScriptedServer[]> {
    const servers = await Promise.all(Array.from({ length: count }, () => startServer(script)));
    t.after(() => Promise.all(servers.map((server) => server.close())));
    return servers;
  }
  const offered = (servers: readonly ScriptedServer[]): number =>
    servers.flatMap((server) => server.logins).filter((login) => login.startsWith("password")).length;
  const codes = async (
    connect: ReturnType<typeof sshConnect>,
    servers: readonly ScriptedServer[],
    changes = {},
  ): Promise<string[]> =>
    Promise.all(
      servers.map(async (server) => {
        try {
          await (await connect(hostOf(server, changes), never)).close();
          return "ok";
        } catch (thrown) {
          return (thrown as LogoffError).code;
        }
      }),
    );

  it("one host sees it, across resources too, and later hosts are not even connected", async (t) => {
    const servers = await farm(t, 8, { password: "another" });
    const guard = passwordGuard();
    const connects = [1, 2].map(() => sshConnect(bareOptions({ passwordGuard: guard })));
    const results = await Promise.all(connects.map((connect) => codes(connect, servers)));
    assert.deepEqual(new Set(results.flat()), new Set(["auth-rejected"]));
    assert.equal(offered(servers), 1);
    const before = servers.map((server) => server.connections());
    assert.deepEqual(
      new Set(await codes(sshConnect(bareOptions({ passwordGuard: guard })), servers)),
      new Set(["auth-rejected"]),
    );
    assert.deepEqual(
      servers.map((server) => server.connections()),
      before,
    );
  });

  it("with keys too, the password is offered to one host only", async (t) => {
    const servers = await farm(t, 6, { password: "another", key: testKey("other") });
    const login = {
      privateKeys: [{ from: "value", value: testKey("mine").privateText }],
      password: { from: "value", value: "open sesame" },
    };
    const results = await codes(sshConnect(bareOptions()), servers, { login });
    assert.deepEqual(new Set(results), new Set(["auth-rejected"]));
    assert.equal(offered(servers), 1);
  });

  it("one that a host took is proven: it reaches several hosts at once, and one rejection does not bar it", async (t) => {
    const connect = sshConnect(bareOptions());
    const good = await serverFor(t);
    const other = await serverFor(t, { password: "another" });
    await (await connect(hostOf(good), never)).close();
    let now = 0;
    let most = 0;
    const slow = await Promise.all(
      Array.from({ length: 4 }, () =>
        serverFor(t, {
          onLogin: (context) => {
            if (context.method === "none") {
              context.reject(["password"]);
              return;
            }
            most = Math.max(most, (now += 1));
            setTimeout(() => {
              now -= 1;
              context.accept();
            }, 150);
          },
        }),
      ),
    );
    await Promise.all(slow.map(async (server) => (await connect(hostOf(server), never)).close()));
    assert.ok(most > 1, `at most ${most} at once`);
    await assert.rejects(connect(hostOf(other), never), { code: "auth-rejected" });
    await (await connect(hostOf(good), never)).close();
  });

  it("a right password reaches every host", async (t) => {
    const servers = await farm(t, 6, { password: "open sesame" });
    assert.deepEqual(new Set(await codes(sshConnect(bareOptions()), servers)), new Set(["ok"]));
    assert.equal(offered(servers), 6);
  });

  it("a first host that cannot be reached does not keep the others waiting", async (t) => {
    const servers = await farm(t, 3, { password: "open sesame" });
    const gone = { ...servers[0]!, address: "no-such-host.invalid" };
    const results = await codes(sshConnect(bareOptions()), [gone, ...servers]);
    assert.deepEqual(results, ["host-unreachable", "ok", "ok", "ok"]);
  });

  it("a first host that does not answer a login takes no time from the others", async (t) => {
    const [silent] = await farm(t, 1, {
      onLogin: (context) => {
        if (context.method === "none") context.reject(["password"]);
      },
    });
    const servers = await farm(t, 3, { password: "open sesame" });
    const connect = sshConnect(bareOptions());
    const first = codes(connect, [silent!], { connectTimeoutMs: 2400 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.deepEqual(await codes(connect, servers, { connectTimeoutMs: 1500 }), ["ok", "ok", "ok"]);
    assert.deepEqual(await first, ["timed-out"]);
  });

  it("a host that hangs up while it waits its turn does not keep the turn", async (t) => {
    const silent = await farm(t, 1, {
      onLogin: (context) => {
        if (context.method === "none") context.reject(["password"]);
      },
    });
    const hangingUp = await farm(t, 1, {
      onConnection: (client, self) => {
        if (self.connections() > 1) client.end();
        else client.on("authentication", () => setTimeout(() => client.end(), 50));
      },
      onLogin: (context) => context.reject(["password"]),
    });
    const servers = await farm(t, 2, { password: "open sesame" });
    const connect = sshConnect(bareOptions());
    const first = codes(connect, silent, { connectTimeoutMs: 2400 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    let provedFirst = false;
    void first.then(() => (provedFirst = true));
    const second = codes(connect, hangingUp, { connectTimeoutMs: 800 });
    void second.then(() => assert.ok(!provedFirst, "its own deadline goes on once it has stopped waiting"));
    const third = codes(connect, servers);
    assert.deepEqual(
      [await first, await second, await third],
      [["timed-out"], ["host-unreachable"], ["ok", "ok"]],
    );
    assert.equal(offered(hangingUp), 0);
  });

  it("many hosts that are down do not delay the others", async (t) => {
    const servers = await farm(t, 3, { password: "open sesame" });
    const silent = await farm(t, 1, { onConnection: (client) => void client.removeAllListeners() });
    const { createServer } = await import("node:net");
    const dead = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => dead.once("listening", resolve));
    t.after(() => dead.close());
    const { port } = dead.address() as { port: number };
    const gone = Array.from({ length: 6 }, () => ({ ...silent[0]!, port }));
    const start = performance.now();
    const connect = sshConnect(bareOptions());
    const lost = codes(connect, gone, { connectTimeoutMs: 3000 });
    assert.deepEqual(await codes(connect, servers), ["ok", "ok", "ok"]);
    assert.ok(performance.now() - start < 2700);
    await lost;
  });

  it("hanging up on a password counts as a rejection", async (t) => {
    const servers = await farm(t, 4, {
      onLogin: (context, self) => {
        if (context.method === "none") context.reject(["password"]);
        else void self.close().catch(() => undefined);
      },
    });
    for (const server of servers) await codes(sshConnect(bareOptions()), [server]);
    const connect = sshConnect(bareOptions());
    const again = await farm(t, 5, {
      onConnection: (client) =>
        client.on("authentication", (context) => {
          if (context.method === "password") client.end();
        }),
      onLogin: (context) => {
        if (context.method === "none") context.reject(["password"]);
      },
    });
    for (const server of again) await codes(connect, [server]);
    assert.ok(offered(again) <= 3, String(offered(again)));
    await Promise.all(servers.map((server) => server.close().catch(() => undefined)));
  });
});
