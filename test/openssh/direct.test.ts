import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../provider/base/errors";
import type { Connection, Host } from "../../provider/connection";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { readDirectLog } from "../../provider/openssh/log-lines";
import { never, serverFor, testKey, until, type Script, type ScriptedServer } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const timeoutMs = 20_000;
const key = testKey("user");

async function connected(
  t: TestContext,
  script: Script = {},
  changes: Partial<Host> = {},
): Promise<{ readonly server: ScriptedServer; readonly connection: Connection }> {
  const server = await serverFor(t, { key, ...script });
  const options = machineOptions({ multiplexes: false });
  const connection = await openOpenSsh(options).connect(keyHost(server, changes), never);
  t.after(() => connection.close());
  return { server, connection };
}

/** Answers `exit`, with which a login is tried, and leaves other commands to the test. */
function answering(onExec: NonNullable<Script["onExec"]>): Script {
  return {
    onExec: (command, accept, reject, client) => {
      if (command !== "exit") {
        onExec(command, accept, reject, client);
        return;
      }
      const channel = accept();
      channel.exit(0);
      channel.end();
    },
  };
}

function rejection(work: Promise<unknown>): Promise<LogoffError> {
  return work.then(
    () => assert.fail("resolved"),
    (error: unknown) => error as LogoffError,
  );
}

describe("readDirectLog", () => {
  it("tells a status from a command without one", () => {
    const sent = "debug1: Sending command: x\n";
    const has = "debug1: client_input_channel_req: channel 0 rtype exit-status reply 0\n";
    assert.deepEqual(readDirectLog(`${sent}${has}debug1: Exit status 255\n`), {
      hasCertificate: false,
      isSent: true,
      isRefused: false,
      isBySignal: false,
      exitStatus: 255,
    });
    assert.deepEqual(readDirectLog(`${sent}debug1: Exit status -1\n`), {
      hasCertificate: false,
      isSent: true,
      isRefused: false,
      isBySignal: false,
    });
    assert.deepEqual(readDirectLog("debug1: Exit status 0\n"), {
      hasCertificate: false,
      isSent: false,
      isRefused: false,
      isBySignal: false,
    });
  });
});

describe("a connection for each command", { skip }, () => {
  for (const code of [0, 7, 255, 1223])
    it(`has the exit status ${code}`, async (t) => {
      const script = answering((_command, accept) => {
        const channel = accept();
        channel.stderr.write("err");
        channel.exit(code);
        channel.end();
      });
      const { connection, server } = await connected(t, script);
      const result = await connection.exec("query", { timeoutMs });
      assert.equal(result.code, code);
      assert.equal(Buffer.from(result.stderr).toString(), "err");
      assert.deepEqual(server.commands, ["exit", "query"]);
      assert.equal(server.connections(), 2);
    });

  it("tells a signal from a lost connection", async (t) => {
    const script = answering((command, accept, _reject, client) => {
      const channel = accept();
      if (command === "lost") (client as unknown as { _sock: { destroy: () => void } })._sock.destroy();
      else {
        channel.exit("KILL");
        channel.end();
      }
    });
    const { connection } = await connected(t, script);
    assert.equal(typeof (await connection.exec("killed", { timeoutMs })).signal, "string");
    const error = await rejection(connection.exec("lost", { timeoutMs }));
    assert.equal(error.code, "connection-lost");
    assert.notEqual(error.sent, false);
  });

  it("asks for a password each time, and sends input", async (t) => {
    const login = { privateKeys: [], password: { from: "value", value: "open sesame" } } as const;
    const script = answering((_command, accept) => {
      const channel = accept();
      channel.on("data", (data: Buffer) => channel.write(data));
      channel.on("end", () => {
        channel.exit(0);
        channel.end();
      });
    });
    const { connection, server } = await connected(t, { ...script, password: "open sesame" }, { login });
    const { stdout } = await connection.exec("cat", { timeoutMs, stdin: Buffer.from("a\0b") });
    assert.equal(Buffer.from(stdout).toString(), "a\0b");
    assert.equal(server.logins.filter((each) => each === "password:open sesame").length, 2);
  });

  it("is not sent where no connection is made any more", async (t) => {
    const { connection, server } = await connected(t);
    await server.close();
    const error = await rejection(connection.exec("x", { timeoutMs }));
    assert.equal(error.code, "connection-lost");
    assert.equal(error.sent, false);
  });

  it("ends with its deadline, and with the connection", async (t) => {
    const { connection, server } = await connected(
      t,
      answering((_command, accept) => void accept()),
    );
    const late = await rejection(connection.exec("slow", { timeoutMs: 1000 }));
    assert.equal(late.code, "timed-out");
    const running = rejection(connection.exec("slow", { timeoutMs }));
    await until(() => server.commands.length === 3, "the command runs");
    await connection.close();
    assert.equal((await running).code, "connection-lost");
    await until(() => server.open() === 0, "the host sees the end");
  });

  it("refuses the host before any credential if its key is another", async (t) => {
    const server = await serverFor(t, { key });
    const hostKeys = { pinned: [testKey("other").publicText], strict: "yes" } as const;
    const { connect } = openOpenSsh(machineOptions({ multiplexes: false }));
    const error = await rejection(connect(keyHost(server, { hostKeys }), never));
    assert.equal(error.code, "host-key-changed");
    assert.deepEqual(server.logins, []);
  });

  it("cannot go through a jump host", async (t) => {
    const server = await serverFor(t, { key });
    const { connect } = openOpenSsh(machineOptions({ multiplexes: false }));
    const error = await rejection(connect(keyHost(server, { jumpHosts: [keyHost(server)] }), never));
    assert.equal(error.code, "plan-invalid");
  });
});
