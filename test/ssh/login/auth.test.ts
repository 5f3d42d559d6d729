import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { AuthContext } from "ssh2";
import { LogoffError, type ErrorCode } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { fingerprint } from "../../../provider/ssh/host-keys/public-key";
import { openSsh } from "../../../provider/ssh/open-ssh";
import {
  bareOptions,
  hostOf,
  never,
  startServer,
  testKey,
  type Script,
  type ScriptedServer,
} from "../scripted-server";

const secret = "pass\tword äöü";
const password = { from: "value", value: secret } as const;
const good = testKey("good");
const bad = testKey("bad");
const keyOf = (key: typeof good) => ({ from: "value", value: key.privateText }) as const;

async function serverFor(t: TestContext, script: Script): Promise<ScriptedServer> {
  const server = await startServer(script);
  t.after(() => server.close());
  return server;
}

async function logIn(
  server: ScriptedServer,
  login: Host["login"],
  changes: Partial<Host> = {},
): Promise<void> {
  await (await openSsh(bareOptions()).connect(hostOf(server, { login, ...changes }), never)).close();
}

async function refused(
  server: ScriptedServer,
  login: Host["login"],
  code: ErrorCode,
  message: RegExp,
  changes: Partial<Host> = {},
): Promise<string> {
  const error = await logIn(server, login, changes).then(
    () => assert.fail("it logged in"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LogoffError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  for (const text of [error.message, error.stack ?? "", JSON.stringify(error)])
    assert.ok(!text.includes(secret), text);
  return error.message;
}

describe("the order of logins", () => {
  it("is the keys as given, then the password, each offered once", async (t) => {
    const server = await serverFor(t, { onLogin: (context) => context.reject(["publickey", "password"]) });
    const login = { privateKeys: [keyOf(good), keyOf(bad)], password };
    const message = await refused(
      server,
      login,
      "auth-rejected",
      /rejected: publickey \(.*\), publickey \(.*\), password; /u,
    );
    assert.deepEqual(server.logins, [
      "none",
      `publickey:${good.blob.toString("base64")}`,
      `publickey:${bad.blob.toString("base64")}`,
      `password:${secret}`,
    ]);
    assert.ok(
      message.includes(fingerprint(good.blob)) && message.includes("the host accepts publickey, password"),
      message,
    );
    assert.equal(server.connections(), 1);
  });

  it("skips what the host does not accept", async (t) => {
    const server = await serverFor(t, { key: good });
    await logIn(server, { privateKeys: [keyOf(good)], password });
    assert.ok(server.logins.every((login) => !login.startsWith("password")));
    const other = await serverFor(t, { password: secret });
    await logIn(other, { privateKeys: [keyOf(good)], password });
    assert.deepEqual(other.logins, ["none", `password:${secret}`]);
  });

  it("reports a host that accepted the key but requires more than we have", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method !== "publickey") context.reject(["publickey"]);
        else if (!context.signature) context.accept();
        else context.reject(["keyboard-interactive"], true);
      },
    });
    const message = /not enough: publickey \(.*\); the host accepts keyboard-interactive/u;
    await refused(server, { privateKeys: [keyOf(good)] }, "auth-rejected", message);
  });
});

describe("nothing to offer", () => {
  it("fails with auth-unavailable if the host accepts none of our methods, and names those that it accepts", async (t) => {
    const server = await serverFor(t, { onLogin: (context) => context.reject(["publickey", "hostbased"]) });
    await refused(
      server,
      { privateKeys: [], password },
      "auth-unavailable",
      /the host accepts publickey, hostbased/u,
    );
    assert.deepEqual(server.logins, ["none"]);
  });
});

describe("a rejected password", () => {
  it("is not tried again if the host ends the connection", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context, self) => {
        context.reject(["password", "publickey"]);
        if (context.method === "publickey") setTimeout(() => void self.close(), 5);
      },
      onConnection: () => undefined,
    });
    const login = { privateKeys: [keyOf(good)] };
    await refused(server, login, "auth-rejected", /rejected: publickey/u);
    assert.equal(server.connections(), 1);
  });
});

describe("keyboard-interactive", () => {
  type Prompts = { prompt: string; echo: boolean }[];
  function interactive(prompts: Prompts): { script: Script; answers: string[][] } {
    const answers: string[][] = [];
    const onLogin = (context: AuthContext): void => {
      if (context.method !== "keyboard-interactive") {
        context.reject(["keyboard-interactive"]);
        return;
      }
      context.prompt(prompts, "Title", (given) => {
        answers.push([...given]);
        context.accept();
      });
    };
    return { script: { onLogin }, answers };
  }

  const others: [what: string, prompts: Prompts][] = [
    ["visible", [{ prompt: "Code: ", echo: true }]],
    ["two", [{ prompt: "Password: ", echo: false }, { prompt: "\u001b[2JCode: ", echo: false }]], // prettier-ignore
  ];
  for (const [what, prompts] of others)
    it(`does not answer other prompts: ${what}`, async (t) => {
      const { script, answers } = interactive(prompts);
      const server = await serverFor(t, script);
      const message = await refused(
        server,
        { privateKeys: [], password },
        "auth-unavailable",
        /asks for "(Code:|Password:)"/u,
      );
      assert.deepEqual(answers, []);
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(message, /\u001b/u);
    });

  it("accepts an empty round", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method !== "keyboard-interactive") {
          context.reject(["keyboard-interactive"]);
          return;
        }
        context.prompt([{ prompt: "Password: ", echo: false }], () => {
          context.prompt([], "Welcome", () => context.accept());
        });
      },
    });
    await logIn(server, { privateKeys: [], password });
  });
});

describe("RSA keys", () => {
  const rsa = testKey("rsa", "rsa");
  it("sign with SHA-2", async (t) => {
    let algorithm: string | undefined;
    const server = await serverFor(t, {
      onLogin: (context) => {
        if (context.method !== "publickey") {
          context.reject(["publickey"]);
          return;
        }
        algorithm = context.hashAlgo;
        context.accept();
      },
    });
    await logIn(server, { privateKeys: [keyOf(rsa)] });
    assert.match(algorithm ?? "", /^sha(256|512)$/u);
  });
});
