import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { ServerChannel, Connection as ServerConnection } from "ssh2";
import { orAborted } from "../../../provider/base/abort";
import { systemClock, type Clock } from "../../../provider/base/clock";
import { LogoffError } from "../../../provider/base/errors";
import type { Connection, Host } from "../../../provider/connection";
import { openSsh, type SshOptions } from "../../../provider/ssh/open-ssh";
import {
  bareOptions,
  holdTimers,
  hostOf,
  never,
  startServer,
  until,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

const quick = { timeoutMs: 20_000 };

async function connected(
  t: TestContext,
  script: Script,
  changes: Partial<Host> = {},
  options: Partial<SshOptions> = {},
): Promise<{ server: ScriptedServer; connection: Connection }> {
  const server = await startServer({ password: "open sesame", ...script });
  t.after(() => server.close());
  const connection = await openSsh(bareOptions(options)).connect(hostOf(server, changes), never);
  t.after(() => connection.close());
  return { server, connection };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const socketOf = (client: ServerConnection): Socket => (client as unknown as { _sock: Socket })._sock;

/** A clock on which every pause lasts until it is cancelled. */
function holdSleeps(): { clock: Clock; running: () => number } {
  let running = 0;
  const sleep: Clock["sleep"] = (_ms, signal) => {
    running += 1;
    return orAborted(new Promise<never>(() => undefined), signal);
  };
  return { clock: { ...systemClock, sleep }, running: () => running };
}

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
    const connection = await openSsh(bareOptions({ debug: (line) => lines.push(line) })).connect(
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
    const lost = { code: "connection-lost", message: /without an exit status/u };
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
    await cut(connected(t, { onExec: (_command, _accept, _reject, client) => void client.end() }));
    await cut(
      connected(t, { onExec: (_command, _accept, _reject, client) => socketOf(client).resetAndDestroy() }),
    );
    let reset = (): void => undefined;
    const debug = (line: string): void => {
      if (/Inbound: CHANNEL_DATA/u.test(line)) reset();
    };
    await cut(
      connected(
        t,
        {
          onExec: (_command, accept, _reject, client) => {
            reset = () => void socketOf(client).resetAndDestroy();
            accept().write("half");
          },
        },
        {},
        { debug },
      ),
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
          const socket = socketOf(client);
          socket.removeAllListeners("data");
          socket.resume();
        },
      },
      { keepaliveMs: 40 },
    );
    await assert.rejects(connection.exec("x", quick), { code: "connection-lost", message: /keepalives/u });
  });

  it("keepalives that are answered keep a quiet connection", async (t) => {
    let keepalives = 0;
    const debug = (line: string): void => {
      if (/GLOBAL_REQUEST \(keepalive@openssh\.com\)/u.test(line)) keepalives += 1;
    };
    const { connection } = await connected(t, { debug }, { keepaliveMs: 20 });
    await until(() => keepalives >= 8, "many keepalives were sent");
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

  it("a command that does not end leaves the connection usable", async (t) => {
    const { clock, expire } = holdTimers(100);
    const { connection, server } = await connected(t, { onExec: hang }, {}, { clock });
    const gaveUp = { code: "timed-out", message: /within 0\.1 s/u };
    const given = assert.rejects(connection.exec("hang", { timeoutMs: 100 }), gaveUp);
    await until(() => server.commands.length === 1, "the command runs");
    expire();
    await given;
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("a channel that is never opened ends the connection: the command cannot run later", async (t) => {
    const { connection, server } = await connected(t, { onSession: () => false });
    await assert.rejects(connection.exec("logoff 7", { timeoutMs: 100 }), { code: "timed-out" });
    await assert.rejects(connection.exec("x", quick), { code: "connection-lost" });
    await until(() => server.open() === 0, "the connection is closed");
    assert.deepEqual(server.commands, []);
  });

  it("a channel that is not opened in time while another command runs leaves that one alone", async (t) => {
    const { clock, expire } = holdTimers(100);
    let finish = (): void => undefined;
    const { connection, server } = await connected(
      t,
      {
        onSession: (_accept, _reject, count) => count === 1,
        onExec: (_command, accept) => {
          const channel = accept();
          finish = () => {
            channel.exit(0);
            channel.end();
          };
        },
      },
      {},
      { clock },
    );
    const first = connection.exec("first", quick);
    await until(() => server.commands.length === 1, "the first command runs");
    const second = assert.rejects(connection.exec("second", { timeoutMs: 100 }), { code: "timed-out" });
    await new Promise((resolve) => setImmediate(resolve));
    expire();
    await second;
    finish();
    assert.equal((await first).code, 0);
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
    await assert.rejects(connection.exec("flood", quick), {
      code: "output-unrecognised",
      message: /8 MiB/u,
    });
    assert.equal((await connection.exec("next", quick)).code, 0);
  });

  it("a connection that dies after the exit status and before the end of the output: half a list is no list", async (t) => {
    let cut = (): void => undefined;
    const debug = (line: string): void => {
      if (/CHANNEL_REQUEST .*exit-status/u.test(line)) cut();
    };
    const onExec: Script["onExec"] = (_command, accept, _reject, client) => {
      cut = () => void socketOf(client).destroy();
      const channel = accept();
      channel.write("first half of the list\n");
      channel.exit(0);
    };
    const { connection } = await connected(t, { onExec }, {}, { debug });
    await assert.rejects(connection.exec("qwinsta", quick), { code: "connection-lost" });
  });
});

describe("a cancelled command says aborted, is not sent any more, and leaves the connection usable", () => {
  const endAtOnce = (accept: () => ServerChannel): void => {
    const channel = accept();
    channel.exit(0);
    channel.end();
  };
  const aborted = { code: "aborted" };

  it("while it waits for its turn", async (t) => {
    const running: ServerChannel[] = [];
    const { connection, server } = await connected(t, {
      onExec: (command, accept) => (command === "slow" ? void running.push(accept()) : endAtOnce(accept)),
    });
    const others = Array.from({ length: 4 }, () => connection.exec("slow", quick));
    const stop = new AbortController();
    const waiting = assert.rejects(connection.exec("waits", { ...quick, signal: stop.signal }), aborted);
    await until(() => running.length === 4, "every turn is taken");
    stop.abort();
    await waiting;
    running.forEach((channel) => void (channel.exit(0), channel.end()));
    await Promise.all(others);
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.ok(!server.commands.includes("waits"));
  });

  it("before it is asked for", async (t) => {
    const { connection, server } = await connected(t, {});
    await assert.rejects(connection.exec("x", { ...quick, signal: AbortSignal.abort() }), aborted);
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.deepEqual(server.commands, ["next"]);
  });

  it("while the host opens its channel", async (t) => {
    let open: (() => void) | undefined;
    const closed: string[] = [];
    const { connection, server } = await connected(t, {
      onSession: (accept, _reject, count) => {
        if (count === 1) open = accept;
        return count > 1;
      },
      debug: (line) => {
        if (/Inbound: CHANNEL_CLOSE/u.test(line)) closed.push(line);
      },
    });
    const stop = new AbortController();
    const cancelled = assert.rejects(connection.exec("logoff 7", { ...quick, signal: stop.signal }), aborted);
    await until(() => open !== undefined, "a channel was asked for");
    stop.abort();
    await cancelled;
    open?.();
    await until(() => closed.length === 1, "the channel was closed again");
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.deepEqual(server.commands, ["next"]);
  });

  it("while it is sent: the host has not answered yet", async (t) => {
    let start: (() => ServerChannel) | undefined;
    const { connection, server } = await connected(t, {
      onExec: (command, accept) => (command === "hang" ? void (start = accept) : endAtOnce(accept)),
    });
    const stop = new AbortController();
    const cancelled = assert.rejects(connection.exec("hang", { ...quick, signal: stop.signal }), aborted);
    await until(() => start !== undefined, "the command has arrived");
    stop.abort();
    await cancelled;
    const late = start?.();
    late?.on("error", () => undefined).end("late words");
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("while it runs", async (t) => {
    const { connection, server } = await connected(t, {
      onExec: (command, accept) => (command === "hang" ? void accept().write("some") : endAtOnce(accept)),
    });
    const stop = new AbortController();
    const cancelled = assert.rejects(connection.exec("hang", { ...quick, signal: stop.signal }), aborted);
    await until(() => server.commands.length === 1, "the command runs");
    stop.abort();
    await cancelled;
    await assert.rejects(connection.exec("next", { ...quick, signal: stop.signal }), aborted);
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("while it waits for room on the host", async (t) => {
    const { clock, running: pausing } = holdSleeps();
    const { connection, server } = await connected(t, { maxSessions: 0 }, {}, { clock });
    const stop = new AbortController();
    const cancelled = assert.rejects(connection.exec("x", { ...quick, signal: stop.signal }), aborted);
    await until(() => pausing() === 1, "it waits");
    stop.abort();
    await cancelled;
    assert.deepEqual(server.commands, []);
  });

  it("although its connection is lost in the same moment", async (t) => {
    const { connection, server } = await connected(t, { onExec: (_command, accept) => void accept() });
    const stop = new AbortController();
    const cancelled = Array.from({ length: 6 }, () =>
      assert.rejects(connection.exec("hang", { ...quick, signal: stop.signal }), aborted),
    );
    await until(() => server.commands.length === 4, "four commands run");
    stop.abort();
    await Promise.all([connection.close(), ...cancelled]);
  });
});

describe("many commands", () => {
  it("run four at once; waiting for a turn is not part of the timeout", async (t) => {
    const { clock, running: timers } = holdTimers(1100);
    const running: ServerChannel[] = [];
    const onExec: Script["onExec"] = (_command, accept) => void running.push(accept());
    const { connection, server } = await connected(t, { onExec }, {}, { clock });
    const all = Promise.all(Array.from({ length: 12 }, () => connection.exec("x", { timeoutMs: 1100 })));
    for (const commands of [4, 8, 12]) {
      await until(() => server.commands.length === commands, `${commands} commands have been sent`);
      // The others have neither a channel nor a deadline.
      assert.deepEqual([running.length, timers()], [4, 4]);
      for (const channel of running.splice(0)) {
        channel.exit(0);
        channel.end();
      }
    }
    assert.ok((await all).every(({ code }) => code === 0));
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
    await connection.close();
    await until(() => server.open() === 0, "the connection is closed");
    assert.deepEqual([turns, refusals, server.commands], [2, 1, []]);
  });

  it("are not told that their turn has come on a connection that died meanwhile", async (t) => {
    let running = 0;
    const { connection } = await connected(t, {
      onExec: (_command, accept, _reject, client) => {
        accept();
        running += 1;
        if (running === 2) client.end();
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
    const clock = {
      ...systemClock,
      sleep: (_ms: number, signal: AbortSignal) => systemClock.sleep(1, signal),
    };
    const { connection } = await connected(t, { maxSessions: 0 }, {}, { clock });
    await assert.rejects(connection.exec("x", quick), {
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
        const socket = socketOf(client);
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
    const connection = await openSsh(bareOptions({ clock: endless })).connect(hostOf(server), never);
    await connection.close();
    const goodbye = (line: string): boolean => /Received DISCONNECT \(11,/u.test(line);
    await until(() => seen.some(goodbye), "the goodbye has arrived");
  });

  it("ends commands that still run", async (t) => {
    const { connection, server } = await connected(t, { onExec: (_command, accept) => void accept() });
    const running = assert.rejects(connection.exec("x", quick), {
      code: "connection-lost",
      message: /we closed it/u,
    });
    await until(() => server.commands.length === 1, "the command runs");
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
