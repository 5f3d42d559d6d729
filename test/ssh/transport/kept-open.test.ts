/** Hosts that report the exit status of a command and then leave its channel open. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Connection as ServerConnection } from "ssh2";
import type { Connection } from "../../../provider/connection";
import { openSsh } from "../../../provider/ssh/open-ssh";
import {
  bareOptions,
  holdTimers,
  hostOf,
  never,
  serverFor,
  until,
  type HeldTimers,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

const patient = { timeoutMs: 20_000 };

interface Scene {
  readonly server: ScriptedServer;
  readonly connection: Connection;
  readonly quiet: HeldTimers;
}

async function connected(
  t: TestContext,
  onExec: Script["onExec"],
  debug?: (line: string) => void,
): Promise<Scene> {
  const server = await serverFor(t, { ...(onExec && { onExec }), ...(debug && { debug }) });
  const quiet = holdTimers(2000);
  const connection = await openSsh(bareOptions({ clock: quiet.clock })).connect(hostOf(server), never);
  t.after(() => connection.close());
  return { server, connection, quiet };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("a command whose channel stays open after its exit status", () => {
  const leaveOpen: NonNullable<Script["onExec"]> = (command, accept, _reject, client) => {
    const channel = accept();
    const { undo } = withoutClose(client);
    if (command === "close") undo();
    channel.write("the list");
    channel.stderr.write("and a word");
    channel.exit(3);
    if (command === "eof") channel.eof();
    if (command === "close") channel.end();
  };

  for (const command of ["nothing", "eof"])
    it(`returns its result after two seconds of silence (${command})`, async (t) => {
      const { connection, server, quiet } = await connected(t, leaveOpen);
      const answer = connection.exec(command, patient);
      await until(() => quiet.running() === 1, "the silence is timed");
      quiet.expire();
      const { stdout, stderr, code } = await answer;
      assert.deepEqual([text(stdout), text(stderr), code], ["the list", "and a word", 3]);
      assert.equal(connection.warnings.length, 1);
      assert.match(connection.warnings[0] ?? "", /leaves command channels open/u);

      const again = connection.exec(command, patient);
      await until(() => quiet.running() === 1, "the silence is timed again");
      quiet.expire();
      await again;
      assert.equal(connection.warnings.length, 1, "the warning is reported once");
      assert.equal((await connection.exec("close", patient)).code, 3);
      assert.equal(server.connections(), 1);
    });

  it("is not complete while output is still in transit", async (t) => {
    let rest: (() => void) | undefined;
    const { connection, quiet } = await connected(
      t,
      (_command, accept) => {
        const channel = accept();
        channel.write("first half, ");
        channel.exit(0);
        rest = () => void channel.write("second half");
      },
      // The host sends the rest before it answers the keepalive.
      (line) => {
        if (!/GLOBAL_REQUEST \(keepalive@openssh\.com\)/u.test(line)) return;
        rest?.();
        rest = undefined;
      },
    );
    const answer = connection.exec("qwinsta", patient);
    await until(() => quiet.running() === 1, "the silence is timed");
    quiet.expire();
    await until(() => quiet.running() === 1, "the silence is timed again");
    quiet.expire();
    assert.equal(text((await answer).stdout), "first half, second half");
  });

  it("times out when the host does not answer keepalives", async (t) => {
    const { connection, quiet } = await connected(t, (_command, accept, _reject, client) => {
      const channel = accept();
      channel.write("the list");
      channel.exit(0);
      deafen(client);
    });
    const answer = assert.rejects(connection.exec("qwinsta", { timeoutMs: 1000 }), { code: "timed-out" });
    await until(() => quiet.running() === 1, "the silence is timed");
    quiet.expire();
    await answer;
    assert.deepEqual(connection.warnings, []);
  });

  it("times out without an exit status", async (t) => {
    const { connection, quiet } = await connected(t, (_command, accept) => {
      accept().write("the list");
    });
    await assert.rejects(connection.exec("qwinsta", { timeoutMs: 500 }), { code: "timed-out" });
    assert.equal(quiet.running(), 0);
  });

  it("is lost when the connection is lost during the silence", async (t) => {
    let cut = (): void => undefined;
    const { connection, quiet } = await connected(t, (_command, accept, _reject, client) => {
      const channel = accept();
      channel.write("half of the list");
      channel.exit(0);
      cut = () => void client.end();
    });
    const answer = assert.rejects(connection.exec("qwinsta", patient), { code: "connection-lost" });
    await until(() => quiet.running() === 1, "the silence is timed");
    cut();
    await answer;
    assert.equal(quiet.running(), 0);
  });
});

/** Stops ssh2's server from closing a channel when both sides have ended. */
function withoutClose(client: ServerConnection): { undo: () => void } {
  const protocol = (client as unknown as { _protocol: { channelClose?: unknown } })._protocol;
  protocol.channelClose = () => undefined;
  return { undo: () => delete protocol.channelClose };
}

/** Makes the host ignore everything from now on. */
function deafen(client: ServerConnection): void {
  const socket = (client as unknown as { _sock: NodeJS.ReadableStream })._sock;
  socket.removeAllListeners("data");
  socket.resume();
}
