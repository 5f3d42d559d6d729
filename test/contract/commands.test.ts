/** Commands arrive as they are, and their results come back as they are. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { ServerChannel } from "ssh2";
import { LogoffError } from "../../provider/base/errors";
import type { Connection } from "../../provider/connection";
import { makeFarm, missingSshd, type Farm, type RealServer } from "../ssh/real-servers";
import { never, until, type Script } from "../ssh/scripted-server";
import {
  connected,
  contract,
  needs,
  outputOf,
  patient,
  patientHost,
  rejection,
  type TestedClient,
} from "./contract";
import { env } from "./scratch";

/** Answers a command when its standard input has ended. */
function onceStdinEnds(
  answer: (command: string, stdin: Buffer, channel: ServerChannel) => void,
): NonNullable<Script["onExec"]> {
  return (command, accept) => {
    const channel = accept();
    const chunks: Buffer[] = [];
    channel.on("error", () => undefined).on("data", (chunk: Buffer) => chunks.push(chunk));
    channel.on("end", () => answer(command, Buffer.concat(chunks), channel));
  };
}

function end(channel: ServerChannel, code = 0): void {
  channel.exit(code);
  channel.end();
}

contract("commands", (client) => {
  const namesSignals = needs(client, "names of signals") === false;

  for (const code of [0, 1, 7, 127, 128, 254, 255])
    it(`return the exit code ${code}`, async (t) => {
      const { connection } = await connected(t, client, {
        onExec: (_command, accept) => end(accept(), code),
      });
      const result = await connection.exec("x", patient);
      assert.deepEqual([result.code, result.signal], [code, undefined]);
    });

  it("return the signal that ended them, with its name if the client learns it", async (t) => {
    const { connection } = await connected(t, client, {
      onExec: (command, accept) => {
        const channel = accept();
        channel.exit(command as "KILL", false, "");
        channel.end();
      },
    });
    for (const signal of ["KILL", "TERM"]) {
      const result = await connection.exec(signal, patient);
      assert.equal(result.code, undefined);
      assert.equal(result.signal, namesSignals ? `SIG${signal}` : "unknown");
    }
  });

  it("return both of their outputs as bytes, whatever these are", async (t) => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const out = Buffer.concat([every, Buffer.from("\r\n\n~.\n~C\n\u001b[2J"), randomBytes(100_000)]);
    const err = Buffer.concat([Buffer.from([0x8e, 0xff, 0]), randomBytes(10_000)]);
    const { connection } = await connected(t, client, {
      onExec: (_command, accept) => {
        const channel = accept();
        channel.stderr.write(err);
        channel.write(out);
        end(channel, 3);
      },
    });
    const result = await connection.exec("x", patient);
    assert.ok(out.equals(result.stdout));
    assert.ok(err.equals(result.stderr), Buffer.from(result.stderr).toString("latin1"));
    assert.equal(result.code, 3);
  });

  it("return five megabytes unchanged", async (t) => {
    const out = randomBytes(5_000_000);
    const { connection } = await connected(t, client, {
      onExec: (_command, accept) => {
        const channel = accept();
        channel.write(out);
        end(channel);
      },
    });
    const { stdout } = await connection.exec("x", patient);
    assert.ok(out.equals(stdout), `${stdout.length} bytes`);
  });

  it("receive their standard input as it is, or an empty one, and then its end", async (t) => {
    const seen: Buffer[] = [];
    const { connection } = await connected(t, client, {
      onExec: onceStdinEnds((_command, stdin, channel) => {
        seen.push(stdin);
        end(channel);
      }),
    });
    const inputs = [Buffer.from("grüße \u0000 \u{1f44b}\r\n~.\n"), Buffer.alloc(0), randomBytes(300_000)];
    for (const stdin of inputs) await connection.exec("x", { ...patient, stdin });
    await connection.exec("x", patient);
    assert.deepEqual(seen, [...inputs, Buffer.alloc(0)]);
  });

  it("end although they do not read their standard input", async (t) => {
    const { connection } = await connected(t, client, { onExec: (_command, accept) => end(accept(), 4) });
    const result = await connection.exec("x", { ...patient, stdin: randomBytes(5_000) });
    assert.equal(result.code, 4);
  });

  it("arrive byte for byte", async (t) => {
    const { connection, server } = await connected(t, client);
    const commands = [
      "plain",
      " two  blanks around  and   within ",
      `single ' double " back \\ tick \``,
      "$HOME ${HOME} $(id) `id` !! ~ ~root * ? [a-z] {a,b}",
      "a; b & c && d | e || f > g < h ( i )",
      "%h %p %r %n %% %PATH% %d %u",
      "line one\nline two\r\n\ttab",
      "-oProxyCommand=false",
      "-l root -- x",
      "--",
      "#comment",
      "äöü ß € 日本 \u{1f44b}",
      "\u001b[2J\u0007\u007f",
      `cmd /d /s /c "qwinsta.exe /counter ^& echo ^%errorlevel^%"`,
      "x".repeat(30_000),
    ];
    for (const command of commands) {
      const { stdout } = await connection.exec(command, patient);
      assert.equal(Buffer.from(stdout).toString(), `ran ${command}`);
    }
    assert.deepEqual(server.commands, commands);
  });

  it("are the only request: no terminal, variable, agent or display", async (t) => {
    const given = {
      ...env,
      LANG: "de_DE.UTF-8",
      LC_ALL: "de_DE.UTF-8",
      DISPLAY: ":9",
      SSH_AUTH_SOCK: "/nonexistent",
    };
    const { connection, server } = await connected(t, client, {}, {}, { env: given });
    await connection.exec("x", patient);
    assert.deepEqual([server.commands, server.requests, server.forwarded], [["x"], [], []]);
  });

  it("share one login", { skip: needs(client, "a shared connection") }, async (t) => {
    const { connection, server } = await connected(t, client);
    for (const command of ["a", "b", "c"]) await connection.exec(command, patient);
    assert.equal(server.logins.filter((login) => login.startsWith("password")).length, 1);
  });

  it("all run, eight at once, on a host that allows two at a time", async (t) => {
    let now = 0;
    let most = 0;
    const { connection, server } = await connected(t, client, {
      maxSessions: 2,
      onExec: onceStdinEnds((command, _stdin, channel) => {
        most = Math.max(most, (now += 1));
        setTimeout(() => {
          now -= 1;
          channel.write(command);
          end(channel);
        }, 20);
      }),
    });
    const names = Array.from({ length: 8 }, (_, index) => `command ${index}`);
    const outputs = await Promise.all(names.map((name) => outputOf(connection.exec, name)));
    assert.deepEqual(outputs, names);
    assert.deepEqual(server.commands.toSorted(), names, "each is sent once");
    if (needs(client, "a shared connection") === false) assert.equal(most, 2);
  });

  it("run although others block", async (t) => {
    const blocked: ServerChannel[] = [];
    const { connection } = await connected(t, client, {
      onExec: (command, accept) => (command === "list" ? end(accept()) : void blocked.push(accept())),
    });
    const logoffs = Array.from({ length: 6 }, () =>
      connection.exec("logoff", { ...patient, mayBlock: true }),
    );
    await until(() => blocked.length >= 1, "a logoff blocks");
    assert.equal((await connection.exec("list", patient)).code, 0);
    for (let ended = 0; ended < logoffs.length; ended += 1) {
      await until(() => blocked.length > ended, "another logoff runs");
      end(blocked[ended]!);
    }
    for (const logoff of logoffs) assert.equal((await logoff).code, 0);
  });

  beforeSending(client);
  realShell(client);
});

function beforeSending(client: TestedClient): void {
  it("are sent when beforeSend has resolved, and not before", async (t) => {
    const { connection, server } = await connected(t, client);
    let asked = 0;
    let mayGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (mayGo = resolve));
    const beforeSend = (): Promise<void> => {
      asked += 1;
      return held;
    };
    const running = connection.exec("logoff 7", { ...patient, beforeSend });
    await until(() => asked === 1, "beforeSend is awaited");
    // The connection goes on working meanwhile.
    assert.equal((await connection.exec("list", patient)).code, 0);
    assert.deepEqual(server.commands, ["list"]);
    mayGo();
    assert.equal((await running).code, 0);
    assert.deepEqual([asked, server.commands], [1, ["list", "logoff 7"]]);
  });

  it("are not sent when beforeSend rejects, whose error is passed on", async (t) => {
    const { connection, server } = await connected(t, client);
    const why = new LogoffError("aborted", "The window is closed");
    const beforeSend = (): Promise<void> => Promise.reject(why);
    const error = await rejection(connection.exec("logoff 7", { ...patient, beforeSend }));
    assert.deepEqual([error.code, error.message, error.sent], [why.code, why.message, false]);
    assert.equal((await connection.exec("list", patient)).code, 0);
    assert.deepEqual(server.commands, ["list"]);
  });

  const skip = needs(client, "a shared connection");
  it("await beforeSend again for each attempt after a refused channel", { skip }, async (t) => {
    const { connection, server } = await connected(t, client, {
      onSession: (_accept, reject, count) => {
        if (count > 2) return true;
        reject();
        return false;
      },
    });
    let asked = 0;
    const beforeSend = (): Promise<void> => Promise.resolve(void (asked += 1));
    assert.equal((await connection.exec("logoff 7", { ...patient, beforeSend })).code, 0);
    assert.deepEqual([asked, server.commands], [3, ["logoff 7"]]);
  });
}

function realShell(client: TestedClient): void {
  describe("of a real sshd", { skip: missingSshd() }, () => {
    let farm: Farm;
    let server: RealServer;
    let connection: Connection;
    before(async () => {
      farm = makeFarm("/tmp", "current");
      const key = farm.key("login", "-t", "ed25519");
      farm.authorize(key);
      server = await farm.sshd("MaxSessions 2", "AcceptEnv *", "AllowAgentForwarding yes");
      const host = patientHost(server, {
        user: farm.user.name,
        login: { privateKeys: [{ from: "file", path: key.path }] },
        hostKeys: { pinned: server.hostKeys.map(({ publicText }) => publicText), strict: "yes" },
      });
      const given = { ...env, LC_CONTRACT: "leaked", LANG: "de_DE.UTF-8", DISPLAY: ":9" };
      connection = await client.open({ env: given }).connect(host, never);
    });
    after(async () => {
      try {
        await connection.close();
      } finally {
        await farm.close();
      }
    });

    it("return exit codes and signals", async () => {
      for (const code of [0, 7, 255])
        assert.equal((await connection.exec(`exit ${code}`, patient)).code, code);
      for (const signal of ["TERM", "KILL"])
        assert.notEqual((await connection.exec(`kill -${signal} $$; sleep 60`, patient)).signal, undefined);
    });

    it("have no terminal, none of our variables, and no agent", async () => {
      assert.equal((await connection.exec("tty || [ -t 0 ] || [ -t 1 ] || [ -t 2 ]", patient)).code, 1);
      const variables = await outputOf(connection.exec, "env");
      assert.doesNotMatch(variables, /LC_CONTRACT|de_DE|SSH_TTY|SSH_AUTH_SOCK|DISPLAY/u);
    });

    it("carry megabytes in both directions", async () => {
      const stdin = randomBytes(3_000_000);
      const { stdout } = await connection.exec("cat", { ...patient, stdin });
      assert.ok(stdin.equals(stdout));
    });

    it("all run, eight at once, under MaxSessions 2", async () => {
      const commands = Array.from({ length: 8 }, (_, index) => `sleep 0.05; printf %s ${index}`);
      const outputs = await Promise.all(commands.map((command) => outputOf(connection.exec, command)));
      assert.deepEqual(outputs, ["0", "1", "2", "3", "4", "5", "6", "7"]);
      if (needs(client, "a shared connection") === false)
        assert.equal(server.log().match(/Accepted publickey/gu)?.length, 1, "one connection");
    });

    it("keep quotes and every special character", async () => {
      const text = `a'b"c\\d$e\`f\`!g~*?[h]{i,j}#k%l^m&n|o;p<q>r (s)\tt ü\u00a0日`;
      const quoted = `'${text.replaceAll("'", `'\\''`)}'`;
      assert.equal(await outputOf(connection.exec, `printf %s ${quoted}`), text);
    });
  });
}
