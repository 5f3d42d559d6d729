/** What goes wrong with a command: how it ends, whether it may have been sent, and what becomes of its connection. */
import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import type { ServerChannel } from "ssh2";
import type { Connection } from "../../provider/connection";
import { startFaultProxy, type FaultProxy } from "../ssh/fault-proxy";
import { never, serverFor, until, type Script, type ScriptedServer } from "../ssh/scripted-server";
import {
  afterProbe,
  connected,
  contract,
  needs,
  patient,
  patientHost,
  rejection,
  shortMs,
  slackMs,
  type TestedClient,
} from "./contract";

contract("commands that fail", (client) => {
  const stopped = (command: string, accept: () => ServerChannel): void => {
    const channel = accept();
    channel.write("half a table");
    if (command === "hang") return;
    channel.exit(0);
    channel.end();
  };
  const goesOn = async (connection: Connection): Promise<void> =>
    assert.equal((await connection.exec("next", patient)).code, 0);

  it("are lost if their channel closes without a status, and others go on", async (t) => {
    const { connection } = await connected(t, client, {
      onExec: (command, accept) => {
        const channel = accept();
        if (command === "lost") channel.write("half a table");
        else channel.exit(0);
        channel.end();
      },
    });
    const error = await rejection(connection.exec("lost", patient));
    assert.deepEqual([error.code, error.sent], ["connection-lost", undefined]);
    await goesOn(connection);
  });

  const ends: readonly (readonly [what: string, fault: (proxy: FaultProxy) => void])[] = [
    ["resets the connection", (proxy) => proxy.set({ kind: "reset" })],
    ["closes the connection", (proxy) => proxy.set({ kind: "cut", afterBytes: 0 })],
  ];
  for (const [what, fault] of ends)
    it(`are lost if the host ${what}: they may have been sent, and the next one is not`, async (t) => {
      const { connection, proxy, server } = await throughProxy(t, client);
      const lost = rejection(connection.exec("hang", patient));
      await until(() => server.commands.length === 1, "the command runs");
      fault(proxy);
      const error = await lost;
      assert.deepEqual([error.code, error.sent], ["connection-lost", undefined]);
      if (needs(client, "a shared connection") === false) await isLost(connection, server);
    });

  it("are lost when keepalives find the host frozen", async (t) => {
    const { connection, proxy, server } = await throughProxy(t, client, 1000);
    const lost = rejection(connection.exec("hang", patient));
    await until(() => server.commands.length === 1, "the command runs");
    proxy.set({ kind: "black-hole" });
    const error = await lost;
    assert.deepEqual([error.code, error.sent], ["connection-lost", undefined]);
    if (needs(client, "a shared connection") === false) await isLost(connection, server);
  });

  it("time out at their deadline, which closes their channel and not the connection", async (t) => {
    let isClosed = false;
    const { connection, server } = await connected(t, client, {
      onExec: (command, accept) =>
        stopped(command, () => {
          const channel = accept();
          if (command === "hang") channel.on("close", () => (isClosed = true)).resume();
          return channel;
        }),
    });
    const startMs = performance.now();
    const error = await rejection(connection.exec("hang", { timeoutMs: 2 * shortMs }));
    assert.equal(error.code, "timed-out");
    assert.notEqual(error.sent, true);
    assert.ok(performance.now() - startMs < 2 * shortMs + slackMs);
    await until(() => isClosed || server.commands.length === 0, "its channel is closed");
    await goesOn(connection);
  });

  it("end when they are cancelled, and the connection goes on", async (t) => {
    const { connection, server } = await connected(t, client, { onExec: stopped });
    const stop = new AbortController();
    const cancelled = rejection(connection.exec("hang", { ...patient, signal: stop.signal }));
    await until(() => server.commands.length === 1, "the command runs");
    stop.abort();
    assert.deepEqual([(await cancelled).code, (await cancelled).sent], ["aborted", undefined]);
    const early = await rejection(connection.exec("never", { ...patient, signal: stop.signal }));
    assert.deepEqual([early.code, early.sent], ["aborted", false]);
    await goesOn(connection);
    assert.deepEqual(server.commands, ["hang", "next"]);
  });

  it("are not sent if they are cancelled while beforeSend is awaited", async (t) => {
    const { connection, server } = await connected(t, client);
    const stop = new AbortController();
    const beforeSend = (): Promise<void> => {
      stop.abort();
      return Promise.resolve();
    };
    const error = await rejection(
      connection.exec("logoff 7", { ...patient, signal: stop.signal, beforeSend }),
    );
    assert.deepEqual([error.code, error.sent], ["aborted", false]);
    await goesOn(connection);
    assert.deepEqual(server.commands, ["next"]);
  });

  it("time out if their channel is never opened, and cannot start later", async (t) => {
    let open = (): void => undefined;
    const { connection, server } = await connected(t, client, {
      onSession: (accept) => {
        open = accept;
        return false;
      },
    });
    const error = await rejection(connection.exec("logoff 7", { timeoutMs: 2 * shortMs }));
    assert.equal(error.code, "timed-out");
    open();
    await connection.close();
    await until(() => server.open() === 0, "the connection is closed");
    assert.deepEqual(server.commands, []);
  });

  it(
    "are not sent if the host refuses every channel",
    { skip: needs(client, "a shared connection") },
    async (t) => {
      const { connection, server } = await connected(t, client, { maxSessions: 0 });
      const error = await rejection(connection.exec("x", patient));
      assert.deepEqual([error.code, error.sent], ["command-failed", false]);
      assert.deepEqual(server.commands, []);
    },
  );

  it("have a code if the host refuses to start them", async (t) => {
    const script: Script = { onExec: (_command, _accept, reject) => reject() };
    const { connection } = await connected(t, client, script);
    assert.equal((await rejection(connection.exec("x", patient))).code, "command-failed");
  });

  it("are given up if they write without end", async (t) => {
    const { connection } = await connected(t, client, {
      onExec: (command, accept) => {
        const channel = accept();
        const more = (): void => {
          while (channel.writable && channel.write(Buffer.alloc(64_000)));
        };
        if (command === "flood") {
          channel.on("drain", more).on("error", () => undefined);
          more();
        } else {
          channel.exit(0);
          channel.end();
        }
      },
    });
    assert.equal((await rejection(connection.exec("flood", patient))).code, "output-unrecognised");
    await goesOn(connection);
  });

  it("have no result if the connection ends before their output is complete", async (t) => {
    const { connection, proxy, server } = await throughProxy(t, client, 0, (_command, accept) => {
      accept().write("first half of the list\n");
    });
    const lost = rejection(connection.exec("list", patient));
    await until(() => server.commands.length === 1, "the command runs");
    proxy.set({ kind: "reset" });
    assert.equal((await lost).code, "connection-lost");
  });
});

/** A connection through a proxy, which breaks it when the test says so. Commands do not end. */
async function throughProxy(
  t: TestContext,
  client: TestedClient,
  keepaliveMs = 0,
  onExec: Script["onExec"] = (_command, accept) => void accept().write("half a table"),
): Promise<{ readonly connection: Connection; readonly proxy: FaultProxy; readonly server: ScriptedServer }> {
  const server = await serverFor(t, afterProbe(client, { onExec }));
  const proxy = await startFaultProxy(server);
  t.after(() => proxy.close());
  const connection = await client.open().connect(patientHost(proxy, { keepaliveMs }), never);
  t.after(() => connection.close());
  server.commands.length = 0;
  return { connection, proxy, server };
}

/** Expects that the connection sends nothing any more, and does not come back by itself. */
async function isLost(connection: Connection, server: ScriptedServer): Promise<void> {
  let asked = 0;
  const beforeSend = (): Promise<void> => Promise.resolve(void (asked += 1));
  const next = await rejection(connection.exec("next", { ...patient, beforeSend }));
  assert.deepEqual([next.code, next.sent], ["connection-lost", false]);
  assert.deepEqual([asked, server.commands], [0, ["hang"]]);
}
