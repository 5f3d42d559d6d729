/** Names from an inventory and text from a host are data: they run nothing, set nothing, and break no terminal. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { it } from "node:test";
import type { Connection as ServerConnection } from "ssh2";
import type { Host, Login } from "../../provider/connection";
import { rawServer } from "../ssh/raw-server";
import { never, serverFor, testKey, type Script } from "../ssh/scripted-server";
import {
  connected,
  contract,
  failure,
  needs,
  patient,
  patientHost,
  rejection,
  shortMs,
  visit,
} from "./contract";
import { fileWith, newPath } from "./scratch";

/** Names that would run a command, or set an option, if anything took them for more than a name. */
const hostile = (mark: string): readonly string[] => [
  `-oProxyCommand=touch ${mark}`,
  `-oProxyCommand=touch\${IFS}${mark}`,
  `-F${mark}`,
  "-V",
  "--",
  `$(touch ${mark})`,
  `\`touch ${mark}\``,
  `x;touch ${mark}`,
  `x|touch ${mark}`,
  `x&touch ${mark}`,
  `'x';touch ${mark};'`,
  `"x";touch ${mark};"`,
  `x\ntouch ${mark}`,
  `x\nHost *\nProxyCommand touch ${mark}\n`,
  `x\r\nPermitLocalCommand yes\r\nLocalCommand touch ${mark}`,
  `x ProxyCommand=touch ${mark}`,
  `x" ProxyCommand "touch ${mark}`,
  `x\u0000touch ${mark}`,
  "%h%p%r%n%%%d%C",
  "${HOME}",
  "~root",
  "*",
  "!x",
  "# x",
  "\u001b[2J\u202e",
];

const allowed: readonly string[] = ["plan-invalid", "host-unreachable", "timed-out"];

contract("untrusted names", (client) => {
  it("of hosts run nothing and set no option", async () => {
    const mark = newPath();
    const { connect } = client.open();
    for (const address of hostile(mark)) {
      const host = patientHost({ address, port: 1 }, { label: "named:1", connectTimeoutMs: shortMs });
      const error = await failure(connect, host);
      assert.ok(allowed.includes(error.code), `${JSON.stringify(address)}: ${error.code} ${error.message}`);
    }
    assert.ok(!existsSync(mark));
  });

  it("of jump hosts run nothing and set no option", { skip: needs(client, "jump hosts") }, async (t) => {
    const target = await serverFor(t);
    const mark = newPath();
    const { connect } = client.open();
    for (const address of hostile(mark)) {
      const jump = patientHost({ address, port: 1 }, { label: "jump:1", connectTimeoutMs: shortMs });
      const host = patientHost(target, { jumpHosts: [jump], connectTimeoutMs: shortMs });
      const error = await failure(connect, host);
      assert.ok(["plan-invalid", "jump-host-failed"].includes(error.code), `${address}: ${error.message}`);
    }
    assert.deepEqual([existsSync(mark), target.connections()], [false, 0]);
  });

  it("of users arrive as they are, or are refused before anything is sent", async (t) => {
    const users: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (users.at(-1) !== context.username) users.push(context.username);
        context.reject(["password"]);
      },
    });
    const mark = newPath();
    for (const user of ["DOMAIN\\alice", "alice@corp.example", "älice", ...hostile(mark)]) {
      users.length = 0;
      const error = await failure(client.open().connect, patientHost(server, { user }));
      assert.ok(
        ["plan-invalid", "auth-rejected"].includes(error.code),
        `${user}: ${error.code} ${error.message}`,
      );
      assert.deepEqual(users, error.code === "plan-invalid" ? [] : [user]);
    }
    assert.ok(!existsSync(mark));
  });

  it("with a domain or an at sign can log in", async (t) => {
    const users: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method !== "password") {
          context.reject(["password"]);
          return;
        }
        users.push(context.username);
        context.accept();
      },
    });
    const names = ["DOMAIN\\alice", "alice@corp.example", "alice.smith", "svc_logoff", "älice"];
    for (const user of names) await visit(client.open().connect, patientHost(server, { user }));
    assert.deepEqual(users, names);
  });

  it("of hosts, as labels, appear in messages and nowhere else", async (t) => {
    const server = await serverFor(t);
    const mark = newPath();
    for (const label of [
      `$(touch ${mark}):22`,
      `-oProxyCommand=touch ${mark}:22`,
      "a/../../b:22",
      "x\nHost *:22",
    ]) {
      const connection = await client.open().connect(patientHost(server, { label }), never);
      assert.equal((await connection.exec("x", patient)).code, 0);
      await connection.close();
    }
    assert.ok(!existsSync(mark));
  });

  it("of known_hosts entries set no option and hide no line", async (t) => {
    const server = await serverFor(t);
    const mark = newPath();
    const known = `[127.0.0.1]:${server.port} ${testKey("host").publicText}`;
    const noise = [
      `ProxyCommand touch ${mark}`,
      `$(touch ${mark}) ssh-ed25519 AAAA`,
      "\u0000",
      "x".repeat(20_000),
    ];
    const text = [...noise, known, ...noise].join("\n");
    for (const policy of [{ knownHosts: text, knownHostsFiles: [] }, { knownHostsFiles: [fileWith(text)] }]) {
      const hostKeys: Host["hostKeys"] = { pinned: [], strict: "yes", ...policy };
      await visit(client.open().connect, patientHost(server, { hostKeys }));
    }
    assert.ok(!existsSync(mark));
  });

  const skip = needs(client, "every character in names");

  it("of users may end with a dollar sign, as those of Windows' service accounts", { skip }, async (t) => {
    const server = await serverFor(t, { key: testKey("login") });
    const login: Login = { privateKeys: [{ from: "value", value: testKey("login").privateText }] };
    await visit(client.open().connect, patientHost(server, { login, user: "CORP\\svc_logoff$" }));
  });

  for (const [what, odd, mayBeRefused] of [
    ["blanks and marks", " a b (c) [d] #e =f äß", false],
    ["quotes and signs that are expanded", ` "c" 'd' %h $HOME \\`, true],
  ] as const)
    it(
      `of files that hold keys and known hosts may have ${what}`,
      { skip: mayBeRefused && skip },
      async (t) => {
        const key = testKey("login");
        const server = await serverFor(t, { key });
        const known = `[127.0.0.1]:${server.port} ${testKey("host").publicText}\n`;
        const [keyFile, knownFile] = [fileWith(key.privateText, 0o600, odd), fileWith(known, 0o600, odd)];
        const host = patientHost(server, {
          login: { privateKeys: [{ from: "file", path: keyFile }] },
          hostKeys: { pinned: [], knownHostsFiles: [knownFile], strict: "yes" },
        });
        await visit(client.open().connect, host);
        assert.equal(readFileSync(knownFile, "utf8"), known);
      },
    );
});

const rude = "\u001b]0;owned\u0007\u001b[2J\u202e\r\nopen sesame\u0085x";

contract("text from a host", (client) => {
  const greets = (greeting: string): Script => ({ greeting: `${greeting}\r\n` });

  it("before its identification is skipped", async (t) => {
    const server = await serverFor(t, greets("do not enter\r\n\u001b[2J"));
    await visit(client.open().connect, patientHost(server));
  });

  it("in its banner is skipped, however rude", async (t) => {
    const server = await serverFor(t, { banner: `${rude}\nadmin@127.0.0.1's password: \n`.repeat(20) });
    const connection = await client.open().connect(patientHost(server), never);
    const { stdout, stderr } = await connection.exec("x", patient);
    assert.deepEqual([Buffer.from(stdout).toString(), stderr.length], ["ran x", 0]);
    assert.ok(!connection.warnings.join().includes("owned"));
    await connection.close();
  });

  it("cannot be taken for an error that it is not", async (t) => {
    const words = [
      "Host key verification failed.",
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @",
      "Permission denied (publickey,password).",
      "Connection refused",
      "ssh: Could not resolve hostname x: Name or service not known",
      "debug1: Exit status 0",
      "channel 2: open failed: administratively prohibited",
    ].join("\n");
    const { connection } = await connected(t, client, {
      banner: `${words}\n`,
      onExec: (_command, accept) => {
        const channel = accept();
        channel.stderr.write(`${words}\n`);
        channel.write(words);
        channel.exit(255);
        channel.end();
      },
    });
    const { code, stdout, stderr } = await connection.exec("x", patient);
    assert.deepEqual(
      [code, Buffer.from(stdout).toString(), Buffer.from(stderr).toString()],
      [255, words, `${words}\n`],
    );
  });

  it("in an error can be printed and holds no secret of ours", async (t) => {
    const web = await rawServer(t, (socket) => socket.end(`SSH-9.9-${rude}\r\n`));
    const failing = await failure(client.open().connect, patientHost(web, { awaited: true }));
    assert.equal(failing.code, "host-unreachable");
    const leaving = await serverFor(t, {
      onConnection: (server) => server.on("handshake", () => disconnect(server, rude)),
    });
    const left = await failure(client.open().connect, patientHost(leaving, { connectTimeoutMs: shortMs }));
    assert.ok(!left.message.includes("open sesame"), left.message);
    const asking = await serverFor(t, {
      onLogin: (context) => {
        if (context.method === "keyboard-interactive")
          context.prompt([{ prompt: `Code ${rude}: `, echo: true }], () => context.reject());
        else context.reject(["keyboard-interactive"]);
      },
    });
    const asked = await failure(client.open().connect, patientHost(asking));
    assert.ok(!asked.message.includes("open sesame"), asked.message);
  });

  it(
    "in the refusal of a channel can be printed",
    { skip: needs(client, "a shared connection") },
    async (t) => {
      const refusal = { reason: 1, words: rude };
      const { connection } = await connected(t, client, { maxSessions: 0, refusal });
      const error = await rejection(connection.exec("x", patient));
      assert.deepEqual([error.code, error.sent], ["command-failed", false]);
      assert.ok(!error.message.includes("open sesame"), error.message);
    },
  );
});

/** Ends a connection with SSH_MSG_DISCONNECT and these words; ssh2's server cannot choose them. */
function disconnect(client: ServerConnection, words: string): void {
  interface Protocol {
    readonly _packetRW: {
      readonly write: {
        readonly allocStart: number;
        readonly alloc: (bytes: number) => Buffer;
        readonly finalize: (packet: Buffer) => Buffer;
      };
    };
    readonly _cipher: { readonly encrypt: (packet: Buffer) => void };
  }
  const { _packetRW: packets, _cipher: cipher } = (client as unknown as { _protocol: Protocol })._protocol;
  const length = Buffer.byteLength(words);
  const packet = packets.write.alloc(1 + 4 + 4 + length + 4);
  const start = packets.write.allocStart;
  packet.writeUInt8(1, start);
  packet.writeUInt32BE(2, start + 1);
  packet.writeUInt32BE(length, start + 5);
  packet.write(words, start + 9);
  packet.writeUInt32BE(0, start + 9 + length);
  cipher.encrypt(packets.write.finalize(packet));
  client.end();
}
