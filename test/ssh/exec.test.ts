import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { Connection as ServerConnection, ServerChannel } from "ssh2";
import { systemClock, type Clock } from "../../provider/async";
import type { Connection, Host } from "../../provider/connection";
import { LogoffError } from "../../provider/errors";
import { sshConnect } from "../../provider/ssh/connect";
import { bareOptions, hostOf, never, startServer, type Script, type ScriptedServer } from "./scripted-server";

const connect = sshConnect(bareOptions());
const quick = { timeoutMs: 2000 };

async function connected(
  t: TestContext,
  script: Script,
  changes: Partial<Host> = {},
): Promise<{ server: ScriptedServer; connection: Connection }> {
  const server = await startServer({ password: "open sesame", ...script });
  t.after(() => server.close());
  const connection = await connect(hostOf(server, changes), never);
  t.after(() => connection.close());
  return { server, connection };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a command", () => {
  it("leaves its bytes and its code", async (t) => {
    const out = randomBytes(700_000);
    const { connection } = await connected(t, {
      onExec: (_command, accept) => {
        const channel = accept();
        channel.stderr.write(Buffer.of(0x8e, 0xff));
        channel.write(out);
        channel.exit(3);
        channel.end();
      },
    });
    const result = await connection.exec("x", quick);
    assert.equal(result.code, 3);
    assert.deepEqual(Buffer.from(result.stdout), out);
    assert.deepEqual([...result.stderr], [0x8e, 0xff]);
  });

  it("may be ended by a signal", async (t) => {
    const { connection } = await connected(t, {
      onExec: (_command, accept) => {
        const channel = accept();
        channel.exit("KILL", false, "");
        channel.end();
      },
    });
    const result = await connection.exec("x", quick);
    assert.equal(result.signal, "SIGKILL");
    assert.equal(result.code, undefined);
  });

  it("gets its standard input and then its end, also without any", async (t) => {
    const { connection } = await connected(t, {
      onExec: (_command, accept) => {
        const channel = accept();
        const chunks: Buffer[] = [];
        channel.on("data", (chunk: Buffer) => chunks.push(chunk));
        channel.on("end", () => {
          channel.write(Buffer.concat([Buffer.from("["), ...chunks, Buffer.from("]")]));
          channel.exit(0);
          channel.end();
        });
      },
    });
    assert.equal(text((await connection.exec("x", quick)).stdout), "[]");
    const stdin = Buffer.from("gr\u00fc\u00dfe", "latin1");
    assert.equal(text((await connection.exec("x", { ...quick, stdin })).stdout), "[gr\u00fc\u00dfe]");
  });

  it("asks for nothing but itself: no terminal, no environment, no agent", async (t) => {
    const lines: string[] = [];
    const server = await startServer({ password: "open sesame" });
    t.after(() => server.close());
    const connection = await sshConnect(bareOptions({ debug: (line) => lines.push(line) }))(
      hostOf(server),
      never,
    );
    await connection.exec("x", quick);
    await connection.close();
    const requests = lines.filter((line) => /Outbound: Sending CHANNEL_REQUEST/u.test(line));
    assert.equal(requests.length, 1, requests.join("\n"));
    assert.match(requests[0] ?? "", /exec/u);
  });
});

describe("a lost connection is no result", () => {
  it("a channel closed without a status", async (t) => {
    const { connection } = await connected(t, {
      onExec: (command, accept) => {
        const channel = accept();
        if (command === "first") channel.write("half a table");
        else channel.exit(0);
        channel.end();
      },
    });
    const lost = { code: "connection-lost", message: /without saying how it ended/u };
    await assert.rejects(connection.exec("first", quick), lost);
    assert.equal((await connection.exec("second", quick)).code, 0);
  });

  it("a connection cut in the middle", async (t) => {
    const cut = async (
      server: Promise<{ server: ScriptedServer; connection: Connection }>,
    ): Promise<void> => {
      const { connection } = await server;
      await assert.rejects(connection.exec("x", quick), { code: "connection-lost" });
      await assert.rejects(connection.exec("y", quick), { code: "connection-lost" });
      await connection.close();
    };
    const socketOf = (client: ServerConnection): { resetAndDestroy: () => void } =>
      (client as unknown as { _sock: { resetAndDestroy: () => void } })._sock;
    await cut(connected(t, { onExec: (_command, _accept, _reject, client) => void client.end() }));
    await cut(
      connected(t, { onExec: (_command, _accept, _reject, client) => socketOf(client).resetAndDestroy() }),
    );
    await cut(
      connected(t, {
        onExec: (_command, accept, _reject, client) => {
          accept().write("half");
          setTimeout(() => socketOf(client).resetAndDestroy(), 20);
        },
      }),
    );
    await cut(
      connected(t, {
        onSession: () => false,
        onConnection: (client) => client.on("session", () => void client.end()),
      }),
    );
  });

  it("a peer that vanishes is noticed by keepalives", async (t) => {
    const { connection } = await connected(
      t,
      {
        onExec: (_command, _accept, _reject, client) => {
          const socket = (client as unknown as { _sock: NodeJS.ReadableStream })._sock;
          socket.removeAllListeners("data");
          socket.resume();
        },
      },
      { keepaliveMs: 40 },
    );
    const start = performance.now();
    await assert.rejects(connection.exec("x", { timeoutMs: 5000 }), {
      code: "connection-lost",
      message: /keepalives/u,
    });
    assert.ok(performance.now() - start < 1500);
  });

  it("keepalives that are answered keep a quiet connection", async (t) => {
    const { connection } = await connected(t, {}, { keepaliveMs: 20 });
    await wait(200);
    assert.equal((await connection.exec("x", quick)).code, 0);
  });
});

describe("giving up", () => {
  const hang = (command: string, accept: () => ServerChannel): void => {
    const channel = accept();
    channel.write("some");
    if (command === "hang") return;
    channel.exit(0);
    channel.end();
  };

  it("a command that does not end: the connection stays usable", async (t) => {
    const { connection, server } = await connected(t, { onExec: hang });
    const gaveUp = { code: "timed-out", message: /after 0\.1 s/u };
    await assert.rejects(connection.exec("hang", { timeoutMs: 100 }), gaveUp);
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("a cancel", async (t) => {
    const { connection } = await connected(t, { onExec: hang });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await assert.rejects(connection.exec("hang", { timeoutMs: 5000, signal: stop.signal }), {
      code: "aborted",
    });
    await assert.rejects(connection.exec("next", { timeoutMs: 5000, signal: stop.signal }), {
      code: "aborted",
    });
    assert.equal((await connection.exec("next", quick)).code, 0);
  });

  it("a channel that is never opened: the command cannot run later", async (t) => {
    const { connection, server } = await connected(t, { onSession: () => false });
    await assert.rejects(connection.exec("logoff 7", { timeoutMs: 100 }), { code: "timed-out" });
    await assert.rejects(connection.exec("x", quick), { code: "connection-lost" });
    await wait(50);
    assert.deepEqual(server.commands, []);
    assert.equal(server.open(), 0);
  });

  it("more output than any listing has", async (t) => {
    const { connection } = await connected(t, {
      onExec: (command, accept) => {
        const channel = accept();
        const more = (): void => {
          while (channel.writable && channel.write(Buffer.alloc(64_000)));
        };
        if (command !== "flood") {
          channel.exit(0);
          return void channel.end();
        }
        channel.on("drain", more).on("error", () => undefined);
        more();
      },
    });
    await assert.rejects(connection.exec("flood", { timeoutMs: 5000 }), {
      code: "output-unrecognised",
      message: /8 MiB/u,
    });
    assert.equal((await connection.exec("next", quick)).code, 0);
  });

  it("a connection that dies after the exit status and before the end of the output: half a list is no list", async (t) => {
    const { connection } = await connected(t, {
      onExec: (_command, accept, _reject, client) => {
        const channel = accept();
        channel.write("first half of the list\n");
        channel.exit(0);
        setTimeout(() => (client as unknown as { _sock: Socket })._sock.destroy(), 50);
      },
    });
    await assert.rejects(connection.exec("qwinsta", quick), { code: "connection-lost" });
  });
});

describe("many commands", () => {
  it("run four at once; waiting for a turn is not part of the timeout", async (t) => {
    let running = 0;
    let most = 0;
    const { connection } = await connected(t, {
      onExec: (_command, accept) => {
        const channel = accept();
        most = Math.max(most, (running += 1));
        setTimeout(() => {
          running -= 1;
          channel.exit(0);
          channel.end();
        }, 400);
      },
    });
    // Three turns of 400 ms: longer than the timeout, and each of them far within it.
    await Promise.all(Array.from({ length: 12 }, () => connection.exec("x", { timeoutMs: 1100 })));
    assert.equal(most, 4);
  });

  it("wait a little when the host has no room", async (t) => {
    const { connection, server } = await connected(t, {
      onSession: (_accept, reject, count) => {
        if (count > 2) return true;
        reject();
        return false;
      },
    });
    // ssh2's server refuses with CONNECT_FAILED, as sshd does at MaxSessions
    assert.equal((await connection.exec("x", quick)).code, 0);
    assert.deepEqual(server.commands, ["x"]);
  });

  it("are told that their turn has come before each try, and not sent when they do not want it any more", async (t) => {
    const { connection, server } = await connected(t, {
      onSession: (_accept, reject, count) => {
        if (count > 1) return true;
        reject();
        return false;
      },
    });
    let turns = 0;
    let refusals = 0;
    const onNoRoom = (): void => void (refusals += 1);
    const onTurn = (): void => {
      turns += 1;
      if (turns > 1) throw new LogoffError("aborted", "Stopped meanwhile");
    };
    await assert.rejects(connection.exec("logoff 7", { ...quick, onTurn, onNoRoom }), {
      code: "aborted",
    });
    await wait(50);
    assert.deepEqual([turns, refusals, server.commands], [2, 1, []]);
  });

  it("are not told that their turn has come on a connection that died meanwhile", async (t) => {
    const { connection } = await connected(t, {
      onExec: (_command, accept, _reject, client) => {
        accept();
        setTimeout(() => client.end(), 20);
      },
    });
    let turns = 0;
    const onTurn = (): void => void (turns += 1);
    const all = Array.from({ length: 6 }, () =>
      connection.exec("logoff 7", { ...quick, mayBlock: true, onTurn }),
    );
    for (const { status } of await Promise.allSettled(all)) assert.equal(status, "rejected");
    assert.equal(turns, 2);
  });

  it("give up when the host never has room", async (t) => {
    const { connection } = await connected(t, {
      onSession: (_accept, reject) => {
        reject();
        return false;
      },
    });
    await assert.rejects(connection.exec("x", { timeoutMs: 8000 }), {
      code: "command-failed",
      message: /MaxSessions/u,
    });
  });

  it("a host that refuses to start commands", async (t) => {
    const { connection } = await connected(t, { onExec: (_command, _accept, reject) => reject() });
    await assert.rejects(connection.exec("x", quick), {
      code: "command-failed",
      message: /the host refused/u,
    });
  });
});

describe("goodbye", () => {
  it("is said, and does not wait for the host to hang up", async (t) => {
    const seen: string[] = [];
    const server = await startServer({
      password: "open sesame",
      debug: (line) => void seen.push(line),
      onConnection: (client) => {
        // It hears the goodbye and the end of what we send, and keeps its side open all the same.
        const socket = (client as unknown as { _sock: Socket })._sock;
        socket.allowHalfOpen = true;
        socket.end = () => socket;
      },
    });
    t.after(() => server.close());
    // The second that a goodbye may take at most never ends, so that it could not have been what ended the wait.
    const endless: Clock = {
      ...systemClock,
      after: (ms, wake) => (ms === 1000 ? () => undefined : systemClock.after(ms, wake)),
    };
    const connection = await sshConnect(bareOptions({ clock: endless }))(hostOf(server), never);
    await connection.close();
    await wait(20);
    assert.ok(seen.some((line) => /Received DISCONNECT \(11,/u.test(line)));
  });

  it("ends commands that still run", async (t) => {
    const { connection } = await connected(t, { onExec: (_command, accept) => void accept() });
    const running = assert.rejects(connection.exec("x", { timeoutMs: 5000 }), {
      code: "connection-lost",
      message: /we closed it/u,
    });
    await wait(30);
    await connection.close();
    await running;
  });

  it("a reset at goodbye is no failure", async (t) => {
    const { connection, server } = await connected(t, {
      onConnection: (client) => client.on("end", () => undefined),
    });
    const closing = connection.close();
    await server.close().catch(() => undefined);
    await closing;
  });
});
