/** What goes wrong before a connection is open: its code, how often it is tried, and its end at the deadline. */
import assert from "node:assert/strict";
import { connect as dial } from "node:net";
import { it, type TestContext } from "node:test";
import { rawServer } from "../ssh/raw-server";
import { serverFor, startServer, until } from "../ssh/scripted-server";
import {
  contract,
  failsWith,
  failure,
  nothingIsLeft,
  patientHost,
  patientMs,
  repeatedMs,
  shortMs,
  slackMs,
  visit,
} from "./contract";

contract("failures to connect", (client) => {
  it("to a closed port are repeated until the deadline", async () => {
    const gone = await startServer();
    await gone.close();
    const startMs = performance.now();
    const host = patientHost(gone, { connectTimeoutMs: repeatedMs });
    await failsWith(client.open().connect, host, "host-unreachable");
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= repeatedMs - 10 && tookMs < repeatedMs + slackMs, `${tookMs} ms`);
  });

  it("to a name that DNS does not know are not repeated", async () => {
    // Without a network too: a label may have 63 letters (RFC 1035 2.3.4).
    const host = patientHost({ address: `${"x".repeat(70)}.invalid`, port: 22 });
    const startMs = performance.now();
    await failsWith(client.open().connect, host, "host-unreachable");
    assert.ok(performance.now() - startMs < patientMs / 2, "it did not wait for the deadline");
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
    const host = patientHost(web, { awaited: true });
    await failsWith(client.open().connect, host, "host-unreachable");
  });

  const silences: readonly (readonly [
    what: string,
    start: (t: TestContext) => Promise<{ address: string; port: number; open: () => number }>,
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
