import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { OpenSSHAgent, type AuthContext, type AuthenticationType } from "ssh2";
import { LogoffError, notSent } from "../../../provider/base/errors";
import type { Connect, Host } from "../../../provider/connection";
import { beginLogin } from "../../../provider/ssh/login/auth";
import { fingerprint } from "../../../provider/ssh/host-keys/public-key";
import { acceptedKeys } from "../../../provider/ssh/login/proven-credentials";
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

const good = testKey("good");
const other = testKey("other");
const keyOf = (key: typeof good) => ({ from: "value", value: key.privateText }) as const;
const logins = {
  good: { privateKeys: [keyOf(good)] },
  both: { privateKeys: [keyOf(other), keyOf(good)] },
  other: { privateKeys: [keyOf(other)] },
  password: { privateKeys: [], password: { from: "value", value: "open sesame" } },
  keyAndPassword: { privateKeys: [keyOf(good)], password: { from: "value", value: "open sesame" } },
} as const satisfies Record<string, Host["login"]>;

/** Rejects every credential, as a host does whose accounts are not there yet. */
const notReady: Script = { onLogin: (context) => context.reject(["publickey", "password"]) };

async function serverFor(t: TestContext, script: Script): Promise<ScriptedServer> {
  const server = await startServer(script);
  t.after(() => server.close());
  return server;
}

async function logIn(
  connect: Connect,
  server: ScriptedServer,
  login: Host["login"],
  user = "admin",
): Promise<void> {
  await (await connect(hostOf(server, { login, user }), never)).close();
}

async function rejection(
  connect: Connect,
  server: ScriptedServer,
  login: Host["login"],
  user = "admin",
): Promise<LogoffError> {
  const error = await logIn(connect, server, login, user).then(
    () => assert.fail("it logged in"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LogoffError, String(error));
  return error;
}

describe("a rejected login", () => {
  it("is proven if its key was accepted by a host before", async (t) => {
    const [ready, booting] = await Promise.all([serverFor(t, { key: good }), serverFor(t, notReady)]);
    const { connect } = openSsh(bareOptions());
    const before = await rejection(connect, booting, logins.good);
    assert.deepEqual([before.code, before.isProven], ["auth-rejected", false]);
    await logIn(connect, ready, logins.good);
    const after = await rejection(connect, booting, logins.good);
    assert.deepEqual([after.code, after.isProven], ["auth-rejected", true]);
    assert.ok((await rejection(connect, booting, logins.both, "ADMIN")).isProven, "one of its keys is");
  });

  it("is not proven by a key that was accepted from another user, in another process, or not at all", async (t) => {
    const [ready, booting] = await Promise.all([serverFor(t, { key: good }), serverFor(t, notReady)]);
    const { connect } = openSsh(bareOptions());
    // The host rejects the first key and accepts the second.
    await logIn(connect, ready, logins.both);
    assert.ok((await rejection(connect, booting, logins.good)).isProven);
    assert.ok(!(await rejection(connect, booting, logins.other)).isProven);
    assert.ok(!(await rejection(connect, booting, logins.good, "operator")).isProven);
    assert.ok(!(await rejection(openSsh(bareOptions()).connect, booting, logins.good)).isProven);
  });

  it("is proven if its password was accepted by a host before", async (t) => {
    const ready = await serverFor(t, { password: "open sesame" });
    const booting = await serverFor(t, notReady);
    const { connect } = openSsh(bareOptions());
    await logIn(connect, ready, logins.password);
    assert.ok((await rejection(connect, booting, logins.password)).isProven);
    assert.ok((await rejection(connect, booting, logins.keyAndPassword)).isProven);
    const fresh = openSsh(bareOptions()).connect;
    assert.ok(!(await rejection(fresh, booting, logins.password)).isProven);
    const barred = await rejection(fresh, booting, logins.password);
    assert.deepEqual([barred.untried, barred.isProven, barred.retryInMs], [true, false, undefined]);
  });

  it("is not proven by a key that this host accepts while it rejects the password", async (t) => {
    const ready = await serverFor(t, { key: good });
    const both = await serverFor(t, {
      onLogin: (context: AuthContext) => {
        if (context.method !== "publickey") context.reject(["publickey", "password"]);
        else if (!context.signature) context.accept();
        else context.reject(["password"], true);
      },
    });
    const { connect } = openSsh(bareOptions());
    await logIn(connect, ready, logins.good);
    const error = await rejection(connect, both, logins.keyAndPassword);
    assert.deepEqual([error.code, error.isProven], ["auth-rejected", false]);
  });

  it("is learnt from a host that requires a key and a password", async (t) => {
    const both = await serverFor(t, {
      onLogin: (context: AuthContext) => {
        if (context.method === "password") context.accept();
        else if (context.method !== "publickey") context.reject(["publickey", "password"]);
        else if (!context.signature) context.accept();
        else context.reject(["password"], true);
      },
    });
    const booting = await serverFor(t, notReady);
    const { connect } = openSsh(bareOptions());
    await logIn(connect, both, logins.keyAndPassword);
    for (const login of [logins.good, logins.password])
      assert.ok((await rejection(connect, booting, login)).isProven);
  });
});

describe("a connection that ends during the login", () => {
  it("is proven if the credential that was being checked was accepted before", async (t) => {
    const ready = await serverFor(t, { key: good });
    const hangingUp = await serverFor(t, {
      onConnection: (client) =>
        client.on("authentication", (context) => {
          if (context.method === "publickey") client.end();
        }),
      onLogin: (context) => {
        if (context.method === "none") context.reject(["publickey"]);
      },
    });
    const { connect } = openSsh(bareOptions());
    const before = await rejection(connect, hangingUp, logins.good);
    assert.deepEqual([before.code, before.isProven], ["host-unreachable", false]);
    await logIn(connect, ready, logins.good);
    const after = await rejection(connect, hangingUp, logins.good);
    assert.deepEqual([after.code, after.isProven], ["host-unreachable", true]);
  });
});

describe("a key that could not sign", () => {
  it("proves nothing about the host, which has not rejected it", async () => {
    for (const isSigned of [true, false]) {
      const login = beginLogin({
        label: "rdsh01:22",
        user: "admin",
        credentials: {
          keys: [],
          agentKeys: [
            { label: "the agent's key", blob: good.blob, signer: () => new OpenSSHAgent("/nonexistent") },
          ],
          secrets: [],
          notes: [],
        },
        proven: {
          hasKey: (blob) => blob.equals(good.blob),
          hasPassword: () => false,
          keyAccepted: () => undefined,
        },
        mayOfferPassword: true,
        sha1: false,
        quote: (text) => text,
        beforeLogin: () => Promise.resolve(),
        claimPassword: () => assert.fail("there is no password"),
        over: never,
        fail: (error) => assert.fail(String(error)),
      });
      const answer = (methods: AuthenticationType[]): Promise<unknown> =>
        new Promise((next) => login.handler(methods, false, next));
      assert.deepEqual(await answer([]), { type: "none", username: "admin" });
      const offered = await answer(["publickey"]);
      assert.ok(offered instanceof Object && "type" in offered && offered.type === "agent");
      assert.ok(login.isProven(), "its answer may still be a rejection");
      if (!isSigned) login.couldNotSign("the agent did not sign");
      assert.equal(await answer(["publickey"]), false);
      const error = login.failure();
      assert.deepEqual([error.code, error.isProven], ["auth-rejected", isSigned]);
      assert.equal(error.message.includes("the agent did not sign"), !isSigned);
      assert.deepEqual(login.acceptedKeys(), []);
    }
  });
});

describe("acceptedKeys", () => {
  it("knows keys per user, whatever the case of the name", () => {
    const keys = acceptedKeys();
    keys.add("Admin", fingerprint(good.blob));
    assert.ok(keys.has("aDMIN", fingerprint(good.blob)));
    assert.ok(!keys.has("admin", fingerprint(other.blob)) && !keys.has("root", fingerprint(good.blob)));
  });
});

describe("notSent", () => {
  it("keeps what an error says about proven credentials and about coming again", () => {
    const error = new LogoffError("auth-rejected", "Cannot log in", { isProven: true, retryInMs: 60_000 });
    const copy = notSent(error);
    assert.deepEqual([copy.sent, copy.isProven, copy.retryInMs], [false, true, 60_000]);
    const plain = notSent(new LogoffError("aborted", "Stopped"));
    assert.deepEqual([plain.sent, plain.isProven, plain.retryInMs], [false, false, undefined]);
  });
});
