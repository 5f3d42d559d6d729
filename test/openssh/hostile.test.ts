/** Peers that try to deceive or to exhaust the client, before their key is known and after. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import { openClients } from "../../provider/clients/open-clients";
import type { Host } from "../../provider/connection";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { hostOf, never, serverFor, until, type Script } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const patience = { connectTimeoutMs: 30_000 };

/** A packet before any key is exchanged (RFC 4253 6). */
function packet(...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  const least = 8 - ((5 + payload.length) % 8);
  const padding = least < 4 ? least + 8 : least;
  const header = Buffer.alloc(5);
  header.writeUInt32BE(1 + payload.length + padding, 0);
  header[4] = padding;
  return Buffer.concat([header, payload, Buffer.alloc(padding)]);
}

function sshString(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

/** SSH_MSG_DISCONNECT, and SSH_MSG_DEBUG that asks not to be shown. */
const disconnect = (text: string): Buffer =>
  packet(Buffer.of(1, 0, 0, 0, 11), sshString(text), sshString(""));
const debug = (text: string): Buffer => packet(Buffer.of(4, 0), sshString(text), sshString(""));

/** A program that names itself an SSH server and has no key. */
async function impostorFor(
  t: TestContext,
  talk: (socket: Socket) => void,
): Promise<{ address: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.write("SSH-2.0-impostor\r\n");
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: "127.0.0.1", port: (server.address() as { port: number }).port };
}

async function failure(host: Host, multiplexes: boolean, env: NodeJS.ProcessEnv = {}): Promise<LogoffError> {
  const options = machineOptions({ multiplexes });
  const { connect } = openOpenSsh({ ...options, env: { ...options.env, ...env } });
  const thrown: unknown = await connect(host, never).then(
    (connection) => connection.close().then(() => "it is connected"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof LogoffError, String(thrown));
  return thrown;
}

describe("whoever is on the way to a host", { skip }, () => {
  const lines = (...texts: readonly string[]): string => ["x", ...texts, ""].join("\n");
  const forged = {
    "a command that has succeeded": lines(
      "debug1: SSH2_MSG_NEWKEYS received",
      "debug1: Sending command: x",
      "debug1: client_input_channel_req: channel 0 rtype exit-status reply 0",
      "debug1: Exit status 0",
    ),
    "a revoked key": lines("The ED25519 host key for 127.0.0.1 was revoked and a new one is needed."),
    "a rejected login": lines(
      "debug1: SSH2_MSG_NEWKEYS sent",
      "debug1: Offering public key: /x ED25519 SHA256:abc",
      "debug1: Authentications that can continue: publickey",
      "debug1: Authentications that can continue: publickey",
    ),
  };
  for (const multiplexes of [true, false])
    for (const [what, text] of Object.entries(forged))
      for (const [how, message] of [
        ["as it disconnects", disconnect],
        ["in a message for debugging", debug],
      ] as const)
        it(`cannot pretend ${what}, ${how}, ${multiplexes ? "with" : "without"} a shared connection`, async (t) => {
          const impostor = await impostorFor(t, (socket) => {
            socket.write(message(text));
            socket.once("data", () => setTimeout(() => socket.destroy(), 200));
          });
          const host = keyHost(impostor, { connectTimeoutMs: 1500 });
          const { code, atLogin } = await failure(host, multiplexes);
          assert.ok(code === "host-unreachable" || code === "timed-out", code);
          assert.equal(atLogin, false);
        });

  it("cannot fill the disk or the memory", { timeout: 120_000 }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "flood-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const flood = Buffer.concat(Array.from({ length: 200 }, () => debug("\n".repeat(899))));
    const impostor = await impostorFor(t, (socket) => {
      const more = (): void => {
        while (socket.writable && socket.write(flood));
        socket.once("drain", more);
      };
      more();
    });
    for (const multiplexes of [true, false]) {
      const error = await failure(keyHost(impostor, patience), multiplexes, { XDG_RUNTIME_DIR: folder });
      assert.equal(error.code, "connection-lost");
      assert.match(error.message, /sends messages without end$/u);
    }
    const sizes = readdirSync(folder, { recursive: true }).map(
      (name) => statSync(join(folder, String(name))).size,
    );
    assert.ok(
      sizes.every((size) => size < 1_000_000),
      sizes.join(),
    );
  });
});

describe("a password that a host wants more than", { skip }, () => {
  const login = { privateKeys: [], password: { from: "value", value: "open sesame" } } as const;
  const twoQuestions: Script["onLogin"] = (context) => {
    if (context.method !== "keyboard-interactive") context.reject(["keyboard-interactive"]);
    else
      context.prompt(
        [
          { prompt: "Password: ", echo: false },
          { prompt: "Code: ", echo: false },
        ],
        () => context.reject(),
      );
  };
  const codeAfterwards: Script["onLogin"] = (context) => {
    if (context.method === "password") context.reject(["keyboard-interactive"], true);
    else if (context.method === "keyboard-interactive")
      context.prompt([{ prompt: "Code: ", echo: true }], () => context.reject());
    else context.reject(["password"]);
  };
  for (const [what, onLogin, code] of [
    ["a code in the same round", twoQuestions, "auth-unavailable"],
    ["a code after it", codeAfterwards, "auth-rejected"],
  ] as const)
    for (const client of ["builtin", "openssh"] as const)
      it(`is not barred elsewhere: ${what}, with ${client}`, async (t) => {
        const [strict, other] = [
          await serverFor(t, { onLogin }),
          await serverFor(t, { password: "open sesame" }),
        ];
        const { connect } = openClients(machineOptions());
        const host = (server: typeof strict): Host =>
          client === "openssh"
            ? keyHost(server, { login, ...patience })
            : hostOf(server, { login, ...patience });
        await assert.rejects(connect(host(strict), never), { code });
        const connection = await connect(host(other), never);
        await connection.close();
      });
});

describe("the password of a host", { skip }, () => {
  const login = { privateKeys: [], password: { from: "value", value: "open sesame" } } as const;

  it("is not given to a proxy command that asks for it", async (t) => {
    const server = await serverFor(t);
    const folder = mkdtempSync(join(tmpdir(), "nested-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const script = join(folder, "proxy.sh");
    const prompt = `"admin@127.0.0.1's password: "`;
    writeFileSync(
      script,
      `"$SSH_ASKPASS" ${prompt} > ${folder}/stolen\necho > ${folder}/asked\nexec nc "$1" "$2"\n`,
    );
    const host = keyHost(server, {
      login,
      proxyCommand: `/bin/sh ${script} %h %p`,
      user: "admin",
      connectTimeoutMs: 5000,
    });
    await failure(host, true);
    await until(() => readdirSync(folder).includes("stolen"), "the proxy command has asked");
    assert.equal(readFileSync(join(folder, "stolen"), "utf8"), "");
    assert.ok(!server.logins.some((each) => each.startsWith("password")), server.logins.join());
  });

  it("is not replaced by an empty one where ssh cannot run our script", async (t) => {
    const servers = [await serverFor(t), await serverFor(t)];
    const folder = mkdtempSync(join(tmpdir(), "unusable-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    // An ssh that finds the script without the right to run it, as on a file system that is mounted with noexec.
    const program = join(folder, "ssh");
    writeFileSync(program, '#!/bin/sh\n[ -z "$SSH_ASKPASS" ] || chmod 600 "$SSH_ASKPASS"\nexec ssh "$@"\n');
    chmodSync(program, 0o755);
    const { connect } = openOpenSsh(machineOptions({ program }));
    for (const server of servers) await assert.rejects(connect(keyHost(server, { login }), never));
    const empty = servers.flatMap(({ logins }) => logins.filter((each) => each === "password:"));
    assert.ok(empty.length <= 1, "an empty password counts as a failed one, which bars it");
  });
});
