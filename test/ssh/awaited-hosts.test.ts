/** Connecting to hosts that are awaited after a restart. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Connect, Host } from "../../provider/connection";
import { passwordGuard } from "../../provider/ssh/login/password-guard";
import { openSsh } from "../../provider/ssh/open-ssh";
import { realClock } from "../lab/clock";
import { labUser, startLab, type HostOptions, type Lab, type LabHost } from "../lab/lab";
import type { LoginUser } from "../lab/ssh/login";
import { bareOptions, hostOf, never, serverFor, startServer, until } from "./scripted-server";

async function labFor(
  t: TestContext,
  hosts: readonly HostOptions[],
  now = (): number => realClock.now(),
): Promise<Lab> {
  const lab = await startLab({ hosts, clock: { ...realClock, now } });
  t.after(() => lab.close());
  return lab;
}

function labHost(host: LabHost, changes: Partial<Host> = {}): Host {
  return hostOf(host, {
    login: { privateKeys: [], password: { from: "value", value: labUser.password } },
    hostKeys: { pinned: [], knownHosts: host.knownHosts, strict: "yes" },
    ...changes,
  });
}

async function visit(connect: Connect, host: Host): Promise<LogoffError | undefined> {
  try {
    await (await connect(host, never)).close();
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof LogoffError, String(thrown));
    return thrown;
  }
}

/** Time that passes when all of `count` workers sleep or have ended. */
function sharedTime(count: number): {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly end: () => void;
} {
  let nowMs = 0;
  let working = count;
  const sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  const pause = (): void => {
    working -= 1;
    if (working > 0) return;
    sleepers.sort((a, b) => a.untilMs - b.untilMs);
    const next = sleepers.shift();
    if (next === undefined) return;
    nowMs = next.untilMs;
    working += 1;
    next.wake();
  };
  return {
    now: () => nowMs,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ untilMs: nowMs + ms, wake });
        pause();
      }),
    end: pause,
  };
}

describe("twenty awaited hosts that reject a password which they accepted before their restart", () => {
  /** Runs the hosts as a run that awaits them does; `onFailure` is called after each rejection of the password. */
  async function awaitAll(
    t: TestContext,
    onFailure: (count: number, users: LoginUser[]) => void,
  ): Promise<{ readonly ends: ReadonlySet<string>; readonly rejectedAtMs: readonly number[] }> {
    const users: LoginUser[] = [labUser];
    const time = sharedTime(20);
    const options = Array.from({ length: 20 }, (_, index) => ({ name: `rdsh${index}`, users }));
    const lab = await labFor(t, options, time.now);
    const { connect } = openSsh(bareOptions({ passwordGuard: passwordGuard(time) }));
    for (const host of lab.hosts) assert.equal(await visit(connect, labHost(host)), undefined);

    users.splice(0, 1, { ...labUser, password: "not ready yet" });
    const rejected = (): number[] =>
      lab.hosts.flatMap(({ logins }) =>
        logins
          .filter(({ password, accepted }) => password !== undefined && !accepted)
          .map(({ atMs }) => atMs),
      );
    const awaitOne = async (host: LabHost): Promise<string> => {
      for (;;) {
        const error = await visit(connect, labHost(host, { awaited: true }));
        if (error?.isProven) onFailure(rejected().length, users);
        else if (error?.retryInMs === undefined) return error?.code ?? "ok";
        await time.sleep(error.retryInMs ?? 1000);
      }
    };
    const ends = await Promise.all(lab.hosts.map((host) => awaitOne(host).finally(time.end)));
    return { ends: new Set(ends), rejectedAtMs: rejected().sort((a, b) => a - b) };
  }

  it("are offered it three times in all, further and further apart", async (t) => {
    const { ends, rejectedAtMs } = await awaitAll(t, () => undefined);
    assert.deepEqual([...ends], ["auth-rejected"]);
    assert.equal(rejectedAtMs.length, 3);
    const [first = 0, second = 0, third = 0] = rejectedAtMs;
    assert.ok(second - first >= 60_000 && third - second >= 180_000, rejectedAtMs.join(", "));
  });

  it("are all logged in to if they accept it after the second rejection", async (t) => {
    const { ends, rejectedAtMs } = await awaitAll(t, (count, users) => {
      if (count === 2) users.splice(0, 1, labUser);
    });
    assert.deepEqual([...ends], ["ok"]);
    assert.equal(rejectedAtMs.length, 2);
  });
});

/** Many turns of the event loop: far more than a host needs that may be offered a password. */
async function manyTurns(): Promise<void> {
  for (let count = 0; count < 500; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("awaited hosts", () => {
  it("are offered a proven password one at a time, and other hosts at once", async (t) => {
    for (const awaited of [true, false]) {
      let offered = 0;
      let most = 0;
      const servers = await Promise.all(
        Array.from({ length: 5 }, () =>
          serverFor(t, {
            onLogin: (context) => {
              if (context.method !== "password") {
                context.reject(["password"]);
                return;
              }
              offered += 1;
              most = Math.max(most, offered);
              const othersHaveBegun = (): boolean => servers.every(({ logins }) => logins.includes("none"));
              void until(othersHaveBegun, "the other hosts have begun to log in")
                .then(() => (awaited ? manyTurns() : until(() => most > 1, "two hosts are asked at once")))
                .then(() => {
                  offered -= 1;
                  context.accept();
                });
            },
          }),
        ),
      );
      const { connect } = openSsh(bareOptions());
      const first = await serverFor(t);
      assert.equal(await visit(connect, hostOf(first)), undefined);
      const changes = awaited ? { awaited } : {};
      const results = await Promise.all(servers.map((server) => visit(connect, hostOf(server, changes))));
      assert.deepEqual(new Set(results), new Set([undefined]));
      assert.ok(awaited ? most === 1 : most > 1, `${most} at once`);
    }
  });

  it("that reject a proven password are not contacted again before the pause is over", async (t) => {
    let nowMs = 0;
    const { connect } = openSsh(bareOptions({ passwordGuard: passwordGuard({ now: () => nowMs }) }));
    assert.equal(await visit(connect, hostOf(await serverFor(t))), undefined);
    const booting = await serverFor(t, { password: "another" });
    const host = hostOf(booting, { awaited: true });
    const rejected = await visit(connect, host);
    assert.deepEqual([rejected?.code, rejected?.isProven, rejected?.untried], ["auth-rejected", true, false]);
    const early = await visit(connect, host);
    assert.deepEqual([early?.code, early?.retryInMs, early?.untried], ["auth-rejected", 60_000, true]);
    assert.equal(booting.connections(), 1);
    nowMs += 60_000;
    assert.ok((await visit(connect, host))?.isProven);
    assert.equal(booting.connections(), 2);
  });

  it("that refuse or reset the connection are tried once, and other hosts until they answer", async (t) => {
    let pauses = 0;
    const { connect } = openSsh(bareOptions({ random: () => ((pauses += 1), 0) }));
    const gone = await startServer();
    await gone.close();
    const refused = await visit(connect, hostOf(gone, { awaited: true }));
    assert.equal(refused?.code, "host-unreachable");
    assert.match(refused.message, /the connection was refused; check that the SSH server .* right$/u);

    const lab = await labFor(t, [{ name: "rdsh01" }]);
    const rdsh = lab.host("rdsh01");
    for (const trouble of ["reset", "full"] as const) {
      rdsh.troubleNextConnections(trouble);
      const before = rdsh.counters().connections;
      const error = await visit(connect, labHost(rdsh, { awaited: true }));
      assert.equal(error?.code, "host-unreachable", trouble);
      assert.equal(rdsh.counters().connections, before + 1, trouble);
    }
    assert.equal(pauses, 0);
    rdsh.troubleNextConnections("reset");
    assert.equal(await visit(connect, labHost(rdsh)), undefined);
    assert.equal(pauses, 1);
  });

  it("are reached through a jump host that is tried until it answers", async (t) => {
    const lab = await labFor(t, [{ name: "jump" }, { name: "rdsh01" }]);
    const { connect } = openSsh(bareOptions({ random: () => 0 }));
    const jump = labHost(lab.host("jump"));
    const host = labHost(lab.host("rdsh01"), { jumpHosts: [jump], awaited: true });
    lab.host("jump").troubleNextConnections("reset");
    assert.equal(await visit(connect, host), undefined);
    assert.equal(lab.host("jump").counters().connections, 2);
    lab.host("rdsh01").stopListening();
    const error = await visit(connect, host);
    assert.equal(error?.code, "host-unreachable");
    assert.match(error.message, /cannot reach it/u);
    assert.equal(lab.host("jump").forwards.length, 2);
  });
});
