import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Connection, Host } from "../../provider/connection";
import { fleetOf, planFor, type Fleet, type MemoryHost, type MemoryHostOptions } from "./memory-fleet";

interface Setting {
  readonly fleet: Fleet;
  readonly host: MemoryHost;
  readonly connect: () => Promise<Connection>;
  /** Passes this much virtual time. */
  readonly pass: (ms: number) => Promise<void>;
}

function oneHost(options: MemoryHostOptions = {}): Setting {
  const fleet = fleetOf({ sessions: [{ user: "alice" }], ...options });
  const [host] = fleet.hosts;
  assert.ok(host);
  const place: Host = planFor({}, "host1").host;
  const { signal } = new AbortController();
  return {
    fleet,
    host,
    connect: () => fleet.connect(place, signal),
    pass: (ms) => fleet.clock.sleep(ms, signal),
  };
}

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LogoffError && error.code === code;
}

describe("a host of the fleet that restarts", () => {
  it("answers shutdown, loses its connections, and is back with other boot IDs, its listeners later", async () => {
    const onShutdown = { answersForMs: 1000, downForMs: 60_000, listenersAfterMs: 20_000 };
    const { fleet, host, connect, pass } = oneHost({ onShutdown, drain: "until-restart" });
    const before = host.model.bootIds();
    const connection = await connect();
    const { code } = await connection.exec("shutdown.exe /r /t 5", { timeoutMs: 1000 });
    assert.equal(code, 0);
    await pass(5000);
    assert.equal(host.isUp(), true);
    await pass(1001);
    assert.deepEqual([host.isUp(), host.open], [false, 0]);
    await assert.rejects(connection.exec("chcp.com", { timeoutMs: 1000 }), failsWith("connection-lost"));
    await assert.rejects(connect(), failsWith("host-unreachable"));
    await pass(60_000);
    await connection.close();
    await connect();
    assert.deepEqual([host.isUp(), host.open, host.model.takesLogons()], [true, 1, false]);
    await pass(20_000);
    assert.deepEqual([host.model.takesLogons(), host.model.people()], [true, []]);
    assert.notDeepEqual(host.model.bootIds(), before);
    const [times] = host.restarts();
    assert.equal((times?.upAtMs ?? 0) - (times?.downAtMs ?? 0), 60_000);
    assert.equal((times?.downAtMs ?? 0) - (times?.askedAtMs ?? 0), 6000);
    assert.deepEqual([host.attemptsMs.length, host.connections, fleet.unexpected], [3, 2, []]);
  });

  it("ends a command that runs when it goes away", async () => {
    const { host, connect } = oneHost();
    const connection = await connect();
    host.faults.add({ trouble: "hang" });
    host.restart({ answersForMs: 100 });
    await assert.rejects(connection.exec("chcp.com", { timeoutMs: 60_000 }), failsWith("connection-lost"));
  });

  it("was only cut off: nobody is logged off, and the boot IDs stay", async () => {
    const { host, pass } = oneHost();
    const before = host.model.bootIds();
    host.restart({ kind: "network-loss", downForMs: 100 });
    await pass(101);
    assert.deepEqual([host.isUp(), host.model.people(), host.model.bootIds()], [true, ["alice"], before]);
  });

  it("never comes back, with the error that the test gives", async () => {
    const { host, connect, pass } = oneHost();
    host.restart({ downForMs: "for-ever", downError: new LogoffError("jump-host-failed", "lost") });
    await pass(1e9);
    await assert.rejects(connect(), failsWith("jump-host-failed"));
  });

  it("is silent until the connect timeout", async () => {
    const { fleet, host, connect, pass } = oneHost();
    host.restart({ downForMs: "for-ever", whileDown: "silent" });
    await pass(1);
    const startMs = fleet.clock.now();
    await assert.rejects(connect(), failsWith("host-unreachable"));
    assert.equal(fleet.clock.now() - startMs, 15_000);
  });

  it("rejects logins for a while, with the error that the test gives or its own", async () => {
    for (const loginError of [undefined, new LogoffError("connection-lost", "reset")]) {
      const { host, connect, pass } = oneHost();
      host.restart({ rejectsLoginsForMs: 1000, ...(loginError === undefined ? {} : { loginError }) });
      await pass(1);
      await assert.rejects(connect(), failsWith(loginError?.code ?? "auth-rejected"));
      await pass(1000);
      await connect();
    }
  });

  it("shows another host key from then on", async () => {
    const { host, connect, pass } = oneHost();
    host.restart({ hasOtherHostKey: true });
    await pass(1);
    await assert.rejects(connect(), failsWith("host-key-changed"));
  });
});

describe("a fleet", () => {
  it("counts the hosts that take no logons during a run and a restart", async () => {
    const fleet = fleetOf({ sessions: [{ user: "alice" }] }, {}, { drain: "drain" });
    const report = await fleet.run({ drain: "until-restart" });
    assert.deepEqual(
      report.hosts.map(({ status }) => status),
      ["ok", "ok", "ok"],
    );
    assert.equal(fleet.mostClosed(), 3);
    fleet.hosts[0]?.restart();
    await fleet.clock.sleep(1, new AbortController().signal);
    assert.deepEqual(
      fleet.closedLog().map(({ event, closed }) => [event, closed]),
      [
        ["until-restart", 2],
        ["until-restart", 3],
        ["down", 3],
        ["open", 3],
        ["up", 2],
      ],
    );
  });
});
