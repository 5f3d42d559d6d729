import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { manualClock, type ManualClock } from "./clock";
import { clientKey, labUser, startLab, type HostOptions, type Lab, type LabHost } from "./lab";
import { connectTo } from "./ssh/client";
import { createKeyPair, fingerprintOf } from "./ssh/keys";
import { until } from "./until";

interface Setting {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly clock: ManualClock;
  /** Advances the time and waits until that has led to something. */
  readonly pass: (ms: number, what: string, condition: () => boolean) => Promise<void>;
}

/** A lab by a clock that a test moves, with one host on which alice is logged on. */
async function oneHost(t: TestContext, options: Partial<HostOptions> = {}): Promise<Setting> {
  const clock = manualClock();
  const lab = await startLab({
    hosts: [{ name: "rdsh01", sessions: [{ user: "alice" }], ...options }],
    clock,
  });
  t.after(() => lab.close());
  const host = lab.host("rdsh01");
  const pass: Setting["pass"] = async (ms, what, condition) => {
    clock.advance(ms);
    await until(what, condition);
  };
  return { lab, host, clock, pass };
}

const isBack = (host: LabHost): boolean => host.restarts().at(-1)?.upAtMs !== undefined;

async function run(host: LabHost, command: string): Promise<string> {
  const client = await connectTo(host);
  const { stdout } = await client.exec(command);
  client.end();
  return stdout.toString();
}

describe("a host that gets shutdown /r", () => {
  it("answers, stays up for a while, goes away and comes back with other boot IDs and nobody logged on", async (t) => {
    const onShutdown = { answersForMs: 500, downForMs: 10_000, listenersAfterMs: 3000 };
    const { lab, host, clock, pass } = await oneHost(t, { onShutdown, drain: "until-restart" });
    const before = host.model.bootIds();
    const client = await connectTo(host);
    const lost = new Promise<void>((resolve) => client.client.once("close", () => resolve()));
    assert.equal((await client.exec("shutdown.exe /r /t 5")).code, 0);
    await until("the answer has arrived", () => host.restarts().length === 1);
    assert.equal((await client.exec("shutdown.exe /r /t 0")).code, 1190);

    clock.advance(5000);
    assert.match(await run(host, "qwinsta.exe"), /alice/u);
    assert.equal(host.isUp(), true);
    await pass(500, "it is down", () => !host.isUp());
    await lost;
    await assert.rejects(connectTo(host), /ECONNREFUSED/u);

    await pass(10_000, "it is back", () => isBack(host));
    assert.doesNotMatch(await run(host, "qwinsta.exe"), /alice|rdp-tcp/u);
    assert.equal(lab.mostClosed(), 1);
    clock.advance(3000);
    assert.match(await run(host, "qwinsta.exe"), /rdp-tcp/u);
    assert.equal(host.model.drain(), "open");
    const after = host.model.bootIds();
    assert.notEqual(after.shutdownTime, before.shutdownTime);
    assert.notEqual(after.bootId, before.bootId);
    assert.deepEqual(host.restarts(), [{ askedAtMs: 0, downAtMs: 5500, upAtMs: 15_500 }]);
    assert.equal(isBack(host) && host.isUp(), true);
  });

  it("can be asked to restart again", async (t) => {
    const { host } = await oneHost(t, { onShutdown: {} });
    for (const times of [1, 2]) {
      await run(host, "shutdown /r /t 0");
      await until("it is back", () => host.restarts().length === times && isBack(host));
    }
    assert.equal(host.model.bootIds().bootId, 0x31);
  });

  it("may ignore it", async (t) => {
    const { host, clock } = await oneHost(t, { onShutdown: { answersForMs: "for-ever" } });
    await run(host, "shutdown /r /t 0");
    await until("the answer has arrived", () => host.restarts().length === 1);
    clock.advance(1e9);
    assert.match(await run(host, "qwinsta.exe"), /alice/u);
    assert.equal(host.isUp(), true);
  });
});

describe("a host that restarts", () => {
  it("does not answer while it is away, if the plan says so, and nothing stays of that", async (t) => {
    const { host, pass } = await oneHost(t);
    host.restart({ downForMs: 1000, whileDown: "silent" });
    await until("it is down", () => !host.isUp());
    await assert.rejects(connectTo(host, { readyTimeout: 100 }), /Timed out/u);
    const waiting = connectTo(host, { readyTimeout: 60_000 });
    await until("it waits", () => host.counters().connections === 2);
    const failed = assert.rejects(waiting, /ECONNRESET/u);
    await pass(1000, "it is back", () => isBack(host));
    await failed;
    await run(host, "qwinsta.exe");
  });

  it("never comes back, and the lab closes all the same", async (t) => {
    const { host, clock } = await oneHost(t);
    host.restart({ downForMs: "for-ever" });
    await until("it is down", () => !host.isUp());
    clock.advance(1e9);
    await assert.rejects(connectTo(host), /ECONNREFUSED/u);
    assert.throws(() => host.restart(), /rdsh01 is restarting already/u);
    assert.deepEqual(host.restarts(), [{ askedAtMs: 0, downAtMs: 0 }]);
  });

  it("was only cut off from the network: sessions, drain mode and boot IDs stay", async (t) => {
    const { host, pass } = await oneHost(t, { drain: "until-restart" });
    const before = host.model.bootIds();
    host.restart({ kind: "network-loss", downForMs: 1000 });
    await until("it is down", () => !host.isUp());
    await pass(1000, "it is back", () => isBack(host));
    assert.match(await run(host, "qwinsta.exe"), /alice/u);
    assert.deepEqual([host.model.bootIds(), host.model.drain()], [before, "until-restart"]);
  });

  it("was reset without a shutdown: only the counter of boots changes", async (t) => {
    const { host } = await oneHost(t);
    const before = host.model.bootIds();
    host.restart({ kind: "hard-reset" });
    await until("it is back", () => isBack(host));
    assert.deepEqual(host.model.bootIds(), { ...before, bootId: 0x30 });
  });

  it("shows another host key", async (t) => {
    const { host } = await oneHost(t);
    const hostKey = createKeyPair();
    const shown: string[] = [];
    const hostVerifier = (key: Buffer): boolean => shown.push(fingerprintOf(key)) > 0;
    (await connectTo(host, { hostVerifier })).end();
    host.restart({ hostKey });
    await until("it is back", () => isBack(host));
    (await connectTo(host, { hostVerifier })).end();
    host.restart();
    await until("it is back", () => host.restarts().length === 2 && isBack(host));
    (await connectTo(host, { hostVerifier })).end();
    assert.deepEqual(shown, [host.hostKey.fingerprint, hostKey.fingerprint, hostKey.fingerprint]);
  });

  it("rejects every login for a while", async (t) => {
    const { host, clock } = await oneHost(t);
    host.restart({ rejectsLoginsForMs: 1000 });
    await until("it is back", () => isBack(host));
    await assert.rejects(connectTo(host), /authentication methods failed/u);
    await assert.rejects(connectTo(host, { password: labUser.password }), /authentication methods failed/u);
    assert.ok(host.logins.some(({ fingerprint }) => fingerprint === clientKey.fingerprint));
    assert.ok(host.logins.every(({ accepted }) => !accepted));
    clock.advance(1000);
    (await connectTo(host)).end();
  });

  it("is closed by somebody else meanwhile", async (t) => {
    for (const drain of ["drain", "disabled"] as const) {
      const { lab, host } = await oneHost(t, { drain: "until-restart" });
      host.restart({ drain });
      await until("it is back", () => isBack(host));
      assert.equal(host.model.drain(), drain);
      assert.deepEqual(
        lab.closedLog().map(({ event, closed }) => [event, closed]),
        [
          ["down", 1],
          [drain, 1],
          ["up", 1],
        ],
      );
    }
  });

  it("restarts once more by itself", async (t) => {
    const { host } = await oneHost(t);
    host.restart({ next: { kind: "hard-reset" } });
    await until("it is back twice", () => host.restarts().length === 2 && isBack(host));
    assert.equal(host.model.bootIds().bootId, 0x31);
  });

  it("does not answer other hosts for /server: either", async (t) => {
    const lab = await startLab({ hosts: ["rdsh01", "rdsh02"].map((name) => ({ name })) });
    t.after(() => lab.close());
    const [asker, away] = [lab.host("rdsh01"), lab.host("rdsh02")];
    const client = await connectTo(asker, { password: labUser.password, authHandler: ["password"] });
    const ask = async (): Promise<number | null> => (await client.exec("qwinsta /server:rdsh02")).code;
    assert.equal(await ask(), 0);
    away.restart({ downForMs: "for-ever" });
    await until("it is down", () => !away.isUp());
    assert.equal(await ask(), 1);
    client.end();
  });
});

describe("a lab", () => {
  it("counts the hosts that take no logons: drained, away, or without a listener", async (t) => {
    const clock = manualClock();
    const names = ["rdsh01", "rdsh02", "rdsh03"] as const;
    const lab = await startLab({ hosts: names.map((name) => ({ name, listenersAfterMs: 100 })), clock });
    t.after(() => lab.close());
    const [one, two, three] = names.map((name) => lab.host(name));
    assert.ok(one && two && three);
    assert.equal(lab.mostClosed(), 0);
    one.model.setDrain("until-restart");
    one.restart();
    await until("it is back", () => isBack(one));
    two.model.setDrain("drain");
    assert.equal(lab.mostClosed(), 2, "the first has no listener yet");
    clock.advance(100);
    three.model.setDrain("drain");
    assert.equal(lab.mostClosed(), 2, "the first is open");
    two.model.setDrain("open");
    assert.deepEqual(
      lab.closedLog().map(({ host, event, closed, atMs }) => [host, event, closed, atMs]),
      [
        ["rdsh01", "until-restart", 1, 0],
        ["rdsh01", "down", 1, 0],
        ["rdsh01", "open", 1, 0],
        ["rdsh01", "up", 1, 0],
        ["rdsh02", "drain", 2, 0],
        ["rdsh03", "drain", 2, 100],
        ["rdsh02", "open", 1, 100],
      ],
    );
  });

  it("counts what is closed from the beginning", async (t) => {
    const lab = await startLab({
      hosts: [
        { name: "a", drain: "drain" },
        { name: "b", drain: "disabled" },
      ],
    });
    t.after(() => lab.close());
    assert.equal(lab.mostClosed(), 2);
  });

  it("ends restarts when it closes, and none of them keeps a process alive", () => {
    const lab = JSON.stringify(join(__dirname, "lab.ts"));
    const script = (then: string): string => `
      const { startLab } = require(${lab});
      startLab({ hosts: [{ name: "a" }, { name: "b" }] }).then(async (lab) => {
        lab.host("a").restart({ downForMs: 1e8 });
        lab.host("b").restart({ downForMs: 1e8, answersForMs: ${then === "close" ? "1e8" : "0"} });
        while (lab.host("a").isUp()) await new Promise(setImmediate);
        if (${JSON.stringify(then)} === "close") await lab.close();
        console.log(lab.host("a").restarts().length);
      });`;
    for (const then of ["close", "stay"]) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["--import=tsx", "--eval", script(then)],
        { encoding: "utf8", timeout: 60_000 },
      );
      assert.deepEqual([status, stdout], [0, "1\n"], stderr);
    }
  });
});
