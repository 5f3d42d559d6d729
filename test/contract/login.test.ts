/** Which credentials a host is offered, how often, and what is known about a password on other hosts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";
import { utils, type AuthContext } from "ssh2";
import type { LogoffError } from "../../provider/base/errors";
import type { Connect, Host, Login, Secret } from "../../provider/connection";
import { passwordGuard } from "../../provider/ssh/login/password-guard";
import { missingAgent, startAgent } from "../ssh/real-servers";
import {
  never,
  serverFor,
  testKey,
  type Script,
  type ScriptedServer,
  type TestKey,
} from "../ssh/scripted-server";
import { contract } from "./contract";
import { failsWith, patientHost, visit } from "./scene";
import { env, fileWith, newPath, readableTraces } from "./scratch";

const secret = `pa ss\tword äöü "$HOME" 'x' \\ %h`;
const password: Secret = { from: "value", value: secret };
const good = testKey("good");
const bad = testKey("bad");
const byValue = (key: TestKey): Secret => ({ from: "value", value: key.privateText });
const byFile = (key: TestKey, mode = 0o600): Secret => ({
  from: "file",
  path: fileWith(key.privateText, mode),
});
const none: Login = { privateKeys: [] };

/** The offers of a kind that the server has seen. A client may first ask whether a key is accepted, which is the same offer. */
const offers = (
  server: ScriptedServer,
  kind: "password" | "publickey" | "keyboard-interactive",
): readonly string[] => [
  ...server.logins.filter((login) => login.startsWith(kind) && !login.endsWith(":signed")),
];

contract("logins", (client) => {
  const logIn = (
    server: ScriptedServer,
    login: Login,
    changes: Partial<Host> = {},
  ): Promise<readonly string[]> =>
    visit(client.open({ env: { ...env, PHRASE: "correct horse", PASSWORD: secret } }).connect, {
      ...patientHost(server, { login, ...changes }),
    });
  const refused = async (
    server: ScriptedServer,
    login: Login,
    code: LogoffError["code"],
  ): Promise<LogoffError> => {
    const error = await failsWith(client.open({ env }).connect, patientHost(server, { login }), code);
    for (const text of [error.message, error.stack ?? "", JSON.stringify(error)])
      assert.ok(!text.includes(secret), text);
    return error;
  };

  for (const type of ["ed25519", "ecdsa", "rsa"] as const)
    it(`accept a private key by value and by file: ${type}`, async (t) => {
      const key = testKey("good", type);
      const server = await serverFor(t, { key });
      for (const source of [byValue(key), byFile(key)]) await logIn(server, { privateKeys: [source] });
      assert.equal(server.connections(), 2);
    });

  it("accept an encrypted private key by value and by file", async (t) => {
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
    "accept a key of an agent that is named, or that SSH_AUTH_SOCK names",
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
      const before = server.connections();
      await failsWith(
        connect,
        patientHost(server, { login: { privateKeys: [], agent: false } }),
        "auth-unavailable",
      );
      assert.equal(server.connections(), before, "a forbidden agent is not used");
    },
  );

  it("accept a password byte for byte, by value and by variable", async (t) => {
    const server = await serverFor(t, { password: secret });
    await logIn(server, { privateKeys: [], password });
    await logIn(server, { privateKeys: [], password: { from: "env", name: "PASSWORD" } });
    assert.deepEqual(offers(server, "password"), [`password:${secret}`, `password:${secret}`]);
  });

  it("leave no password in a file or a command line", async (t) => {
    const traces: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        traces.push(readableTraces());
        if (context.method === "password") context.accept();
        else context.reject(["password"]);
      },
    });
    // Plain letters, which look the same in every encoding and under every kind of quotes.
    const letters = "letterswithoutquotes";
    const login = { privateKeys: [], password: { from: "value", value: letters } } as const;
    const connection = await client.open().connect(patientHost(server, { login }), never);
    traces.push(readableTraces());
    await connection.close();
    assert.deepEqual(offers(server, "password"), [`password:${letters}`]);
    // From its arrival at the host on: before that, a private file may hold it.
    assert.ok(!traces.slice(-2).join("\n").includes(letters));
  });

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

  it("are offered in order, keys before the password, each once", async (t) => {
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

  it("do not offer the password to a host that accepts a key", async (t) => {
    const server = await serverFor(t, { key: good, password: secret });
    await logIn(server, { privateKeys: [byValue(good)], password });
    assert.deepEqual(offers(server, "password"), []);
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

  it("offer a rejected password no second time, not even as keyboard-interactive", async (t) => {
    const answers: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method !== "keyboard-interactive") context.reject(["password", "keyboard-interactive"]);
        else
          context.prompt([{ prompt: "Password: ", echo: false }], (given) => {
            answers.push(...given.filter((answer) => answer !== ""));
            context.reject(["password", "keyboard-interactive"]);
          });
      },
    });
    await refused(server, { privateKeys: [], password }, "auth-rejected");
    assert.equal(
      offers(server, "password").length + answers.length,
      1,
      `${server.logins.join()} ${answers.join()}`,
    );
    assert.equal(server.connections(), 1);
  });

  type Prompts = readonly { readonly prompt: string; readonly echo: boolean }[];
  /** A host that asks these questions, one round after the other, and then accepts the login. */
  const asking = (answers: string[], ...rounds: readonly Prompts[]): Script => ({
    onLogin: (context: AuthContext) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      const ask = (round: number): void => {
        const prompts = rounds[round];
        if (prompts === undefined) context.accept();
        else
          context.prompt([...prompts], (given) => {
            answers.push(...given);
            ask(round + 1);
          });
      };
      ask(0);
    },
  });
  const hidden = (prompt: string): Prompts => [{ prompt, echo: false }];

  it("answer one hidden question with the password", async (t) => {
    const answers: string[] = [];
    await logIn(await serverFor(t, asking(answers, hidden("Password: "))), { privateKeys: [], password });
    assert.deepEqual(answers, [secret]);
  });

  const questions: readonly (readonly [what: string, rounds: readonly Prompts[], given: number])[] = [
    ["a visible one", [[{ prompt: "Code: ", echo: true }]], 0],
    ["two at once", [[...hidden("Password: "), ...hidden("Code: ")]], 0],
    ["a second one after the password", [hidden("Password: "), hidden("Token: ")], 1],
  ];
  for (const [what, rounds, given] of questions)
    it(`do not answer other questions with the password: ${what}`, async (t) => {
      const answers: string[] = [];
      const server = await serverFor(t, asking(answers, ...rounds));
      await refused(
        server,
        { privateKeys: [], password },
        given === 0 ? "auth-unavailable" : "auth-rejected",
      );
      assert.deepEqual(answers.filter((answer) => answer.includes(secret)).length, given);
      assert.equal(server.connections(), 1);
    });

  it("fail on a host that wants a new password", async (t) => {
    const changes: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method === "password")
          context.requestChange("Change it now", (changed: string) => void changes.push(changed));
        else context.reject(["password"]);
      },
    });
    await refused(server, { privateKeys: [], password }, "auth-rejected");
    assert.deepEqual([offers(server, "password").length, changes], [1, []]);
  });

  it("do not contact a host without a credential that can be used", async (t) => {
    const server = await serverFor(t);
    const missing = newPath();
    const unusable: readonly Login[] = [
      none,
      { privateKeys: [{ from: "file", path: missing }] },
      { privateKeys: [{ from: "value", value: "not a key" }] },
      { privateKeys: [byFile(good, 0o644)] },
      { privateKeys: [], password: { from: "env", name: "NOT_SET" } },
      { privateKeys: [], agent: missing },
    ];
    for (const login of unusable) await refused(server, login, "auth-unavailable");
    assert.equal(server.connections(), 0);
  });

  it("offer nothing to a host that accepts no method of ours", async (t) => {
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

  const codes = (
    connect: Connect,
    servers: readonly ScriptedServer[],
    login: Login,
  ): Promise<readonly string[]> =>
    Promise.all(
      servers.map((server) =>
        visit(connect, patientHost(server, { login })).then(
          () => "ok",
          (thrown: unknown) => (thrown as LogoffError).code,
        ),
      ),
    );
  const only = { privateKeys: [], password } as const;

  it("offer a wrong password to one host of many, and contact no other host afterwards", async (t) => {
    const servers = await Promise.all(Array.from({ length: 6 }, () => serverFor(t, { password: "another" })));
    const guard = passwordGuard();
    const [one, two] = [client.open({ passwordGuard: guard }), client.open({ passwordGuard: guard })];
    const results = await Promise.all([one, two].map(({ connect }) => codes(connect, servers, only)));
    assert.deepEqual(new Set(results.flat()), new Set(["auth-rejected"]));
    assert.equal(servers.flatMap((server) => offers(server, "password")).length, 1);
    const before = servers.map((server) => server.connections());
    const error = await failsWith(one.connect, patientHost(servers[0]!, { login: only }), "auth-rejected");
    assert.ok(error.untried);
    const later = servers.map((server) => server.connections());
    assert.deepEqual(later, before);
  });

  it("offer a wrong password to one host of many, even after a rejected key", async (t) => {
    const script = { password: "another", key: testKey("their own") };
    const servers = await Promise.all(Array.from({ length: 4 }, () => serverFor(t, script)));
    const results = await codes(client.open().connect, servers, { privateKeys: [byValue(good)], password });
    assert.deepEqual(new Set(results), new Set(["auth-rejected"]));
    assert.equal(servers.flatMap((server) => offers(server, "password")).length, 1);
  });

  it("offer a right password to every host, and after three rejections to none", async (t) => {
    const right = await Promise.all(Array.from({ length: 4 }, () => serverFor(t, { password: secret })));
    const wrong = await Promise.all(Array.from({ length: 5 }, () => serverFor(t, { password: "another" })));
    const { connect } = client.open();
    assert.deepEqual(new Set(await codes(connect, right, only)), new Set(["ok"]));
    assert.deepEqual(
      right.map((server) => offers(server, "password").length),
      [1, 1, 1, 1],
    );
    for (const server of wrong) await codes(connect, [server], only);
    assert.equal(wrong.flatMap((server) => offers(server, "password")).length, 3);
    assert.deepEqual(await codes(connect, right.slice(0, 1), only), ["auth-rejected"]);
  });

  it("offer the password of one host to no other user", async (t) => {
    const [one, two] = [
      await serverFor(t, { password: "another" }),
      await serverFor(t, { password: secret }),
    ];
    const { connect } = client.open();
    assert.deepEqual(await codes(connect, [one], only), ["auth-rejected"]);
    await visit(connect, patientHost(two, { login: only, user: "somebody" }));
    assert.deepEqual(await codes(connect, [two], only), ["auth-rejected"]);
  });
});
