import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../provider/base/errors";
import type { Connect, Host } from "../../provider/connection";
import { openClients } from "../../provider/clients/open-clients";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { promptKind } from "../../provider/openssh/login/askpass";
import { hostOf, never, serverFor, testKey, type Script, type ScriptedServer } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const timeoutMs = 10_000;

function passwordHost(server: ScriptedServer, password = "open sesame", changes: Partial<Host> = {}): Host {
  const login = { privateKeys: [], password: { from: "value", value: password } } as const;
  return keyHost(server, { login, ...changes });
}

async function outcome(
  host: Host,
  connect: Connect = openOpenSsh(machineOptions()).connect,
): Promise<LogoffError | "ok"> {
  try {
    const connection = await connect(host, never);
    await connection.close();
    return "ok";
  } catch (thrown) {
    return thrown as LogoffError;
  }
}

function codeOf(outcomes: LogoffError | "ok"): string {
  return outcomes === "ok" ? outcomes : outcomes.code;
}

const passwords = (server: ScriptedServer): readonly string[] =>
  server.logins.filter((login) => login !== "none");

/** A server that asks with these prompts, and accepts only "open sesame" to the first. */
function asking(
  t: TestContext,
  prompts: readonly { readonly prompt: string; readonly echo: boolean }[],
  answers: string[][],
) {
  const onLogin: Script["onLogin"] = (context) => {
    if (context.method !== "keyboard-interactive") context.reject(["keyboard-interactive"]);
    else
      context.prompt([...prompts], (given) => {
        answers.push([...given]);
        if (given.length === 1 && given[0] === "open sesame") context.accept();
        else context.reject(["keyboard-interactive"]);
      });
  };
  return serverFor(t, { onLogin });
}

describe("promptKind", () => {
  for (const [prompt, kind] of [
    ["admin@rdsh01's password: ", "password"],
    ["(admin@rdsh01) Password: ", "password"],
    ["Admin@rdsh01's password: ", "other"],
    ["admin@gate's password: ", "other"],
    ["(admin@gate) (admin@rdsh01) Password: ", "other"],
    ["xadmin@rdsh01's password: ", "other"],
    ["admin@rdsh01's password: x", "other"],
    ["Password: ", "other"],
    ["Enter passphrase for key '/home/ops/.ssh/id': ", "passphrase"],
    ["Enter PIN for ED25519-SK key: ", "other"],
  ] as const)
    it(`takes ${JSON.stringify(prompt)} for ${kind}`, () =>
      assert.equal(promptKind(prompt, "admin", "rdsh01"), kind));

  it("knows the prompt of a long user, which ssh cuts", () => {
    const user = "u".repeat(40);
    assert.equal(promptKind(`${"u".repeat(30)}@h's password: `, user, "h"), "password");
  });
});

describe("a password over the machine's ssh", { skip }, () => {
  it("logs in, and leaves no file with it", async (t) => {
    const server = await serverFor(t);
    const runtime = mkdtempSync(join(tmpdir(), "runtime-"));
    t.after(() => rmSync(runtime, { recursive: true }));
    const options = machineOptions();
    const env = { ...options.env, XDG_RUNTIME_DIR: runtime };
    const connection = await openOpenSsh({ ...options, env }).connect(passwordHost(server), never);
    t.after(() => connection.close());
    assert.equal((await connection.exec("x", { timeoutMs })).code, 0);
    assert.deepEqual(passwords(server), ["password:open sesame"]);
    const files = readdirSync(runtime, { recursive: true }).map(String);
    assert.ok(
      files.some((name) => name.endsWith(".log")),
      files.join(),
    );
    assert.deepEqual(
      files.filter((name) => /answer|asked|askpass/u.test(name)),
      [],
    );
  });

  it("from a variable is in the environment of no ssh", async (t) => {
    const server = await serverFor(t);
    const folder = mkdtempSync(join(tmpdir(), "environment-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const program = join(folder, "ssh");
    writeFileSync(program, `#!/bin/sh\nenv >> ${folder}/log\nexec ssh "$@"\n`, { mode: 0o755 });
    const sshConfig = join(folder, "config");
    writeFileSync(sshConfig, "");
    const login = { privateKeys: [], password: { from: "env", name: "RDS_PASSWORD" } } as const;
    for (const multiplexes of [true, false]) {
      const options = machineOptions({ program, multiplexes });
      const env = { ...options.env, RDS_PASSWORD: "open sesame" };
      const connect = openOpenSsh({ ...options, env }).connect;
      const connection = await connect(passwordHost(server, "", { login, sshConfig }), never);
      assert.equal((await connection.exec("x", { timeoutMs })).code, 0);
      await connection.close();
    }
    const log = readFileSync(join(folder, "log"), "utf8");
    // Each client: -V, -G twice, the login and the command.
    assert.equal(log.match(/^PATH=/gmu)!.length, 10, log);
    assert.doesNotMatch(log, /RDS_PASSWORD/u);
  });

  it("answers a single hidden prompt of the host", async (t) => {
    const answers: string[][] = [];
    const server = await asking(t, [{ prompt: "Password: ", echo: false }], answers);
    assert.equal(await outcome(passwordHost(server)), "ok");
    assert.deepEqual(answers, [["open sesame"]]);
  });

  it("is not sent where the host asks for more than one answer", async (t) => {
    const answers: string[][] = [];
    const prompts = [
      { prompt: "Password: ", echo: false },
      { prompt: "Code: ", echo: false },
    ];
    const server = await asking(t, prompts, answers);
    const error = await outcome(passwordHost(server));
    assert.ok(error !== "ok" && error.code === "auth-unavailable");
    assert.match(
      error.message,
      /the host asks for ".*Password: and 1 more", which only a person can answer/u,
    );
    assert.deepEqual(answers, []);
  });

  it("is tried once, also where the host accepts it in two ways, and is in no message", async (t) => {
    const server = await serverFor(t, {
      onLogin: (context) => context.reject(["password", "keyboard-interactive"]),
    });
    const error = await outcome(passwordHost(server, "wrong sesame"));
    assert.ok(error !== "ok" && error.code === "auth-rejected", JSON.stringify(error));
    assert.ok(error.atLogin && !error.message.includes("wrong sesame"), error.message);
    assert.deepEqual(
      passwords(server).filter((login) => login.startsWith("password:")),
      ["password:wrong sesame"],
    );
    assert.equal(server.connections(), 1);
  });

  it("that one host rejects is offered to no other, by either client", async (t) => {
    const servers = [await serverFor(t), await serverFor(t), await serverFor(t)];
    const { connect } = openClients(machineOptions());
    const wrong = { privateKeys: [], password: { from: "value", value: "wrong" } } as const;
    const hosts = [
      passwordHost(servers[0]!, "wrong"),
      passwordHost(servers[1]!, "wrong"),
      hostOf(servers[2]!, { login: wrong }),
    ];
    const codes = await Promise.all(hosts.map((host) => outcome(host, connect)));
    assert.deepEqual(codes.map(codeOf), ["auth-rejected", "auth-rejected", "auth-rejected"]);
    assert.equal(servers.flatMap(passwords).length, 1);
    assert.equal(codes.filter((error) => error !== "ok" && error.untried).length, 2);
  });

  it("that is proven is offered to all", async (t) => {
    const servers = [await serverFor(t), await serverFor(t), await serverFor(t)];
    const { connect } = openClients(machineOptions());
    const codes = await Promise.all(servers.map((server) => outcome(passwordHost(server), connect)));
    assert.deepEqual(codes, ["ok", "ok", "ok"]);
  });

  it("is not offered to a host whose key is not known", async (t) => {
    const server = await serverFor(t);
    const hostKeys = { pinned: [testKey("other").publicText], strict: "yes" } as const;
    const error = await outcome(passwordHost(server, "open sesame", { hostKeys }));
    assert.equal(codeOf(error), "host-key-changed");
    assert.deepEqual(server.logins, []);
  });
});
