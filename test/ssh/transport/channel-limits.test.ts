/** Hosts that allow fewer channels per connection than we would use. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ServerChannel } from "ssh2";
import { systemClock, type Clock } from "../../../provider/base/clock";
import type { Connection } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import {
  bareOptions,
  holdTimers,
  hostOf,
  never,
  serverFor,
  until,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

const quick = { timeoutMs: 20_000 };
/** A clock that fails on a pause: the end of a channel must start the next command, not a timer. */
const failOnSleep = (): never => assert.fail("unexpected pause");
const withoutPauses: Clock = { ...systemClock, sleep: failOnSleep };

async function connected(
  t: TestContext,
  script: Script,
  clock: Clock = withoutPauses,
): Promise<{ server: ScriptedServer; connection: Connection }> {
  const server = await serverFor(t, script);
  const connection = await openSsh(bareOptions({ clock })).connect(hostOf(server), never);
  t.after(() => connection.close());
  return { server, connection };
}

function end(channel: ServerChannel): void {
  channel.exit(0);
  channel.end();
}

describe("a host that refuses another channel while others are open", () => {
  const refusals = [
    { reason: 2, words: "open failed" },
    { reason: 1, words: "too many sessions" },
    { reason: 4, words: "" },
    { reason: 3, words: "unknown" },
    { reason: 0xfe00_0001, words: "Zu viele Sitzungen" },
  ];
  for (const refusal of refusals)
    for (const maxSessions of [1, 2, 3])
      it(`runs ${maxSessions} commands concurrently when it refuses with reason ${refusal.reason}`, async (t) => {
        const deadlines = holdTimers(1500);
        const running: ServerChannel[] = [];
        const onExec: Script["onExec"] = (_command, accept) => void running.push(accept());
        const script = { maxSessions, refusal, onExec };
        const { connection, server } = await connected(t, script, { ...deadlines.clock, sleep: failOnSleep });
        const all = Array.from({ length: 7 }, (_, index) =>
          connection.exec(String(index), { timeoutMs: 1500 }),
        );
        for (let done = 0; done < 7; done += 1) {
          const expected = Math.min(7, done + maxSessions);
          await until(() => server.commands.length === expected, `${expected} commands have been sent`);
          // Waiting commands have no deadline: it starts with the command.
          await until(() => deadlines.running() === running.length, "only running commands have a deadline");
          end(running.shift()!);
        }
        for (const command of all) assert.equal((await command).code, 0);
        assert.equal(new Set(server.commands).size, 7, "each is sent once");
        assert.equal(server.connections(), 1);
      });

  it("runs every command when it refuses the command instead of the channel", async (t) => {
    const running: ServerChannel[] = [];
    const { connection, server } = await connected(t, {
      onExec: (_command, accept, reject) => {
        if (running.length > 0) reject();
        else running.push(accept());
      },
    });
    const all = ["a", "b", "c"].map((command) => connection.exec(command, quick));
    for (let done = 0; done < 3; done += 1) {
      await until(() => running.length === 1, "a command runs");
      end(running.pop()!);
    }
    for (const command of all) assert.equal((await command).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("runs a listing while commands block", async (t) => {
    const blocked: ServerChannel[] = [];
    const { connection } = await connected(t, {
      maxSessions: 2,
      onExec: (command, accept) => {
        const channel = accept();
        if (command === "list") end(channel);
        else blocked.push(channel);
      },
    });
    // Three concurrent commands reveal the limit.
    await Promise.all(["list", "list", "list"].map((command) => connection.exec(command, quick)));
    const logoffs = [1, 2].map(() => connection.exec("logoff", { ...quick, mayBlock: true }));
    await until(() => blocked.length === 1, "a logoff runs");
    assert.equal((await connection.exec("list", quick)).code, 0);
    assert.equal(blocked.length, 1);
    end(blocked[0]!);
    await until(() => blocked.length === 2, "the other logoff runs");
    end(blocked[1]!);
    for (const logoff of logoffs) assert.equal((await logoff).code, 0);
  });

  it("runs every command when it still counts a channel that was just closed", async (t) => {
    let refuseNext = false;
    const shortPauses = {
      ...systemClock,
      sleep: (_ms: number, signal: AbortSignal) => systemClock.sleep(1, signal),
    };
    const onSession: Script["onSession"] = (_accept, reject) => {
      if (!refuseNext) return true;
      refuseNext = false;
      reject();
      return false;
    };
    const { connection, server } = await connected(t, { onSession }, shortPauses);
    for (let count = 0; count < 5; count += 1) {
      assert.equal((await connection.exec("x", quick)).code, 0);
      refuseNext = true;
    }
    assert.equal(server.connections(), 1);
  });

  it("is reported as forbidding commands when it refuses the first channel", async (t) => {
    const { connection } = await connected(t, {
      maxSessions: 0,
      refusal: { reason: 1, words: "no\u001b[2Jt here" },
    });
    await assert.rejects(connection.exec("x", quick), {
      code: "command-failed",
      message: /its configuration forbids it: .*no \[2Jt here/u,
    });
  });
});

describe("a host that allows one command per connection", () => {
  /** Like tinysshd: the connection ends with its only channel. */
  const tiny = (
    onCommand: (command: string, channel: ServerChannel) => void = (_c, channel) => end(channel),
  ): Script => ({
    channelsEver: 1,
    refusal: { reason: 1, words: "only one 'session' channel allowed" },
    onExec: (command, accept, _reject, client) => {
      const channel = accept();
      channel.on("close", () => client.end()).resume();
      onCommand(command, channel);
    },
  });

  it("gets one connection after another for concurrent commands", async (t) => {
    let now = 0;
    const { connection, server } = await connected(
      t,
      tiny((_command, channel) => {
        now += 1;
        assert.equal(now, 1);
        channel.on("close", () => (now -= 1));
        end(channel);
      }),
      systemClock,
    );
    const together = ["a", "b", "c", "d", "e"].map((command) => connection.exec(command, quick));
    for (const command of together) assert.equal((await command).code, 0);
    for (const command of ["f", "g"]) assert.equal((await connection.exec(command, quick)).code, 0);
    assert.deepEqual(server.commands.toSorted(), ["a", "b", "c", "d", "e", "f", "g"]);
    assert.equal(server.connections(), 7);
    await connection.close();
    await until(() => server.open() === 0, "every connection is closed");
  });

  it("gets a new connection for each sequential command", async (t) => {
    const { connection, server } = await connected(t, tiny(), systemClock);
    for (const command of ["a", "b", "c"]) {
      assert.equal((await connection.exec(command, quick)).code, 0);
      const ended = server.connections();
      await until(() => server.open() === 0, `connection ${ended} is closed`);
    }
    assert.equal(server.connections(), 3);
  });

  it("gets a new connection for each command when it keeps the old one open", async (t) => {
    const shortPauses = {
      ...systemClock,
      sleep: (_ms: number, signal: AbortSignal) => systemClock.sleep(1, signal),
    };
    const { connection, server } = await connected(t, { channelsEver: 1 }, shortPauses);
    for (const command of ["a", "b", "c"]) assert.equal((await connection.exec(command, quick)).code, 0);
    assert.equal(server.connections(), 3);
    await connection.close();
    await until(() => server.open() === 0, "every connection is closed");
  });

  it("loses its connection when it may have restarted since the last command", async (t) => {
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    const { connection, server } = await connected(t, tiny(), clock);
    await connection.exec("a", quick);
    await connection.exec("b", quick);
    await until(() => server.open() === 0, "the connection is closed");
    laterMs = 5000;
    let turns = 0;
    const beforeSend = (): Promise<void> => Promise.resolve(void (turns += 1));
    await assert.rejects(connection.exec("logoff 7", { ...quick, beforeSend }), {
      code: "connection-lost",
      sent: false,
    });
    assert.deepEqual([turns, server.commands], [0, ["a", "b"]]);
  });

  it("loses its connection when a new one fails", async (t) => {
    let isDown = false;
    const script = tiny();
    const { connection, server } = await connected(
      t,
      { ...script, onLogin: (context) => (isDown ? context.reject(["publickey"]) : context.accept()) },
      systemClock,
    );
    await connection.exec("a", quick);
    await until(() => server.open() === 0, "the connection is closed");
    isDown = true;
    await assert.rejects(connection.exec("b", quick), {
      code: "connection-lost",
      message: /a new connection failed: /,
    });
    assert.deepEqual(server.commands, ["a"]);
  });

  for (const how of ["cancel", "close"] as const)
    it(`ends a command that waits for its connection on ${how}`, async (t) => {
      let answers = true;
      const { connection, server } = await connected(
        t,
        {
          ...tiny(),
          onLogin: (context) => {
            if (answers) context.accept();
          },
        },
        systemClock,
      );
      await connection.exec("a", quick);
      await until(() => server.open() === 0, "the connection is closed");
      answers = false;
      const stop = new AbortController();
      const code = how === "cancel" ? "aborted" : "connection-lost";
      const waiting = assert.rejects(connection.exec("b", { ...quick, signal: stop.signal }), { code });
      await until(() => server.logins.length > 1, "it connects again");
      if (how === "cancel") stop.abort();
      await Promise.all([waiting, how === "close" ? connection.close() : undefined]);
      await connection.close();
      await until(() => server.open() === 0, "every connection is closed");
      assert.deepEqual(server.commands, ["a"]);
    });
});
