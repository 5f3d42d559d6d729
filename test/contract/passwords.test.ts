/** A password is offered once to a host, in answer to one question, and to no other host after it was rejected. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AuthContext } from "ssh2";
import type { ErrorCode, LogoffError } from "../../provider/base/errors";
import type { Connect, Login, Secret } from "../../provider/connection";
import { passwordGuard } from "../../provider/ssh/login/password-guard";
import { never, serverFor, testKey, type Script, type ScriptedServer } from "../ssh/scripted-server";
import { contract, failsWith, patientHost, visit } from "./contract";
import { env, readableTraces } from "./scratch";

const secret = `pa ss\tword äöü "$HOME" 'x' \\ %h`;
const password: Secret = { from: "value", value: secret };
const only = { privateKeys: [], password } as const;
const key = testKey("good");
const keyAndPassword: Login = { privateKeys: [{ from: "value", value: key.privateText }], password };

/** The passwords that the server was offered. */
const offers = (server: ScriptedServer): readonly string[] =>
  server.logins.filter((login) => login.startsWith("password"));

contract("passwords", (client) => {
  const logIn = (server: ScriptedServer, login: Login): Promise<readonly string[]> =>
    visit(client.open({ env: { ...env, PASSWORD: secret } }).connect, patientHost(server, { login }));
  const refused = async (server: ScriptedServer, code: ErrorCode): Promise<void> => {
    const error = await failsWith(client.open().connect, patientHost(server, { login: only }), code);
    for (const text of [error.message, error.stack ?? "", JSON.stringify(error)])
      assert.ok(!text.includes(secret), text);
  };

  it("arrive byte for byte, given by value or by variable", async (t) => {
    const server = await serverFor(t, { password: secret });
    await logIn(server, only);
    await logIn(server, { privateKeys: [], password: { from: "env", name: "PASSWORD" } });
    assert.deepEqual(offers(server), [`password:${secret}`, `password:${secret}`]);
  });

  it("are left in no file and in no command line", async (t) => {
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
    assert.deepEqual(offers(server), [`password:${letters}`]);
    // From its arrival at the host on: before that, a private file may hold it.
    assert.ok(!traces.slice(-2).join("\n").includes(letters));
  });

  it("are not offered to a host that accepts a key", async (t) => {
    const server = await serverFor(t, { key, password: secret });
    await logIn(server, keyAndPassword);
    assert.deepEqual(offers(server), []);
  });

  it("are not offered again after a rejection, not even as keyboard-interactive", async (t) => {
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
    await refused(server, "auth-rejected");
    assert.equal(offers(server).length + answers.length, 1, `${server.logins.join()} ${answers.join()}`);
    assert.equal(server.connections(), 1);
  });

  type Prompts = readonly { readonly prompt: string; readonly echo: boolean }[];
  /** A host that asks these questions, one round after the other, and then accepts the login. */
  const asking = (answers: string[], ...rounds: readonly Prompts[]): Script => ({
    onLogin: (context: AuthContext) => {
      if (context.method !== "keyboard-interactive") {
        context.reject(["keyboard-interactive"]);
        return;
      }
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

  it("answer one hidden question", async (t) => {
    const answers: string[] = [];
    await logIn(await serverFor(t, asking(answers, hidden("Password: "))), only);
    assert.deepEqual(answers, [secret]);
  });

  const questions: readonly (readonly [what: string, rounds: readonly Prompts[], given: number])[] = [
    ["a visible one", [[{ prompt: "Code: ", echo: true }]], 0],
    ["two at once", [[...hidden("Password: "), ...hidden("Code: ")]], 0],
    ["a second one after the password", [hidden("Password: "), hidden("Token: ")], 1],
  ];
  for (const [what, rounds, given] of questions)
    it(`answer no other question: ${what}`, async (t) => {
      const answers: string[] = [];
      const server = await serverFor(t, asking(answers, ...rounds));
      await refused(server, given > 0 ? "auth-rejected" : "auth-unavailable");
      assert.deepEqual(answers.filter((answer) => answer.includes(secret)).length, given);
      assert.equal(server.connections(), 1);
    });

  it("are not changed for a host that wants a new one", async (t) => {
    const changes: string[] = [];
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method === "password")
          context.requestChange("Change it now", (changed: string) => void changes.push(changed));
        else context.reject(["password"]);
      },
    });
    await refused(server, "auth-rejected");
    assert.deepEqual([offers(server).length, changes], [1, []]);
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
  it("that are wrong are offered to one host of many, and no other is contacted afterwards", async (t) => {
    const servers = await Promise.all(Array.from({ length: 6 }, () => serverFor(t, { password: "another" })));
    const guard = passwordGuard();
    const [one, two] = [client.open({ passwordGuard: guard }), client.open({ passwordGuard: guard })];
    const results = await Promise.all([one, two].map(({ connect }) => codes(connect, servers, only)));
    assert.deepEqual(new Set(results.flat()), new Set(["auth-rejected"]));
    assert.equal(servers.flatMap((server) => offers(server)).length, 1);
    const before = servers.map((server) => server.connections());
    const error = await failsWith(one.connect, patientHost(servers[0]!, { login: only }), "auth-rejected");
    assert.ok(error.untried);
    const later = servers.map((server) => server.connections());
    assert.deepEqual(later, before);
  });

  it("that are wrong are offered to one host of many, even after a rejected key", async (t) => {
    const script = { password: "another", key: testKey("their own") };
    const servers = await Promise.all(Array.from({ length: 4 }, () => serverFor(t, script)));
    const results = await codes(client.open().connect, servers, keyAndPassword);
    assert.deepEqual(new Set(results), new Set(["auth-rejected"]));
    assert.equal(servers.flatMap((server) => offers(server)).length, 1);
  });

  it("that are right are offered to every host, and after three rejections to none", async (t) => {
    const right = await Promise.all(Array.from({ length: 4 }, () => serverFor(t, { password: secret })));
    const wrong = await Promise.all(Array.from({ length: 5 }, () => serverFor(t, { password: "another" })));
    const { connect } = client.open();
    assert.deepEqual(new Set(await codes(connect, right, only)), new Set(["ok"]));
    assert.deepEqual(
      right.map((server) => offers(server).length),
      [1, 1, 1, 1],
    );
    for (const server of wrong) await codes(connect, [server], only);
    assert.equal(wrong.flatMap((server) => offers(server)).length, 3);
    assert.deepEqual(await codes(connect, right.slice(0, 1), only), ["auth-rejected"]);
  });

  it("that are rejected for one user are still offered for another", async (t) => {
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
