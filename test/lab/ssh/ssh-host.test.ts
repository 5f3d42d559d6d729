import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectConfig } from "ssh2";
import { clientKey, labUser, startLab, type HostOptions, type Lab, type LabHost } from "../lab";
import { decode } from "../languages/code-pages";
import { until } from "../until";
import { connectTo, type BareClient } from "./client";
import { createKeyPair, fingerprintOf } from "./keys";

/** A lab with one host, closed with the test, and a function to connect to it. */
async function oneHost(
  t: TestContext,
  options: Partial<HostOptions> = {},
): Promise<{ lab: Lab; host: LabHost; connect: (config?: ConnectConfig) => Promise<BareClient> }> {
  const lab = await startLab({ hosts: [{ name: "rdsh01", sessions: [{ user: "alice" }], ...options }] });
  t.after(() => lab.close());
  const host = lab.host("rdsh01");
  return { lab, host, connect: (config) => connectTo(host, config) };
}

describe("login", () => {
  it("accepts the key or the password, and records what was offered", async (t) => {
    const { host, connect } = await oneHost(t);
    (await connect()).end();
    (await connect({ password: labUser.password, username: "CORP\\Admin" })).end();
    const offers = host.logins.filter(({ accepted }) => accepted);
    assert.deepEqual(
      offers.map(({ connection, method, user }) => [connection, method, user]),
      [
        [1, "publickey", "admin"],
        [2, "password", "CORP\\Admin"],
      ],
    );
    assert.equal(offers[0]?.fingerprint, clientKey.fingerprint);
    assert.equal(offers[1]?.password, labUser.password);
  });

  it("asks for the password with keyboard-interactive", async (t) => {
    const { host, connect } = await oneHost(t, { ssh: { methods: ["keyboard-interactive"] } });
    (await connect({ tryKeyboard: true, password: labUser.password })).end();
    const { method, password, accepted } = host.logins.at(-1)!;
    assert.deepEqual([method, password, accepted], ["keyboard-interactive", labUser.password, true]);
  });

  it("refuses wrong passwords and unknown keys", async (t) => {
    const { host, connect } = await oneHost(t);
    await assert.rejects(connect({ password: "guess" }), /authentication methods failed/);
    await assert.rejects(
      connect({ privateKey: createKeyPair().privateKey }),
      /authentication methods failed/,
    );
    assert.ok(host.logins.every(({ accepted }) => !accepted));
    assert.ok(host.logins.some(({ password }) => password === "guess"));
  });

  it("hangs up after too many attempts", async (t) => {
    const { host, connect } = await oneHost(t, { ssh: { maxTries: 2 } });
    const guess = { type: "password" as const, username: "admin", password: "guess" };
    await assert.rejects(connect({ authHandler: [guess, guess, guess] }));
    assert.equal(host.logins.length, 2);
  });

  it("presents the host key listed in known_hosts", async (t) => {
    const { host, connect } = await oneHost(t, { hostKey: "own" });
    let shown = "";
    const hostVerifier = (key: Buffer): boolean => {
      shown = fingerprintOf(key);
      return true;
    };
    (await connect({ hostVerifier })).end();
    assert.equal(shown, host.hostKey.fingerprint);
    assert.equal(host.knownHosts, `[${host.address}]:${host.port} ${host.hostKey.publicKey}\n`);
  });
});

describe("commands", () => {
  it("are recorded with their caller, input and end", async (t) => {
    const { lab, host, connect } = await oneHost(t);
    const client = await connect();
    await client.exec("msg.exe 2 /time:60", "bye");
    await client.exec("logoff.exe 9");
    client.end();
    assert.deepEqual(host.commandTexts(), ["msg.exe 2 /time:60", "logoff.exe 9"]);
    const [message, logoff] = lab.commands();
    assert.deepEqual(
      [message?.stdin.toString(), message?.stdinEnded, message?.outcome],
      ["bye", true, "exited"],
    );
    assert.deepEqual(
      [logoff?.code, logoff?.caller.method, logoff?.seq, logoff?.host],
      [1, "publickey", 2, "rdsh01"],
    );
  });

  it("print in the language and the code page of the host", async (t) => {
    const { connect } = await oneHost(t, { language: "ru", sessions: [{ user: "иванов" }] });
    const client = await connect();
    const { stdout } = await client.exec("qwinsta.exe");
    client.end();
    assert.ok(stdout.includes(Buffer.from("a8a2a0adaea2", "hex")), "иванов in code page 866");
    assert.match(decode(stdout, 866), / иванов {20}2 {2}Активно /);
  });

  it("are killed with their channel if they block", async (t) => {
    const sessions = [{ user: "alice", onLogoff: { kind: "blocks" } }] as const;
    const { host, connect } = await oneHost(t, { sessions });
    const { client, end } = await connect();
    client.exec("logoff.exe 2", (_error, channel) => {
      channel.resume();
      void until("the command runs", () => host.commands.length > 0).then(() => channel.close());
    });
    await until("the command was killed", () => host.commands[0]?.outcome === "killed");
    end();
  });

  it("wait for the end of standard input if the host is configured so", async (t) => {
    const { host, connect } = await oneHost(t, { ssh: { waitsForStdin: true } });
    const { client, exec, end } = await connect();
    client.exec("chcp.com", () => undefined);
    assert.equal((await exec("chcp.com")).code, 0);
    assert.deepEqual(
      host.commands.map(({ outcome }) => outcome),
      ["running", "exited"],
    );
    end();
  });

  it("are limited in number on one connection", async (t) => {
    const sessions = [{ user: "alice", onLogoff: { kind: "blocks" } }] as const;
    const { connect } = await oneHost(t, { sessions, ssh: { maxSessions: 1 } });
    const { client, exec, end } = await connect();
    client.exec("logoff.exe 2", () => undefined);
    await assert.rejects(exec("chcp.com"), /Channel open failure/);
    end();
  });

  it("run concurrently on many hosts", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `rdsh${index}`);
    const lab = await startLab({ hosts: names.map((name) => ({ name, sessions: [{ user: "alice" }] })) });
    assert.equal(new Set(lab.hosts.map(({ address }) => address)).size, 200);
    const some = lab.hosts.slice(0, 20);
    const codes = await Promise.all(
      some.map(async (host) => {
        const client = await connectTo(host);
        const replies = await Promise.all(
          ["chcp.com", "qwinsta.exe", "quser.exe"].map((text) => client.exec(text)),
        );
        client.end();
        return replies.map(({ code }) => code).join("");
      }),
    );
    assert.deepEqual(new Set(codes), new Set(["000"]));
    await lab.close();
  });
});

describe("faults", () => {
  it("refuse, reset, close or drop connections", async (t) => {
    const { host, connect } = await oneHost(t, { ssh: { connectionTroubles: ["reset", "full"] } });
    await assert.rejects(connect(), /ECONNRESET/);
    await assert.rejects(connect());
    host.troubleNextConnections("dropped-before-login", "dropped-after-login");
    await assert.rejects(connect());
    const dropped = await connect().catch(() => undefined);
    if (dropped !== undefined) await assert.rejects(dropped.exec("chcp.com"));
    host.stopListening();
    await assert.rejects(connect(), /ECONNREFUSED/);
    await host.listenAgain();
    (await connect()).end();
    assert.equal(host.counters().connections, 5);
  });

  it("withhold the banner or make the host vanish", async (t) => {
    const { host, connect } = await oneHost(t, { ssh: { connectionTroubles: ["silent"] } });
    await assert.rejects(connect({ readyTimeout: 100 }), /Timed out/);
    const client = await connect();
    host.freeze();
    const late = client.exec("chcp.com").then(
      () => "answered",
      () => "lost",
    );
    assert.equal(await Promise.race([late, delay(100, "silence")]), "silence");
    client.client.destroy();
  });

  it("drop a command before or after its work, omit its status, end it by signal or replace its answer", async (t) => {
    const sessions = ["a", "b"].map((user) => ({ user }));
    const { host, connect } = await oneHost(t, { sessions });
    host.fault({ on: "logoff", trouble: "drop-before" });
    host.fault({ on: /^logoff/, after: 1, trouble: "drop-after" });
    await assert.rejects((await connect()).exec("logoff.exe 2"));
    assert.deepEqual(host.model.people(), ["a", "b"]);
    await assert.rejects((await connect()).exec("logoff.exe 2"));
    assert.deepEqual(host.model.people(), ["b"]);
    assert.deepEqual(
      host.commands.map(({ outcome }) => outcome),
      ["dropped", "dropped"],
    );

    const client = await connect();
    host.fault({ on: "chcp", trouble: "no-exit-status" });
    host.fault({ on: "chcp", after: 1, trouble: { signal: "TERM" } });
    host.fault({ on: "chcp", after: 2, trouble: { stdout: "rubbish", code: 3, delayMs: 5 } });
    host.fault({ on: "chcp", after: 3, trouble: "not-started" });
    assert.deepEqual(await client.exec("chcp.com").then(({ code, signal }) => [code, signal]), [
      null,
      undefined,
    ]);
    assert.match((await client.exec("chcp.com")).signal ?? "", /TERM/);
    const { code, stdout } = await client.exec("chcp.com");
    assert.deepEqual([code, stdout.toString()], [3, "rubbish"]);
    await assert.rejects(client.exec("chcp.com"), /Unable to exec/);
    assert.equal((await client.exec("chcp.com")).code, 0);
    host.fault({ on: "logoff", trouble: { instead: true } });
    assert.equal((await client.exec("logoff.exe 3")).code, 0);
    assert.deepEqual(host.model.people(), ["b"]);
    client.end();
  });

  it("reset the connection when the client says goodbye", async (t) => {
    const { connect } = await oneHost(t, { ssh: { resetAtGoodbye: true } });
    const { client, exec, end } = await connect();
    assert.equal((await exec("chcp.com")).code, 0);
    const error = new Promise<Error>((resolve) => client.on("error", resolve));
    end();
    assert.match((await error).message, /ECONNRESET/);
  });

  it("delay the banner and the answers", async (t) => {
    const { connect } = await oneHost(t, { ssh: { connectDelayMs: 40, commandDelayMs: 40 } });
    const startedMs = performance.now();
    const client = await connect();
    await client.exec("chcp.com");
    client.end();
    assert.ok(performance.now() - startedMs >= 80);
  });

  it("imitate old servers, which always exit with 0", async (t) => {
    const { connect } = await oneHost(t, { ssh: { alwaysExitsZero: true } });
    const client = await connect();
    const { code, stderr } = await client.exec("logoff.exe 99");
    assert.equal(code, 0);
    assert.match(stderr.toString(), /7022/);
    client.end();
  });
});

describe("a lab", () => {
  it("fails on close after an unscripted command", async () => {
    const lab = await startLab({ hosts: [{ name: "rdsh01" }] });
    const client = await connectTo(lab.host("rdsh01"));
    await client.exec("shutdown.exe -r");
    client.end();
    await assert.rejects(lab.close(), /rdsh01: no script for the command "shutdown\.exe -r"/);
    assert.equal(lab.takeUnexpected().length, 1);
    await lab.close();
  });

  it("reports terminals, shells and sftp as unscripted", async (t) => {
    const { lab, connect } = await oneHost(t);
    const { client, end } = await connect();
    await new Promise<void>((resolve) => {
      client.exec("chcp.com", { pty: true }, (_error, channel) => {
        channel.on("close", () => resolve());
        channel.resume();
      });
    });
    await new Promise<void>((resolve) => client.shell(() => resolve()));
    await new Promise<void>((resolve) => client.sftp(() => resolve()));
    end();
    const what = lab.takeUnexpected().map((one) => one.what);
    assert.equal(what.length, 4, what.join("\n"));
  });

  it("rejects duplicate host names and ports in use", async (t) => {
    await assert.rejects(startLab({ hosts: [{ name: "a" }, { name: "A" }] }), /two hosts are called a/);
    const { host } = await oneHost(t);
    const { address, port } = host;
    await assert.rejects(startLab({ hosts: [{ name: "a" }, { name: "b", address, port }] }), /EADDRINUSE/);
  });

  it("leaves nothing open", async () => {
    const lab = await startLab({ hosts: [{ name: "rdsh01" }] });
    const client = await connectTo(lab.host("rdsh01"));
    const gone = new Promise<void>((resolve) => client.client.on("close", () => resolve()));
    await lab.close();
    await gone;
    assert.equal(lab.host("rdsh01").counters().openConnections, 0);
    await assert.rejects(connectTo(lab.host("rdsh01")), /ECONNREFUSED/);
  });
});
