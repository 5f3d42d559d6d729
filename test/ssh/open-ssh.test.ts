import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { LogoffError, type ErrorCode } from "../../provider/base/errors";
import type { Host } from "../../provider/connection";
import { quoter, redactor } from "../../provider/ssh/login/redact";
import { openSsh } from "../../provider/ssh/open-ssh";
import { rawServer } from "./raw-server";
import {
  bareOptions,
  holdTimers,
  hostOf,
  never,
  serverFor,
  testKey,
  until,
  type Script,
} from "./scripted-server";

const connect = openSsh(bareOptions()).connect;

async function failure(host: Host, signal: AbortSignal = never): Promise<LogoffError> {
  try {
    await (await connect(host, signal)).close();
  } catch (thrown) {
    assert.ok(thrown instanceof LogoffError, String(thrown));
    return thrown;
  }
  return assert.fail("it connected");
}

async function failsWith(host: Host, code: ErrorCode, message: RegExp): Promise<LogoffError> {
  const error = await failure(host);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  assert.ok(error.message.includes(`"${host.label}"`), error.message);
  return error;
}

describe("a transient error is retried:", () => {
  it("a refused connection, until the deadline, whose error counts the attempts", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const start = performance.now();
    await failsWith(
      hostOf({ address: "127.0.0.1", port }, { connectTimeoutMs: 700 }),
      "host-unreachable",
      /refused.*\(\d+ attempts? in 0\.7 s\)$/u,
    );
    // The machine may be slow, but no timer fires early by more than the clock's resolution.
    assert.ok(performance.now() - start >= 690);
  });

  it("but not a name that DNS does not know", async () => {
    // After several attempts, the error would count them.
    await failsWith(
      hostOf({ address: "no-such-host.invalid", port: 22 }),
      "host-unreachable",
      /DNS; check its spelling$/u,
    );
  });
});

describe("a deadline names the phase:", () => {
  it("no banner", async (t) => {
    const silent = await rawServer(t, () => undefined);
    await failsWith(
      hostOf(silent, { connectTimeoutMs: 200 }),
      "timed-out",
      /timed out after 0.2 s while waiting for its banner/u,
    );
  });

  it("no key exchange", async (t) => {
    const halting = await rawServer(t, (socket) => socket.write("SSH-2.0-halts\r\n"));
    const { clock, expire } = holdTimers(55_555);
    let isIdentified = false;
    const debug = (line: string): void => {
      if (line.includes("Remote ident:")) isIdentified = true;
    };
    const opening = openSsh(bareOptions({ clock, debug })).connect(
      hostOf(halting, { connectTimeoutMs: 55_555 }),
      never,
    );
    const failing = assert.rejects(opening, { code: "timed-out", message: /exchanging keys/u });
    await until(() => isIdentified, "the host has said who it is");
    expire();
    await failing;
  });

  it("no answer to a login", async (t) => {
    const server = await serverFor(t, { onLogin: () => undefined });
    const { clock, expire } = holdTimers(55_555);
    const opening = openSsh(bareOptions({ clock })).connect(
      hostOf(server, { connectTimeoutMs: 55_555 }),
      never,
    );
    const failing = assert.rejects(opening, { code: "timed-out", message: /logging in/u });
    await until(() => server.logins.length === 1, "the login has begun");
    expire();
    await failing;
    await until(() => server.open() === 0, "the connection is closed");
  });

  it("unless an abort ends the phase first", async (t) => {
    const hidden: readonly (readonly [phase: RegExp, script: Script])[] = [
      [/Socket connected/u, {}],
      [/Remote ident:/u, {}],
      [/Sending USERAUTH_REQUEST \(none\)/u, {}],
      [/Sending USERAUTH_REQUEST \(password\)/u, {}],
      [/Socket connected/u, { onConnection: (client) => void client.removeAllListeners() }],
      [/Sending USERAUTH_REQUEST/u, { onLogin: () => undefined }],
    ];
    for (const [phase, script] of hidden) {
      const server = await serverFor(t, script);
      const stop = new AbortController();
      const debug = (line: string): void => {
        if (phase.test(line)) stop.abort();
      };
      const abortable = openSsh(bareOptions({ debug })).connect;
      await assert.rejects(abortable(hostOf(server), stop.signal), { code: "aborted" });
      assert.ok(stop.signal.aborted);
      await until(() => server.open() === 0, "the connection is closed");
      assert.equal((await failure(hostOf(server), stop.signal)).code, "aborted");
    }
  });
});

describe("algorithms", () => {
  it("names both lists when nothing matches", async (t) => {
    const server = await serverFor(t, { algorithms: { kex: ["diffie-hellman-group14-sha1"] } });
    const error = await failsWith(hostOf(server), "no-common-algorithm", /KEX method/u);
    assert.match(
      error.message,
      /we offer curve25519-sha256,.*; the host offers diffie-hellman-group14-sha1; /u,
    );
    assert.doesNotMatch(error.message, /kex-strict|ext-info/u);
    assert.match(error.message, /use `connection\.algorithms: legacy`$/u);
    assert.equal(server.logins.length, 0);
  });

  for (const methods of [
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,ext-info-s,kex-strict-s-v00@openssh.com",
    "mlkem1024nistp384-sha384,\u001b[2Jkyber",
  ])
    it(`does not advise legacy for a host that offers only ${methods.replace(/[^\w,@.-]/gu, "")}`, async (t) => {
      const modern = await rawServer(t, (socket) => {
        socket.write("SSH-2.0-OpenSSH_10.2\r\n");
        socket.write(keyExchangeInit(methods));
      });
      const error = await failsWith(hostOf(modern), "no-common-algorithm", /KEX method.*curve25519-sha256/u);
      assert.match(error.message, /; enable one of ours on the host$/u);
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(error.message, /legacy|\u001b/u);
    });

  for (const [what, algorithms] of [
    ["Host key format", { serverHostKey: ["ssh-rsa"] }],
    ["C->S MAC", { cipher: ["aes128-ctr"], hmac: ["hmac-sha1"] }],
    ["C->S cipher", { cipher: ["aes128-cbc"] }],
  ] as const) {
    it(`names the step: ${what}`, async (t) => {
      const server = await serverFor(t, {
        algorithms: algorithms as never,
        hostKeys: [testKey("old", "rsa")],
      });
      const error = await failsWith(hostOf(server), "no-common-algorithm", new RegExp(`\\(${what}\\)`, "u"));
      // `legacy` adds no cipher.
      assert.equal(error.message.includes("legacy"), what !== "C->S cipher", error.message);
    });
  }

  it("accepts SHA-1 with legacy, and warns", async (t) => {
    const hostKey = testKey("old", "rsa");
    const server = await serverFor(t, {
      algorithms: {
        kex: ["diffie-hellman-group14-sha1"],
        serverHostKey: ["ssh-rsa"],
        cipher: ["aes128-ctr"],
        hmac: ["hmac-sha1"],
      },
      hostKeys: [hostKey],
    });
    const connection = await connect(
      hostOf(server, { algorithms: "legacy", hostKeys: { pinned: [hostKey.publicText], strict: "yes" } }),
      never,
    );
    assert.match(connection.warnings.join(), /legacy/u);
    await connection.close();
  });

  it("offers neither SHA-1 nor group-exchange by default", async (t) => {
    const lines: string[] = [];
    const server = await serverFor(t);
    const noisy = openSsh(bareOptions({ debug: (line) => lines.push(line) })).connect;
    await (await noisy(hostOf(server), never)).close();
    const offered = lines.filter((line) => line.includes("(local)")).join("\n");
    assert.match(offered, /kex-strict-c-v00@openssh\.com/u);
    assert.doesNotMatch(offered, /group-exchange|sha1|ssh-rsa|cbc/u);
    assert.ok(lines.every((line) => line.startsWith(`${server.address}:${server.port}: `)));
    assert.doesNotMatch(lines.join("\n"), /open sesame/u);
  });
});

/** SSH_MSG_KEXINIT as an unencrypted packet (RFC 4253 6 and 7.1), with `methods` as its first list of algorithms. */
function keyExchangeInit(methods: string): Buffer {
  const lists = [methods, ...Array<string>(9).fill("")].map((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text, "latin1")]);
  });
  const payload = Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...lists, Buffer.alloc(5)]);
  const padding = 16 - ((5 + payload.length) % 8);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + padding);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

describe("text from the host in errors", () => {
  it("is printable and contains none of our secrets, even if the host repeats them", async (t) => {
    const server = await serverFor(t, {
      onConnection: (client) =>
        client.on("handshake", () => {
          const protocol = (
            client as unknown as { _protocol: { disconnect: (reason: number) => void; _packetRW: unknown } }
          )._protocol;
          protocol.disconnect(2);
        }),
    });
    const error = await failure(hostOf(server));
    assert.equal(error.code, "host-unreachable");
    const quote = quoter(redactor(["open sesame", 'q"uote', undefined, ""]));
    assert.equal(quote('no \u001b[31m"open sesame" here\nq\\"uote q"uote'), 'no [31m"***" here *** ***');
  });

  it("is printable in the output of --debug, before anything has been verified", async (t) => {
    const lines: string[] = [];
    const rude = await rawServer(t, (socket) => {
      socket.write("SSH-2.0-rude\r\n");
      socket.write(keyExchangeInit(`\u001b]0;owned\u0007\u001b[2J,${"x".repeat(3000)}`));
    });
    const noisy = openSsh(bareOptions({ debug: (line) => lines.push(line) })).connect;
    await assert.rejects(noisy(hostOf(rude, { connectTimeoutMs: 500 }), never));
    assert.match(lines.join("\n"), /owned/u);
    // eslint-disable-next-line no-control-regex
    for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/u);
    assert.ok(lines.every((line) => line.length <= 2000));
  });
});
