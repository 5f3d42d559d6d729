import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../../provider/base/errors";
import type { Connect } from "../../../provider/connection";
import {
  passwordGuard,
  type PasswordClaim,
  type PasswordGuard,
  type PasswordVerdict,
} from "../../../provider/ssh/login/password-guard";
import { openSsh } from "../../../provider/ssh/open-ssh";
import {
  bareOptions,
  holdTimers,
  hostOf,
  never,
  serverFor,
  startServer,
  until,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

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

  it("bars the password after a rejection by the first host", async () => {
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

  it("lets the next host prove the password if the first did not answer", async () => {
    const guard = passwordGuard();
    const first = await guard.claim("h1", "admin", "pw", never);
    const second = guard.claim("h2", "admin", "pw", never);
    first.settle("not-offered");
    (await second).settle("accepted");
  });

  const settle = async (guard: PasswordGuard, ...verdicts: readonly PasswordVerdict[]): Promise<void> => {
    for (const [index, verdict] of verdicts.entries())
      (await guard.claim(`h${index}`, "admin", "pw", never)).settle(verdict);
  };

  it("bars a proven password after three rejections without a success in between", async () => {
    const guard = passwordGuard();
    await settle(guard, "accepted", "rejected", "rejected", "accepted", "rejected", "rejected");
    await settle(guard, "rejected");
    await assert.rejects(guard.claim("h4", "admin", "pw", never), isBarred);
    await assert.rejects(guard.claim("h4", "admin", "pw", never), { message: /rejected by "h0"/u });
  });

  it("bars a password after three hosts without an answer, and names the timeout", async () => {
    for (const before of [[], ["accepted"]] as const) {
      const guard = passwordGuard();
      await settle(guard, ...before);
      await settle(guard, "unanswered", "unanswered", "unanswered");
      const silent = {
        code: "auth-rejected",
        untried: true,
        message: /offered to "h0", "h1", "h2", none of which gave an answer, .*raise `timeouts\.connect`$/u,
      };
      await assert.rejects(guard.claim("h4", "admin", "pw", never), silent);
      assert.throws(() => guard.refuseIfBarred("h4", "admin", "pw"), silent);
    }
  });

  it("counts rejections and unanswered offers separately", async () => {
    const guard = passwordGuard();
    await settle(guard, "accepted", "rejected", "unanswered", "rejected", "unanswered", "not-offered");
    await settle(guard, "accepted");
  });

  it("does not count an unanswered offer if another host has accepted the password since", async () => {
    const guard = passwordGuard();
    await settle(guard, "accepted");
    const silent = await Promise.all(
      Array.from({ length: 3 }, (_, index) => guard.claim(`silent${index}`, "admin", "pw", never)),
    );
    await settle(guard, "accepted");
    silent.forEach((claim) => claim.settle("unanswered"));
    await settle(guard, "unanswered", "unanswered", "accepted");
    await settle(guard, "unanswered", "unanswered");
    await settle(guard, "accepted");
  });

  it("lifts a bar for unanswered offers if a pending host accepts the password", async () => {
    const guard = passwordGuard();
    await settle(guard, "accepted");
    const claims = await Promise.all(
      Array.from({ length: 4 }, (_, index) => guard.claim(`h${index}`, "admin", "pw", never)),
    );
    claims.slice(0, 3).forEach((claim) => claim.settle("unanswered"));
    await assert.rejects(guard.claim("h5", "admin", "pw", never), isBarred);
    claims[3]?.settle("accepted");
    await settle(guard, "accepted");
  });

  it("stops waiting when it is aborted", async () => {
    const guard = passwordGuard();
    await guard.claim("h1", "admin", "pw", never);
    const stop = new AbortController();
    const waiting = assert.rejects(guard.claim("h2", "admin", "pw", stop.signal), { code: "aborted" });
    stop.abort();
    await waiting;
  });

  it("never offers an unproven password to two hosts, or any password after three failures of a kind in a row", async () => {
    const verdicts = fc.constantFrom<PasswordVerdict>("accepted", "rejected", "unanswered", "not-offered");
    await fc.assert(
      fc.asyncProperty(fc.array(verdicts, { minLength: 1, maxLength: 30 }), async (script) => {
        const guard = passwordGuard();
        const failures = { rejected: 0, unanswered: 0 };
        let proven = false;
        for (const verdict of script) {
          const claim: PasswordClaim | undefined = await guard
            .claim("h", "u", "p", never)
            .catch(() => undefined);
          const mustStop: boolean = failures.rejected >= (proven ? 3 : 1) || failures.unanswered >= 3;
          assert.equal(claim === undefined, mustStop);
          if (claim === undefined) return;
          if (!proven) {
            const second = new AbortController();
            const waits = guard.claim("h2", "u", "p", second.signal).then(
              () => assert.fail("two hosts at once"),
              () => undefined,
            );
            second.abort();
            await waits;
          }
          claim.settle(verdict);
          if (verdict === "accepted") {
            proven = true;
            Object.assign(failures, { rejected: 0, unanswered: 0 });
          } else if (verdict !== "not-offered") failures[verdict] += 1;
        }
      }),
    );
  });

  it("settles every claim, however many are concurrent", async () => {
    const verdicts = fc.constantFrom<PasswordVerdict>("accepted", "rejected", "unanswered", "not-offered");
    await fc.assert(
      fc.asyncProperty(fc.array(verdicts, { minLength: 1, maxLength: 40 }), async (script) => {
        const guard = passwordGuard();
        let answers = 0;
        const ask = async (verdict: PasswordVerdict, index: number): Promise<void> => {
          const claim = await guard.claim(`h${index}`, "u", "p", never).catch(() => undefined);
          await tick();
          answers += 1;
          claim?.settle(verdict);
        };
        await Promise.race([Promise.all(script.map(ask)), manyTicks()]);
        assert.equal(answers, script.length);
      }),
    );
  });
});

/** Waits for far more turns of the event loop than all claims of a test need. */
async function manyTicks(): Promise<void> {
  for (let count = 0; count < 1000; count += 1) await tick();
}

describe("a password for many hosts", () => {
  async function farm(t: TestContext, count: number, script: Script): Promise<ScriptedServer[]> {
    const servers = await Promise.all(Array.from({ length: count }, () => startServer(script)));
    t.after(() => Promise.all(servers.map((server) => server.close())));
    return servers;
  }
  const offered = (servers: readonly ScriptedServer[]): number =>
    servers.flatMap((server) => server.logins).filter((login) => login.startsWith("password")).length;
  const codes = async (
    connect: Connect,
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

  it("is not barred by one rejection once a host has accepted it", async (t) => {
    const connect = openSsh(bareOptions()).connect;
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
            void until(() => most > 1, "two hosts are asked at once").then(() => {
              now -= 1;
              context.accept();
            });
          },
        }),
      ),
    );
    await Promise.all(slow.map(async (server) => (await connect(hostOf(server), never)).close()));
    assert.ok(most > 1, `at most ${most} at once`);
    await assert.rejects(connect(hostOf(other), never), { code: "auth-rejected" });
    await (await connect(hostOf(good), never)).close();
  });

  it("does not wait for a first host that cannot be reached", async (t) => {
    const servers = await farm(t, 3, { password: "open sesame" });
    const gone = { ...servers[0]!, address: "no-such-host.invalid" };
    const results = await codes(openSsh(bareOptions()).connect, [gone, ...servers]);
    assert.deepEqual(results, ["host-unreachable", "ok", "ok", "ok"]);
  });

  const saysNothing: Script = {
    onLogin: (context) => {
      if (context.method === "none") context.reject(["password"]);
    },
  };

  it("does not use up the deadline of other hosts while the first does not answer", async (t) => {
    const silent = await farm(t, 1, saysNothing);
    const servers = await farm(t, 3, { password: "open sesame" });
    // The silent host's deadline expires after the others have waited longer than their own deadlines.
    const { clock, expire } = holdTimers(55_555);
    let laterMs = 0;
    const connect = openSsh(bareOptions({ clock: { ...clock, now: () => clock.now() + laterMs } })).connect;
    const first = codes(connect, silent, { connectTimeoutMs: 55_555 });
    await until(() => offered(silent) === 1, "the silent host has the password");
    const others = codes(connect, servers, { connectTimeoutMs: 20_000 });
    await until(
      () => servers.every(({ logins }) => logins.includes("none")),
      "the others have begun to log in",
    );
    laterMs = 60_000;
    expire();
    assert.deepEqual(await first, ["timed-out"]);
    assert.deepEqual(await others, ["ok", "ok", "ok"]);
  });

  it("is not barred by three silent hosts among many that accept it, and the silent ones time out", async (t) => {
    const silent = await farm(t, 3, saysNothing);
    const servers = await farm(t, 12, { password: "open sesame" });
    const { clock, expire } = holdTimers(55_555);
    const connect = openSsh(bareOptions({ clock })).connect;
    assert.deepEqual(await codes(connect, servers.slice(0, 1)), ["ok"]);
    const first = codes(connect, silent, { connectTimeoutMs: 55_555 });
    await until(() => offered(silent) === 3, "the silent hosts have the password");
    assert.deepEqual(new Set(await codes(connect, servers.slice(1, 6))), new Set(["ok"]));
    expire();
    assert.deepEqual(await first, ["timed-out", "timed-out", "timed-out"]);
    assert.deepEqual(new Set(await codes(connect, servers.slice(6))), new Set(["ok"]));
  });

  it("does not wait for a host that hangs up while waiting for its turn", async (t) => {
    const silent = await farm(t, 1, saysNothing);
    let hangUp = (): void => undefined;
    const hangingUp = await farm(t, 1, {
      onConnection: (client, self) => {
        if (self.connections() > 1) client.end();
        else hangUp = () => void client.end();
      },
      onLogin: (context) => context.reject(["password"]),
    });
    const servers = await farm(t, 2, { password: "open sesame" });
    const { clock, expire } = holdTimers(55_555);
    const connect = openSsh(bareOptions({ clock })).connect;
    const first = codes(connect, silent, { connectTimeoutMs: 55_555 });
    await until(() => offered(silent) === 1, "the silent host has the password");
    let provedFirst = false;
    void first.then(() => (provedFirst = true));
    const second = codes(connect, hangingUp, { connectTimeoutMs: 800 });
    await until(() => hangingUp[0]?.logins.includes("none") ?? false, "it waits its turn");
    hangUp();
    assert.deepEqual(await second, ["host-unreachable"]);
    assert.ok(!provedFirst, "its own deadline goes on once it has stopped waiting");
    const third = codes(connect, servers);
    await until(
      () => servers.every(({ logins }) => logins.includes("none")),
      "the others have begun to log in",
    );
    expire();
    assert.deepEqual([await first, await third], [["timed-out"], ["ok", "ok"]]);
    assert.equal(offered(hangingUp), 0);
  });

  it("is not delayed by many hosts that are down", async (t) => {
    const servers = await farm(t, 3, { password: "open sesame" });
    const silent = await farm(t, 1, { onConnection: (client) => void client.removeAllListeners() });
    const { createServer } = await import("node:net");
    const dead = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => dead.once("listening", resolve));
    t.after(() => dead.close());
    const { port } = dead.address() as { port: number };
    const gone = Array.from({ length: 6 }, () => ({ ...silent[0]!, port }));
    const { clock, expire } = holdTimers(55_555);
    const connect = openSsh(bareOptions({ clock })).connect;
    const lost = codes(connect, gone, { connectTimeoutMs: 55_555 });
    assert.deepEqual(await codes(connect, servers), ["ok", "ok", "ok"]);
    expire();
    assert.deepEqual(new Set(await lost), new Set(["timed-out"]));
  });

  it("counts as rejected when a host hangs up on it", async (t) => {
    const servers = await farm(t, 4, {
      onLogin: (context, self) => {
        if (context.method === "none") context.reject(["password"]);
        else void self.close().catch(() => undefined);
      },
    });
    for (const server of servers) await codes(openSsh(bareOptions()).connect, [server]);
    const connect = openSsh(bareOptions()).connect;
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
