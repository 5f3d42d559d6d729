import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../provider/base/clock";
import type { LogoffError } from "../../provider/base/errors";
import type { Connection, ExecOptions, ExecResult } from "../../provider/connection";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { never, serverFor, testKey, until, type Script, type ScriptedServer } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const timeoutMs = 20_000;

async function connected(
  t: TestContext,
  script: Script,
): Promise<{ readonly server: ScriptedServer; readonly connection: Connection }> {
  const server = await serverFor(t, { key: testKey("user"), ...script });
  const connection = await openOpenSsh(machineOptions()).connect(keyHost(server), never);
  t.after(() => connection.close());
  return { server, connection };
}

/** The result of a command that answers in this way. */
async function resultOf(
  t: TestContext,
  onExec: NonNullable<Script["onExec"]>,
  options: Partial<ExecOptions> = {},
): Promise<ExecResult> {
  const { connection } = await connected(t, { onExec });
  return connection.exec("query", { timeoutMs, ...options });
}

function rejection(work: Promise<unknown>): Promise<LogoffError> {
  return work.then(
    () => assert.fail("resolved"),
    (error: unknown) => error as LogoffError,
  );
}

describe("a command over a master", { skip }, () => {
  for (const code of [0, 1, 7, 254, 255, 256, 1223, 0xc000013a])
    it(`has the exit status ${code}`, async (t) => {
      const result = await resultOf(t, (_command, accept) => {
        const channel = accept();
        channel.stderr.write("to stderr");
        channel.exit(code);
        channel.end();
      });
      assert.equal(result.code, code);
      assert.equal(Buffer.from(result.stderr).toString(), "to stderr");
      assert.equal(result.stdout.length, 0);
    });

  it("that is ended by a signal is a result", async (t) => {
    const result = await resultOf(t, (_command, accept) => {
      const channel = accept();
      channel.exit("KILL");
      channel.end();
    });
    assert.equal(typeof result.signal, "string");
  });

  it("whose channel closes without a status is lost, and the connection is not", async (t) => {
    const { connection } = await connected(t, {
      onExec: (command, accept) => {
        const channel = accept();
        if (command === "second") channel.exit(0);
        channel.end();
      },
    });
    const error = await rejection(connection.exec("first", { timeoutMs }));
    assert.equal(error.code, "connection-lost");
    assert.notEqual(error.sent, false);
    assert.equal((await connection.exec("second", { timeoutMs })).code, 0);
  });

  it("keeps every byte of input and output", async (t) => {
    const bytes = Buffer.alloc(3 * 1024 * 1024, Buffer.from(Array.from({ length: 256 }, (_, at) => at)));
    const result = await resultOf(
      t,
      (_command, accept) => {
        const channel = accept();
        const received: Buffer[] = [];
        channel.on("data", (data: Buffer) => received.push(data));
        channel.on("end", () => {
          channel.write(Buffer.concat(received));
          channel.exit(0);
          channel.end();
        });
      },
      { stdin: bytes },
    );
    assert.ok(bytes.equals(result.stdout));
  });

  for (const command of ["-V", "--", "-o ProxyCommand=x", "echo 'a b'  \"c\" $HOME %h ü", "a\nb"])
    it(`is sent as it is: ${JSON.stringify(command)}`, async (t) => {
      const { server, connection } = await connected(t, {});
      await connection.exec(command, { timeoutMs });
      assert.deepEqual(server.commands, [command]);
    });

  it("times out alone, and the connection goes on", async (t) => {
    const { connection, server } = await connected(t, {
      onExec: (command, accept) => {
        const channel = accept();
        if (command !== "quick") return;
        channel.exit(0);
        channel.end();
      },
    });
    const error = await rejection(connection.exec("slow", { timeoutMs: 1000 }));
    assert.equal(error.code, "timed-out");
    assert.equal((await connection.exec("quick", { timeoutMs })).code, 0);
    assert.equal(server.connections(), 1);
  });

  it("is aborted at once", async (t) => {
    const { connection, server } = await connected(t, { onExec: (_command, accept) => void accept() });
    const stop = new AbortController();
    const running = rejection(connection.exec("slow", { timeoutMs, signal: stop.signal }));
    await until(() => server.commands.length === 1, "the command runs");
    stop.abort();
    assert.equal((await running).code, "aborted");
  });

  it("that is withheld is not sent", async (t) => {
    const { connection, server } = await connected(t, {});
    const error = await rejection(
      connection.exec("x", { timeoutMs, beforeSend: () => Promise.reject(new Error("no")) }),
    );
    assert.equal(error.sent, false);
    assert.deepEqual(server.commands, []);
  });

  it("on a connection that was lost before is not sent", async (t) => {
    const { connection, server } = await connected(t, {});
    await connection.exec("x", { timeoutMs });
    await server.close();
    await until(() => server.open() === 0, "the connection ends");
    const error = await rejection(connection.exec("y", { timeoutMs }));
    assert.equal(error.code, "connection-lost");
    assert.deepEqual(server.commands, ["x"]);
  });

  it("that runs when the connection is lost is lost", async (t) => {
    const { connection } = await connected(t, {
      onExec: (_command, accept, _reject, client) => {
        accept().write("begun");
        setTimeout(() => (client as unknown as { _sock: { destroy: () => void } })._sock.destroy(), 50);
      },
    });
    const error = await rejection(connection.exec("x", { timeoutMs }));
    assert.equal(error.code, "connection-lost");
    assert.match(error.message, /closed/u);
    assert.notEqual(error.sent, false);
  });

  it("waits for a channel where the host allows fewer than four", async (t) => {
    const running: (() => void)[] = [];
    const { connection, server } = await connected(t, {
      maxSessions: 2,
      onExec: (_command, accept) => {
        const channel = accept();
        running.push(() => {
          channel.exit(0);
          channel.end();
        });
      },
    });
    const all = Promise.all([1, 2, 3, 4].map((each) => connection.exec(`command ${each}`, { timeoutMs })));
    const over = new AbortController();
    void all.then(() => over.abort());
    while (!over.signal.aborted) {
      await systemClock.sleep(20, never);
      running.splice(0).forEach((finish) => finish());
    }
    assert.deepEqual(
      (await all).map(({ code }) => code),
      [0, 0, 0, 0],
    );
    assert.equal(new Set(server.commands).size, 4);
  });

  it("is given up where the host opens no channel, and was not sent", async (t) => {
    const { connection, server } = await connected(t, { maxSessions: 0 });
    const error = await rejection(connection.exec("x", { timeoutMs }));
    assert.equal(error.code, "command-failed");
    assert.match(error.message, /MaxSessions/u);
    assert.equal(error.sent, false);
    assert.deepEqual(server.commands, []);
  });

  it("that leaves its channel open is complete after its exit status and a silence", async (t) => {
    const { connection } = await connected(t, {
      onExec: (_command, accept) => {
        const channel = accept();
        channel.write("output");
        channel.exit(3);
      },
    });
    const { stdout, code } = await connection.exec("x", { timeoutMs });
    assert.deepEqual([Buffer.from(stdout).toString(), code], ["output", 3]);
    assert.match(connection.warnings.join(), /leaves command channels open/u);
  });
});
