/** Which keys a host is offered, in which order, and what happens where there is nothing to offer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";
import { utils } from "ssh2";
import type { ErrorCode, LogoffError } from "../../provider/base/errors";
import type { Login, Secret } from "../../provider/connection";
import { missingAgent, startAgent } from "../ssh/real-servers";
import { never, serverFor, testKey, type ScriptedServer, type TestKey } from "../ssh/scripted-server";
import { contract, failsWith, needs, patientHost, visit } from "./contract";
import { env, fileWith, newPath, readableTraces } from "./scratch";

const secret = "open sesame";
const password: Secret = { from: "value", value: secret };
const good = testKey("good");
const bad = testKey("bad");
const byValue = (key: TestKey): Secret => ({ from: "value", value: key.privateText });
const byFile = (key: TestKey, mode = 0o600): Secret => ({
  from: "file",
  path: fileWith(key.privateText, mode),
});
const none: Login = { privateKeys: [] };

contract("logins", (client) => {
  const logIn = (server: ScriptedServer, login: Login): Promise<readonly string[]> =>
    visit(client.open({ env: { ...env, PHRASE: "correct horse" } }).connect, patientHost(server, { login }));
  const refused = (server: ScriptedServer, login: Login, code: ErrorCode): Promise<LogoffError> =>
    failsWith(client.open().connect, patientHost(server, { login }), code);

  for (const type of ["ed25519", "ecdsa", "rsa"] as const)
    it(`succeed with a private key by value and by file: ${type}`, async (t) => {
      const key = testKey("good", type);
      const server = await serverFor(t, { key });
      for (const source of [byValue(key), byFile(key)]) await logIn(server, { privateKeys: [source] });
      assert.equal(server.connections(), 2);
    });

  it("succeed with an encrypted private key by value and by file", async (t) => {
    const pair = utils.generateKeyPairSync("ed25519", {
      passphrase: "correct horse",
      cipher: "aes256-ctr",
      rounds: 1,
    });
    const key = {
      privateText: pair.private,
      publicText: pair.public,
      blob: Buffer.from(pair.public.split(" ")[1]!, "base64"),
    };
    const server = await serverFor(t, { key });
    const passphrase = { from: "env", name: "PHRASE" } as const;
    for (const source of [byValue(key), byFile(key)]) {
      await logIn(server, { privateKeys: [source], passphrase });
      const wrong = { from: "value", value: "wrong horse" } as const;
      const before = server.logins.length;
      await refused(server, { privateKeys: [source], passphrase: wrong }, "auth-unavailable");
      await refused(server, { privateKeys: [source] }, "auth-unavailable");
      assert.ok(
        server.logins.slice(before).every((login) => login === "none"),
        server.logins.join(),
      );
    }
  });

  it("leave no private key in a file or a command line", async (t) => {
    const traces: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        traces.push(readableTraces());
        if (context.method === "publickey") context.accept();
        else context.reject(["publickey"]);
      },
    });
    const connection = await client
      .open()
      .connect(patientHost(server, { login: { privateKeys: [byValue(good)] } }), never);
    traces.push(readableTraces());
    await connection.close();
    assert.ok(traces.length > 1);
    for (const line of good.privateText
      .split("\n")
      .filter((text) => text.length > 20 && !text.startsWith("-")))
      assert.ok(!traces.join("\n").includes(line), "a line of the key can be read");
  });

  it(
    "succeed with a key of an agent that is named, or that SSH_AUTH_SOCK names",
    { skip: missingAgent() },
    async (t) => {
      const server = await serverFor(t, { key: good });
      const agent = newPath();
      const child = await startAgent(agent, [fileWith(good.privateText)]);
      t.after(async () => {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      });
      await logIn(server, { privateKeys: [], agent });
      const { connect } = client.open({ env: { ...env, SSH_AUTH_SOCK: agent } });
      await visit(connect, patientHost(server, { login: none }));
      await visit(connect, patientHost(server, { login: { privateKeys: [], agent: true } }));
      const before = server.logins.length;
      const forbidden = patientHost(server, { login: { privateKeys: [], agent: false } });
      await failsWith(connect, forbidden, "auth-unavailable");
      const offered = server.logins.slice(before).filter((login) => login !== "none");
      assert.deepEqual(offered, [], "a forbidden agent is not used");
    },
  );

  it("use the local user where none is given", async (t) => {
    const users: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        users.push(context.username);
        if (context.method === "password") context.accept();
        else context.reject(["password"]);
      },
    });
    const host = { ...patientHost(server) };
    delete (host as { user?: string }).user;
    await visit(client.open({ localUser: () => "local" }).connect, host);
    assert.deepEqual([...new Set(users)], ["local"]);
  });

  it("offer the keys in their order and then the password, each once", async (t) => {
    const server = await serverFor(t, { onLogin: (context) => context.reject(["publickey", "password"]) });
    const error = await refused(
      server,
      { privateKeys: [byValue(good), byFile(bad)], password },
      "auth-rejected",
    );
    assert.deepEqual(
      server.logins.filter((login) => login !== "none"),
      [
        `publickey:${good.blob.toString("base64")}`,
        `publickey:${bad.blob.toString("base64")}`,
        `password:${secret}`,
      ],
    );
    assert.ok(error.atLogin);
    assert.equal(server.connections(), 1, "a rejected login is not tried again");
  });

  it("go on with the password on a host that wants a key and a password", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method === "password") context.accept();
        else if (context.method !== "publickey") context.reject(["publickey"]);
        else if (context.signature) context.reject(["password"], true);
        else context.accept();
      },
    });
    await logIn(server, { privateKeys: [byValue(good)], password });
    assert.equal(server.logins.at(-1), `password:${secret}`);
    await refused(server, { privateKeys: [byValue(good)] }, "auth-rejected");
  });

  it("do not contact a host without a usable credential", async (t) => {
    const server = await serverFor(t);
    const unusable: readonly Login[] = [
      { privateKeys: [{ from: "file", path: newPath() }] },
      { privateKeys: [{ from: "value", value: "not a key" }] },
      { privateKeys: [byFile(good, 0o644)] },
      { privateKeys: [], password: { from: "env", name: "NOT_SET" } },
    ];
    for (const login of unusable) await refused(server, login, "auth-unavailable");
    assert.deepEqual([server.connections(), server.logins], [0, []]);
  });

  it("offer nothing where there is nothing to offer", async (t) => {
    const server = await serverFor(t, { key: good });
    const nothing: readonly Login[] = [none, { privateKeys: [], agent: newPath() }];
    for (const login of nothing) await refused(server, login, "auth-unavailable");
    assert.deepEqual(
      server.logins.filter((login) => login !== "none"),
      [],
    );
    if (needs(client, "knowledge of all credentials") === false) assert.equal(server.connections(), 0);
  });

  it("offer nothing to a host that accepts none of our methods", async (t) => {
    const server = await serverFor(t, { onLogin: (context) => context.reject(["hostbased"]) });
    const error = await refused(server, { privateKeys: [byValue(good)], password }, "auth-unavailable");
    assert.ok(error.message.includes("hostbased"), error.message);
    assert.deepEqual(new Set(server.logins), new Set(["none"]));
  });

  it("do not begin where no algorithm is common", async (t) => {
    const server = await serverFor(t, { algorithms: { kex: ["diffie-hellman-group14-sha1"] } });
    const error = await refused(server, { privateKeys: [], password }, "no-common-algorithm");
    assert.ok(error.message.includes("diffie-hellman-group14-sha1"), error.message);
    assert.deepEqual([server.logins, server.connections()], [[], 1]);
  });
});
