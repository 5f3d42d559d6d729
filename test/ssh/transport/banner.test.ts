/** Text that hosts send before their identification, and banners before the login. */
import assert from "node:assert/strict";
import { connect as dial, type Socket } from "node:net";
import { describe, it } from "node:test";
import type { Connection as ServerConnection } from "ssh2";
import { systemClock, type Clock } from "../../../provider/base/clock";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { openSsh, type SshOptions } from "../../../provider/ssh/open-ssh";
import { rawServer } from "../raw-server";
import {
  bareOptions,
  holdTimers,
  hostOf,
  never,
  serverFor,
  testKey,
  until,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

const quick = { timeoutMs: 20_000 };
const patient = { connectTimeoutMs: 20_000 };

/** Sends some bytes and then forwards to the real server. */
function before(real: ScriptedServer, words: (socket: Socket) => Promise<void>): (socket: Socket) => void {
  return (socket) =>
    void words(socket).then(() => {
      const far = dial(real.port, real.address);
      far.on("error", () => undefined).on("close", () => socket.destroy());
      socket.on("close", () => far.destroy());
      socket.pipe(far).pipe(socket);
    });
}

async function failure(host: Host, options: Partial<SshOptions> = {}): Promise<LogoffError> {
  const error: unknown = await openSsh(bareOptions(options))
    .connect(host, never)
    .then(
      () => assert.fail("it connected"),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof LogoffError, String(error));
  return error;
}

const written = (socket: Socket, bytes: Buffer | string): Promise<void> =>
  new Promise((resolve) => socket.write(bytes, () => resolve()));

describe("lines before the identification", () => {
  const ways: readonly (readonly [what: string, words: (socket: Socket) => Promise<void>])[] = [
    ["80 KB of short lines", (socket) => written(socket, "do not enter\r\n".repeat(5_800))],
    ["95 KB in one line", (socket) => written(socket, `${"x".repeat(95_000)}\n`)],
    ["lines without carriage returns, some of them empty", (socket) => written(socket, "\n\nhello\n\n")],
    [
      "lines that contain SSH and control sequences",
      (socket) => written(socket, " SSH-2.0-no\r\nSSH_2.0\r\nSSH\r\n\u001b[2J\r\nXSSH-2.0-x\r\n"),
    ],
    [
      "single bytes",
      async (socket) => {
        for (const byte of Buffer.from("a line\r\nS\r\n\r\nSS")) {
          await written(socket, Buffer.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        await written(socket, "H\n");
      },
    ],
  ];
  for (const [what, words] of ways)
    it(`are skipped: ${what}`, async (t) => {
      const real = await serverFor(t);
      const front = await rawServer(t, before(real, words));
      const connection = await openSsh(bareOptions()).connect(hostOf(front, patient), never);
      assert.equal((await connection.exec("x", quick)).code, 0);
      await connection.close();
    });

  it("are skipped behind a jump host", async (t) => {
    const real = await serverFor(t);
    const front = await rawServer(
      t,
      before(real, (socket) => written(socket, "no entry\r\n".repeat(6000))),
    );
    const jump = await serverFor(t, { forwards: true, hostKeys: [testKey("jump")] });
    const jumpHost = hostOf(jump, { hostKeys: { pinned: [testKey("jump").publicText], strict: "yes" } });
    const connection = await openSsh(bareOptions()).connect(
      hostOf(front, { ...patient, jumpHosts: [jumpHost] }),
      never,
    );
    assert.equal((await connection.exec("x", quick)).code, 0);
    await connection.close();
  });

  for (const [what, line] of [
    ["many lines", "go away\r\n"],
    ["one line", "x"],
    ["an identification", "SSH-2.0-"],
  ] as const)
    it(`end the connection when they exceed 100 KB: ${what}`, async (t) => {
      const front = await rawServer(t, (socket) => {
        const more = (): void => {
          while (!socket.destroyed && socket.write(line.repeat(2000)));
        };
        socket.on("drain", more);
        more();
      });
      const error = await failure(hostOf(front, patient));
      assert.equal(error.code, "host-unreachable");
      assert.match(
        error.message,
        /it sent more than 100 KB before its SSH identification, beginning with "/u,
      );
      assert.ok(error.message.length < 500);
      assert.equal(front.connections(), 1, "it is not retried");
    });
});

describe("a host that refuses a connection with a text", () => {
  /** Records every pause, and expires the deadline after `most` of them. */
  function countPauses(most: number): { clock: Clock; pauses: number[] } {
    const { clock, expire } = holdTimers(55_555);
    const pauses: number[] = [];
    const sleep: Clock["sleep"] = (ms, signal) => {
      pauses.push(ms);
      if (pauses.length === most) expire();
      return systemClock.sleep(0, signal);
    };
    return { clock: { ...clock, sleep }, pauses };
  }
  const away = { connectTimeoutMs: 55_555 };

  it("is quoted without control characters, and retried after longer pauses", async (t) => {
    const front = await rawServer(t, (socket) => socket.end("Not allowed\u001b[2J at this \u202etime\r\n"));
    for (const random of [0, 0.999]) {
      const { clock, pauses } = countPauses(5);
      const error = await failure(hostOf(front, away), { clock, random: () => random });
      assert.equal(error.code, "host-unreachable");
      assert.match(
        error.message,
        /closed the connection before its SSH identification, saying "Not allowed \[2J at this time"; .*MaxStartups.*\(5 attempts in 55\.555 s\)$/u,
      );
      // At most six attempts in fifteen seconds, instead of thirteen.
      assert.ok(
        pauses.every((ms) => ms >= 1000),
        String(pauses),
      );
      assert.match(error.message, /wait a few minutes.*`rollout\.parallel`/u);
    }
  });

  it("is connected as soon as it accepts the connection", async (t) => {
    const real = await serverFor(t);
    const { clock } = countPauses(10);
    const pass = before(real, () => Promise.resolve());
    const front = await rawServer(t, (socket, count) => {
      if (count <= 2) socket.end("Exceeded MaxStartups\r\n");
      else pass(socket);
    });
    await (await openSsh(bareOptions({ clock })).connect(hostOf(front, away), never)).close();
    assert.equal(front.connections(), 3);
  });

  it("is distinguished from a host that closes without a text, or within its identification", async (t) => {
    for (const words of ["", "\r\n", "SSH-2.0-half"]) {
      const front = await rawServer(t, (socket) => socket.end(words));
      const { clock, pauses } = countPauses(2);
      const error = await failure(hostOf(front, away), { clock, random: () => 0.5 });
      assert.match(error.message, /it closed the connection at once; .* \(2 attempts/u);
      assert.deepEqual(pauses, [100, 200]);
    }
  });

  it("is quoted when it sends a text and then waits", async (t) => {
    const front = await rawServer(t, (socket) => socket.write("220 mail.example ESMTP\r\n"));
    const error = await failure(hostOf(front, { connectTimeoutMs: 1500 }));
    assert.equal(error.code, "timed-out");
    assert.match(
      error.message,
      /waiting for its banner; .*; the host has sent only "220 mail\.example ESMTP"$/u,
    );
  });

  it("is abandoned on cancellation", async (t) => {
    const front = await rawServer(t, (socket) => socket.end("Not allowed at this time\r\n"));
    const stop = new AbortController();
    const opening = openSsh(bareOptions()).connect(hostOf(front, away), stop.signal);
    await until(() => front.connections() === 1, "it was refused once");
    stop.abort();
    await assert.rejects(opening, { code: "aborted" });
  });
});

describe("a banner before the login", () => {
  const text = (bytes: number): string =>
    "Unauthorized use is forbidden \u001b[31m.\r\n".repeat(bytes / 37).slice(0, bytes);
  interface Protocol {
    readonly channelData: (id: number, data: Buffer) => void;
    readonly _packetRW: {
      readonly write: {
        readonly allocStart: number;
        readonly alloc: (bytes: number) => Buffer;
        readonly finalize: (packet: Buffer) => Buffer;
      };
    };
    readonly _cipher: { readonly encrypt: (packet: Buffer) => void };
  }
  const protocolOf = (client: ServerConnection): Protocol =>
    (client as unknown as { _protocol: Protocol })._protocol;
  /** Sends SSH_MSG_USERAUTH_BANNER (RFC 4252 5.4), which ssh2's server can only send once. */
  const sendBanner = (client: ServerConnection, words: string): void => {
    const { _packetRW: packets, _cipher: cipher } = protocolOf(client);
    const length = Buffer.byteLength(words);
    const packet = packets.write.alloc(1 + 4 + length + 4);
    const start = packets.write.allocStart;
    packet.writeUInt8(53, start);
    packet.writeUInt32BE(length, start + 1);
    packet.write(words, start + 5);
    packet.writeUInt32BE(0, start + 5 + length);
    cipher.encrypt(packets.write.finalize(packet));
  };
  /** A server that sends a banner of `bytes` at each step of the login. */
  const withBanner = (bytes: number, algorithms: Script["algorithms"] = {}, times = 1): Script => ({
    algorithms,
    password: "open sesame",
    onConnection: (client) =>
      client.prependListener("authentication", () => {
        for (let count = 0; count < times; count += 1) sendBanner(client, text(bytes));
      }),
  });

  const ciphers: readonly (readonly [name: string, algorithms: NonNullable<Script["algorithms"]>])[] = [
    ["aes128-gcm", { cipher: ["aes128-gcm@openssh.com"] }],
    ["chacha20-poly1305", { cipher: ["chacha20-poly1305@openssh.com"] }],
    [
      "aes128-ctr with a MAC over the cipher text",
      { cipher: ["aes128-ctr"], hmac: ["hmac-sha2-256-etm@openssh.com"] },
    ],
    ["aes256-ctr with a MAC over the plain text", { cipher: ["aes256-ctr"], hmac: ["hmac-sha2-512"] }],
  ];
  for (const [name, algorithms] of ciphers) {
    for (const kilobytes of [1, 40, 100])
      it(`is accepted with ${kilobytes} KB and ${name}`, async (t) => {
        const server = await serverFor(t, withBanner(kilobytes * 1024, algorithms));
        const connection = await openSsh(bareOptions()).connect(hostOf(server, patient), never);
        assert.equal((await connection.exec("x", quick)).code, 0);
        await connection.close();
      });

    it(`is refused with 130 KB and ${name}`, async (t) => {
      const server = await serverFor(t, withBanner(130 * 1024, algorithms));
      const error = await failure(hostOf(server, patient));
      assert.equal(error.code, "host-unreachable");
      assert.match(
        error.message,
        /sent 13[01] KB in one message before the login; a banner may be at most 100 KB long/u,
      );
      assert.equal(server.connections(), 1);
    });
  }

  it("may be sent repeatedly", async (t) => {
    const server = await serverFor(t, withBanner(60_000, {}, 3));
    const connection = await openSsh(bareOptions()).connect(hostOf(server, patient), never);
    assert.equal((await connection.exec("x", quick)).code, 0);
    await connection.close();
  });

  it("is never printed by --debug", async (t) => {
    const lines: string[] = [];
    const server = await serverFor(t, withBanner(40_000));
    const debug = (line: string): void => void lines.push(line);
    await (await openSsh(bareOptions({ debug })).connect(hostOf(server, patient), never)).close();
    assert.ok(lines.length > 10);
    assert.doesNotMatch(lines.join("\n"), /Unauthorized/u);
  });

  it("is the only packet that may exceed the limit of ssh2", async (t) => {
    const server = await serverFor(t, {
      ...withBanner(40_000),
      onExec: (_command, accept, _reject, client: ServerConnection) => {
        const channel = accept() as unknown as { outgoing: { id: number } };
        protocolOf(client).channelData(channel.outgoing.id, Buffer.alloc(40_000));
      },
    });
    const connection = await openSsh(bareOptions()).connect(hostOf(server, patient), never);
    await assert.rejects(connection.exec("x", quick), {
      code: "connection-lost",
      message: /Bad packet length/u,
    });
    await connection.close();
  });
});
