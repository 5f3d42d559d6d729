import assert from "node:assert/strict";
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

const socketOf = (client: ServerConnection): Socket => (client as unknown as { _sock: Socket })._sock;

/** A clock whose pauses last until they are cancelled. */
function holdSleeps(): { clock: Clock; running: () => number } {
  let running = 0;
  const sleep: Clock["sleep"] = (_ms, signal) => {
    running += 1;
    return orAborted(new Promise<never>(() => undefined), signal);
  };
  return { clock: { ...systemClock, sleep }, running: () => running };
}

describe("a lost connection", () => {
  it("is the error of a running command and of the next one", async (t) => {
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

  it("is detected by keepalives when the host disappears", async (t) => {
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

  it("does not result from silence while keepalives are answered", async (t) => {
    let keepalives = 0;
    const debug = (line: string): void => {
      if (/GLOBAL_REQUEST \(keepalive@openssh\.com\)/u.test(line)) keepalives += 1;
    };
    const { connection } = await connected(t, { debug }, { keepaliveMs: 20 });
    await until(() => keepalives >= 8, "many keepalives were sent");
    assert.equal((await connection.exec("x", quick)).code, 0);
  });
});

describe("an abandoned command", () => {
  it("ends the connection when its channel is never opened, so that it cannot run later", async (t) => {
    const { connection, server } = await connected(t, { onSession: () => false });
    await assert.rejects(connection.exec("logoff 7", { timeoutMs: 100 }), { code: "timed-out" });
    await assert.rejects(connection.exec("x", quick), { code: "connection-lost" });
    await until(() => server.open() === 0, "the connection is closed");
    assert.deepEqual(server.commands, []);
  });

  it("leaves another running command alone when its channel is not opened in time", async (t) => {
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

  it("has no result when the connection dies between the exit status and the end of the output", async (t) => {
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

describe("a cancelled command rejects with aborted, is never sent later, and leaves the connection usable", () => {
  const endAtOnce = (accept: () => ServerChannel): void => {
    const channel = accept();
    channel.exit(0);
    channel.end();
  };
  const aborted = { code: "aborted" };

  it("when it is cancelled while it waits for a slot", async (t) => {
    const running: ServerChannel[] = [];
    const { connection, server } = await connected(t, {
      onExec: (command, accept) => (command === "slow" ? void running.push(accept()) : endAtOnce(accept)),
    });
    const others = Array.from({ length: 4 }, () => connection.exec("slow", quick));
    const stop = new AbortController();
    const waiting = assert.rejects(connection.exec("waits", { ...quick, signal: stop.signal }), aborted);
    await until(() => running.length === 4, "every slot is taken");
    stop.abort();
    await waiting;
    running.forEach((channel) => void (channel.exit(0), channel.end()));
    await Promise.all(others);
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.ok(!server.commands.includes("waits"));
  });

  it("when it is cancelled while the host opens its channel", async (t) => {
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
    await until(() => open !== undefined, "a channel was requested");
    stop.abort();
    await cancelled;
    open?.();
    await until(() => closed.length === 1, "the channel was closed");
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.deepEqual(server.commands, ["next"]);
  });

  it("when it is cancelled before the host answers", async (t) => {
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
    late?.on("error", () => undefined).end("late output");
    assert.equal((await connection.exec("next", quick)).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("when it is cancelled while it waits to retry its channel", async (t) => {
    const { clock, running: pausing } = holdSleeps();
    const { connection, server } = await connected(t, { maxSessions: 0 }, {}, { clock });
    const stop = new AbortController();
    const cancelled = assert.rejects(connection.exec("x", { ...quick, signal: stop.signal }), aborted);
    await until(() => pausing() === 1, "it waits");
    stop.abort();
    await cancelled;
    assert.deepEqual(server.commands, []);
  });

  it("when its connection is lost at the same moment", async (t) => {
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

describe("concurrent commands", () => {
  it("run four at a time, and waiting for a slot does not count towards the timeout", async (t) => {
    const { clock, running: timers } = holdTimers(1100);
    const running: ServerChannel[] = [];
    const onExec: Script["onExec"] = (_command, accept) => void running.push(accept());
    const { connection, server } = await connected(t, { onExec }, {}, { clock });
    const all = Promise.all(Array.from({ length: 12 }, () => connection.exec("x", { timeoutMs: 1100 })));
    for (const commands of [4, 8, 12]) {
      await until(() => server.commands.length === commands, `${commands} commands have been sent`);
      // Waiting commands have neither a channel nor a deadline.
      assert.deepEqual([running.length, timers()], [4, 4]);
      for (const channel of running.splice(0)) {
        channel.exit(0);
        channel.end();
      }
    }
    assert.ok((await all).every(({ code }) => code === 0));
  });

  it("await beforeSend before each attempt, and are not sent when it rejects", async (t) => {
    const { connection, server } = await connected(t, {
      onSession: (_accept, reject, count) => {
        if (count > 1) return true;
        reject();
        return false;
      },
    });
    let turns = 0;
    const beforeSend = async (): Promise<void> => {
      await new Promise(setImmediate);
      turns += 1;
      if (turns > 1) throw new LogoffError("aborted", "Stopped");
    };
    await assert.rejects(connection.exec("logoff 7", { ...quick, beforeSend }), {
      code: "aborted",
      sent: false,
    });
    await connection.close();
    await until(() => server.open() === 0, "the connection is closed");
    assert.deepEqual([turns, server.commands], [2, []]);
  });

  it("do not call beforeSend on a connection that died while they waited", async (t) => {
    let running = 0;
    const { connection } = await connected(t, {
      onExec: (_command, accept, _reject, client) => {
        accept();
        running += 1;
        if (running === 2) client.end();
      },
    });
    let turns = 0;
    const beforeSend = (): Promise<void> => Promise.resolve(void (turns += 1));
    const all = Array.from({ length: 6 }, () =>
      connection.exec("logoff 7", { ...quick, mayBlock: true, beforeSend }),
    );
    const ends = await Promise.allSettled(all);
    const sent = ends.map((end) =>
      end.status === "rejected" ? (end.reason as LogoffError).sent : "answered",
    );
    assert.deepEqual([turns, sent], [2, [undefined, undefined, false, false, false, false]]);
  });

  it("fail when the host refuses every channel", async (t) => {
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
});

describe("goodbye", () => {
  it("is sent without waiting for the host to close the connection", async (t) => {
    const seen: string[] = [];
    const server = await startServer({
      password: "open sesame",
      debug: (line) => void seen.push(line),
      onConnection: (client) => {
        // The host receives the goodbye and the end of our data, but keeps its side open.
        const socket = socketOf(client);
        socket.allowHalfOpen = true;
        socket.end = () => socket;
      },
    });
    t.after(() => server.close());
    // The time limit of the goodbye never expires, so that it cannot be what ends the wait.
    const endless: Clock = {
      ...systemClock,
      after: (ms, wake) => (ms === 1000 ? () => undefined : systemClock.after(ms, wake)),
    };
    const connection = await openSsh(bareOptions({ clock: endless })).connect(hostOf(server), never);
    await connection.close();
    const goodbye = (line: string): boolean => /Received DISCONNECT \(11,/u.test(line);
    await until(() => seen.some(goodbye), "the goodbye has arrived");
  });

  it("succeeds when the host resets the connection", async (t) => {
    const { connection, server } = await connected(t, {
      onConnection: (client) => client.on("end", () => undefined),
    });
    const closing = connection.close();
    await server.close().catch(() => undefined);
    await closing;
  });
});
