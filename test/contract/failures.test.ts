/** What a host or a network does wrong has a code, an end before its deadline, and a client that goes on. */
import assert from "node:assert/strict";
import { connect as dial } from "node:net";
import { it } from "node:test";
import type { ServerChannel } from "ssh2";
import type { LogoffError } from "../../provider/base/errors";
import type { Connection } from "../../provider/connection";
import { startFaultProxy, type FaultProxy } from "../ssh/fault-proxy";
import {
  never,
  serverFor,
  startServer,
  until,
  type Script,
  type ScriptedServer,
} from "../ssh/scripted-server";
import { contract, nothingIsLeft, type TestedClient } from "./contract";
import {
  connected,
  failsWith,
  failure,
  patient,
  patientHost,
  rawServer,
  rejection,
  shortMs,
  visit,
} from "./scene";

/** By how much a deadline may be late on a busy machine. */
const slackMs = 10_000;

contract("failures to connect", (client) => {
  it("to a closed port are repeated until the deadline", async () => {
    const gone = await startServer();
    await gone.close();
    const startMs = performance.now();
    const host = patientHost(gone, { connectTimeoutMs: shortMs });
    await failsWith(client.open().connect, host, "host-unreachable");
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= shortMs - 10 && tookMs < shortMs + slackMs, `${tookMs} ms`);
  });

  it("to a name that DNS does not know are not repeated", async () => {
    const host = patientHost({ address: "no-such-host.invalid", port: 22 });
    await failsWith(client.open().connect, host, "host-unreachable");
  });

  it("to a host that closes or resets the first connections are repeated", async (t) => {
    const real = await serverFor(t);
    const front = await rawServer(t, (socket, count) => {
      if (count === 1) socket.end("Exceeded MaxStartups\r\n");
      else if (count === 2) socket.resetAndDestroy();
      else socket.pipe(dial(real.port, real.address).on("error", () => undefined)).pipe(socket);
    });
    await visit(client.open().connect, patientHost(front));
    assert.equal(front.connections(), 3);
  });

  it("to a host that is awaited are not repeated", async (t) => {
    const front = await rawServer(t, (socket) => socket.resetAndDestroy());
    await failsWith(client.open().connect, patientHost(front, { awaited: true }), "host-unreachable");
    assert.equal(front.connections(), 1);
  });

  it("are not repeated after a credential was offered", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context, self) => {
        if (context.method === "password") void self.close();
        else context.reject(["password"]);
      },
    });
    await failsWith(client.open().connect, patientHost(server), "host-unreachable");
    assert.equal(server.logins.filter((login) => login.startsWith("password")).length, 1);
    assert.equal(server.connections(), 1);
  });

  it("to a server that does not speak SSH have a code", async (t) => {
    const web = await rawServer(t, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const host = patientHost(web, { connectTimeoutMs: shortMs });
    await failsWith(client.open().connect, host, "host-unreachable");
  });

  const silences: readonly (readonly [
    what: string,
    start: (
      t: Parameters<typeof rawServer>[0],
    ) => Promise<{ address: string; port: number; open: () => number }>,
  ])[] = [
    ["a host that sends nothing", (t) => rawServer(t, (socket) => void socket.resume())],
    [
      "a host that only says who it is",
      (t) => rawServer(t, (socket) => socket.resume().write("SSH-2.0-halts\r\n")),
    ],
    ["a host that does not answer a login", (t) => serverFor(t, { onLogin: () => undefined })],
  ];
  for (const [what, start] of silences) {
    it(`time out on ${what}`, async (t) => {
      const silent = await start(t);
      const startMs = performance.now();
      await failsWith(client.open().connect, patientHost(silent, { connectTimeoutMs: shortMs }), "timed-out");
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs < shortMs + slackMs, `${tookMs} ms`);
      await until(() => silent.open() === 0, "the connection is closed");
      await nothingIsLeft();
    });

    it(`end when ${what} is given up`, async (t) => {
      const silent = await start(t);
      const stop = new AbortController();
      const failing = failure(client.open().connect, patientHost(silent), stop.signal);
      await until(() => silent.open() === 1, "it is connected");
      stop.abort();
      assert.equal((await failing).code, "aborted");
      await until(() => silent.open() === 0, "the connection is closed");
      await nothingIsLeft();
    });
  }

  it("do not even begin with a signal that has fired", async (t) => {
    const server = await serverFor(t);
    const error = await failure(client.open().connect, patientHost(server), AbortSignal.abort());
    assert.deepEqual([error.code, server.connections()], ["aborted", 0]);
  });
});

contract("failures of a command", (client) => {
  const stopped = (command: string, accept: () => ServerChannel): void => {
    const channel = accept();
    channel.write("half a table");
    if (command === "hang") return;
    channel.exit(0);
    channel.end();
  };
  const goesOn = async (connection: Connection): Promise<void> =>
    assert.equal((await connection.exec("next", patient)).code, 0);

  it("that closes its channel without a status: the connection is lost, and others go on", async (t) => {
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
    it(`on a host that ${what}: it may have been sent, and the next one is not`, async (t) => {
      const { connection, proxy, server } = await throughProxy(t, client);
      const lost = rejection(connection.exec("hang", patient));
      await until(() => server.commands.length === 1, "the command runs");
      fault(proxy);
      const error = await lost;
      assert.deepEqual([error.code, error.sent], ["connection-lost", undefined]);
      await isLost(connection, server);
    });

  it("on a host that freezes: keepalives find out", async (t) => {
    const { connection, proxy, server } = await throughProxy(t, client, 1000);
    const lost = rejection(connection.exec("hang", patient));
    await until(() => server.commands.length === 1, "the command runs");
    proxy.set({ kind: "black-hole" });
    const error = await lost;
    assert.deepEqual([error.code, error.sent], ["connection-lost", undefined]);
    await isLost(connection, server);
  });

  it("at its deadline: its channel is closed and the connection goes on", async (t) => {
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

  it("that is given up: it is never sent later, and the connection goes on", async (t) => {
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

  it("that is given up while beforeSend is awaited: it is not sent", async (t) => {
    const { connection, server } = await connected(t, client);
    const stop = new AbortController();
    const beforeSend = (): Promise<void> => Promise.resolve(stop.abort());
    const error = await rejection(
      connection.exec("logoff 7", { ...patient, signal: stop.signal, beforeSend }),
    );
    assert.deepEqual([error.code, error.sent], ["aborted", false]);
    await goesOn(connection);
    assert.deepEqual(server.commands, ["next"]);
  });

  it("whose channel is never opened: it times out and cannot start later", async (t) => {
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

  it("on a host that refuses every channel: it is not sent", async (t) => {
    const { connection, server } = await connected(t, client, { maxSessions: 0 });
    const error = await rejection(connection.exec("x", patient));
    assert.deepEqual([error.code, error.sent], ["command-failed", false]);
    assert.deepEqual(server.commands, []);
  });

  it("that the host refuses to start: it has failed", async (t) => {
    const script: Script = { onExec: (_command, _accept, reject) => reject() };
    const { connection } = await connected(t, client, script);
    assert.equal((await rejection(connection.exec("x", patient))).code, "command-failed");
  });

  it("that writes without end: it is given up", async (t) => {
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

  it("whose connection ends before its output is complete: half a result is none", async (t) => {
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
  t: Parameters<typeof connected>[0],
  client: TestedClient,
  keepaliveMs = 0,
  onExec: Script["onExec"] = (_command, accept) => void accept().write("half a table"),
): Promise<{ readonly connection: Connection; readonly proxy: FaultProxy; readonly server: ScriptedServer }> {
  const server = await serverFor(t, { onExec });
  const proxy = await startFaultProxy(server);
  t.after(() => proxy.close());
  const connection = await client.open().connect(patientHost(proxy, { keepaliveMs }), never);
  t.after(() => connection.close());
  return { connection, proxy, server };
}

/** Expects that the connection sends nothing any more, and does not come back by itself. */
async function isLost(connection: Connection, server: ScriptedServer): Promise<void> {
  let asked = 0;
  const beforeSend = (): Promise<void> => Promise.resolve(void (asked += 1));
  const next: LogoffError = await rejection(connection.exec("next", { ...patient, beforeSend }));
  assert.deepEqual([next.code, next.sent], ["connection-lost", false]);
  assert.deepEqual([asked, server.commands], [0, ["hang"]]);
}
