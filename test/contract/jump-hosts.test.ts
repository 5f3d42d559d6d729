/** What holds for a host holds for each jump host too, and no jump host learns what is meant for its target. */
import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import type { Host, Login } from "../../provider/connection";
import { never, serverFor, testKey, until, type Script, type ScriptedServer } from "../ssh/scripted-server";
import {
  contract,
  failsWith,
  needs,
  nothingIsLeft,
  outputOf,
  patient,
  patientHost,
  rejection,
  repeatedMs,
  shortMs,
  visit,
} from "./contract";
import { readableTraces } from "./scratch";

const key = testKey("login");
const secret = "open sesame";
const keyLogin: Login = { privateKeys: [{ from: "value", value: key.privateText }] };
const both: Login = { ...keyLogin, password: { from: "value", value: secret } };

/** A jump host, with a host key of its own, that accepts the login's key. */
function jumpServer(t: TestContext, script: Script = {}, name = "jump"): Promise<ScriptedServer> {
  return serverFor(t, {
    hostKeys: [testKey(name)],
    key,
    password: "of the jump host",
    forwards: true,
    ...script,
  });
}

function jumpHost(server: ScriptedServer, changes: Partial<Host> = {}, name = "jump"): Host {
  return patientHost(server, {
    hostKeys: { pinned: [testKey(name).publicText], strict: "yes" },
    login: keyLogin,
    ...changes,
  });
}

const through = (target: ScriptedServer, jumpHosts: readonly Host[], changes: Partial<Host> = {}): Host =>
  patientHost(target, { login: keyLogin, jumpHosts, ...changes });

const passwordsOf = (server: ScriptedServer): readonly string[] =>
  server.logins.filter((login) => login.startsWith("password") || login.startsWith("keyboard"));

contract(
  "jump hosts",
  (client) => {
    it("lead to the target, alone or in a chain, and are closed with it", async (t) => {
      const target = await serverFor(t, { key });
      const [first, second] = [await jumpServer(t), await jumpServer(t, {}, "second")];
      for (const jumps of [[jumpHost(first)], [jumpHost(first), jumpHost(second, {}, "second")]]) {
        const connection = await client.open().connect(through(target, jumps), never);
        assert.equal(await outputOf(connection.exec, "x"), "ran x");
        await connection.close();
        await until(() => [target, first, second].every((server) => server.open() === 0), "all are closed");
        await nothingIsLeft();
      }
      assert.deepEqual(first.forwarded, [`127.0.0.1:${target.port}`, `127.0.0.1:${second.port}`]);
      assert.deepEqual(second.forwarded, [`127.0.0.1:${target.port}`]);
      assert.deepEqual([...first.commands, ...second.commands], []);
    });

    it("are verified before anything is offered to them", async (t) => {
      const target = await serverFor(t, { key });
      const jump = await jumpServer(t);
      const name = `[127.0.0.1]:${jump.port}`;
      const policies: readonly (readonly [code: string, policy: Host["hostKeys"]])[] = [
        ["host-key-unknown", { pinned: [], knownHosts: "", knownHostsFiles: [], strict: "yes" }],
        ["host-key-changed", { pinned: [testKey("another").publicText], strict: "yes" }],
        [
          "host-key-changed",
          {
            pinned: [],
            knownHosts: `${name} ${testKey("another").publicText}`,
            knownHostsFiles: [],
            strict: "yes",
          },
        ],
        [
          "host-key-revoked",
          {
            pinned: [],
            knownHosts: `${name} ${testKey("jump").publicText}\n@revoked * ${testKey("jump").publicText}`,
            knownHostsFiles: [],
            strict: "yes",
          },
        ],
      ];
      for (const [code, hostKeys] of policies) {
        const host = through(target, [jumpHost(jump, { hostKeys })]);
        const error = await failsWith(client.open().connect, host, "jump-host-failed");
        assert.ok(error.message.includes(`(${code})`), error.message);
        assert.ok(error.message.includes(`"127.0.0.1:${jump.port}"`), error.message);
      }
      assert.deepEqual([jump.logins, jump.forwarded, target.connections()], [[], [], 0]);
    });

    it("do not vouch for the key of their target", async (t) => {
      const target = await serverFor(t, { key });
      const jump = await jumpServer(t);
      const unknown = { pinned: [], knownHosts: "", knownHostsFiles: [], strict: "yes" } as const;
      const changed = { pinned: [testKey("jump").publicText], strict: "yes" } as const;
      for (const [hostKeys, code] of [
        [unknown, "host-key-unknown"],
        [changed, "host-key-changed"],
      ] as const)
        await failsWith(client.open().connect, through(target, [jumpHost(jump)], { hostKeys }), code);
      assert.deepEqual(target.logins, []);
    });

    it("are never given the password of their target, and the target gets it once", async (t) => {
      const target = await serverFor(t, { password: secret });
      const jump = await jumpServer(t);
      await visit(client.open().connect, through(target, [jumpHost(jump)], { login: both }));
      assert.deepEqual(passwordsOf(jump), []);
      assert.deepEqual(passwordsOf(target), [`password:${secret}`]);
    });

    const lures: readonly (readonly [what: string, prompt: (target: ScriptedServer) => string])[] = [
      ["by a plain question", () => "Password: "],
      ["in the words of the target", () => "admin@127.0.0.1's password: "],
      ["in the words of the target with its port", ({ port }) => `admin@127.0.0.1:${port}'s password: `],
      ["in the words of a prompt of the target", () => "(admin@127.0.0.1) Password: "],
    ];
    for (const [what, prompt] of lures)
      it(`that rejects the key and asks for the password of its target is not given it: ${what}`, async (t) => {
        const answers: string[] = [];
        const target = await serverFor(t, { password: secret });
        const jump = await jumpServer(t, {
          onLogin: (context) => {
            if (context.method === "keyboard-interactive")
              context.prompt([{ prompt: prompt(target), echo: false }], (given) => {
                answers.push(...given);
                context.reject(["password", "keyboard-interactive"]);
              });
            else context.reject(["publickey", "password", "keyboard-interactive"]);
          },
        });
        const host = through(target, [jumpHost(jump)], { login: both });
        await failsWith(client.open().connect, host, "jump-host-failed");
        assert.ok(!jump.logins.some((login) => login.includes(secret)), jump.logins.join());
        assert.ok(!answers.some((answer) => answer.includes(secret)), answers.join());
        assert.deepEqual([target.connections(), readableTraces().includes(secret)], [0, false]);
      });

    it("have a login of their own", { skip: needs(client, "logins of jump hosts") }, async (t) => {
      const target = await serverFor(t, { password: secret });
      const jump = await jumpServer(t);
      const login = { privateKeys: [], password: { from: "value", value: "of the jump host" } } as const;
      const targets = { privateKeys: [], password: both.password! };
      await visit(
        client.open().connect,
        through(target, [jumpHost(jump, { login, user: "other" })], { login: targets }),
      );
      assert.deepEqual(passwordsOf(jump), ["password:of the jump host"]);
      assert.deepEqual(passwordsOf(target), [`password:${secret}`]);
    });

    it("that reject the login, forbid forwarding or are gone have their own code", async (t) => {
      const target = await serverFor(t, { key });
      const rejecting = await jumpServer(t, { key: testKey("another") });
      const rejected = await failsWith(
        client.open().connect,
        through(target, [jumpHost(rejecting)]),
        "jump-host-failed",
      );
      assert.match(rejected.message, /\(auth-(rejected|unavailable)\)/u);
      const gone = await jumpServer(t);
      await gone.close();
      const host = through(target, [jumpHost(gone, { connectTimeoutMs: repeatedMs })], {
        connectTimeoutMs: repeatedMs,
      });
      const unreachable = await failsWith(client.open().connect, host, "jump-host-failed");
      assert.match(unreachable.message, /\(host-unreachable\)/u);
      assert.equal(target.connections(), 0);
    });

    it("that cannot reach their target are not at fault", async (t) => {
      const target = await serverFor(t, { key });
      await target.close();
      const jump = await jumpServer(t);
      const host = through(target, [jumpHost(jump)], { connectTimeoutMs: 2 * shortMs });
      await failsWith(client.open().connect, host, "host-unreachable");
    });

    it("do not change the errors of their target", async (t) => {
      const target = await serverFor(t, { password: "another" });
      const jump = await jumpServer(t);
      const host = through(target, [jumpHost(jump)], { login: both });
      await failsWith(client.open().connect, host, "auth-rejected");
      assert.equal(passwordsOf(target).length, 1);
    });

    it("that say nothing time out, and leave nothing", async (t) => {
      const target = await serverFor(t, { key });
      const jump = await jumpServer(t, { onLogin: () => undefined });
      const host = through(target, [jumpHost(jump, { connectTimeoutMs: shortMs })], {
        connectTimeoutMs: shortMs,
      });
      const error = await failsWith(client.open().connect, host, "jump-host-failed");
      assert.match(error.message, /\(timed-out\)/u);
      await until(() => jump.open() === 0, "the connection is closed");
      await nothingIsLeft();
    });

    it("that are lost end the commands behind them", async (t) => {
      const target = await serverFor(t, { key, onExec: (_command, accept) => void accept().write("half") });
      const jump = await jumpServer(t);
      const connection = await client.open().connect(through(target, [jumpHost(jump)]), never);
      t.after(() => connection.close());
      const lost = rejection(connection.exec("hang", patient));
      await until(() => target.commands.length === 1, "the command runs");
      await jump.close();
      assert.equal((await lost).code, "connection-lost");
      const next = await rejection(connection.exec("next", patient));
      assert.deepEqual([next.code, next.sent], ["connection-lost", false]);
    });
  },
  "jump hosts",
);
