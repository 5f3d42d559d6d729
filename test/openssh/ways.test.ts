/** The way to a host with the machine's ssh: aliases of ssh_config, and proxy commands. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../provider/base/errors";
import type { Host } from "../../provider/connection";
import { openOpenSsh, type OpenSshOptions } from "../../provider/openssh/open-openssh";
import { proxiesFor } from "../ssh/proxy-command/proxies";
import { never, serverFor, testKey, until } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const key = testKey("user");

/** What a command answers over a new connection, which is closed. */
async function answerOf(host: Host, options: OpenSshOptions, usesProxyCommand: boolean): Promise<string> {
  const connection = await openOpenSsh(options).connect(host, never);
  try {
    assert.equal(connection.usesProxyCommand, usesProxyCommand);
    return Buffer.from((await connection.exec("whoami", { timeoutMs: 10_000 })).stdout).toString();
  } finally {
    await connection.close();
  }
}

async function scene(t: TestContext) {
  const server = await serverFor(t, { key });
  return { server, proxies: proxiesFor(t), options: machineOptions() };
}

describe("an alias of ssh_config", { skip }, () => {
  it("counts for everything that its block sets, although its address is another", async (t) => {
    const { server, proxies, options } = await scene(t);
    const config = proxies.path("config");
    const lines = [
      "Host box",
      `HostName ${server.address}`,
      `Port ${server.port}`,
      `ProxyCommand ${proxies.relay()}`,
    ];
    writeFileSync(config, `${lines.join("\n")}\n`);
    const alias = keyHost(server, { address: "box", sshConfig: config });
    delete (alias as { port?: number }).port;
    assert.equal(await answerOf(alias, options, true), "ran whoami");
    assert.equal((await proxies.started(1)).length, 1);
  });
});

describe("a proxy command with the machine's ssh", { skip }, () => {
  it("carries the connection, and is gone afterwards", async (t) => {
    const { server, proxies, options } = await scene(t);
    const host = keyHost(server, { proxyCommand: proxies.relay() });
    assert.equal(await answerOf(host, options, true), "ran whoami");
    assert.equal((await proxies.started(1)).length, 1);
    await proxies.allGone();
  });

  it("is quoted when it ends, without what it must not tell", async (t) => {
    const { server, proxies, options } = await scene(t);
    const said = proxies.sh("echo 'the gateway is closed for t0ken42' >&2; exit 3");
    const config = proxies.path("config");
    writeFileSync(config, `ProxyCommand ${said} t0ken42\n`);
    for (const way of [{ proxyCommand: `${said} t0ken42` }, { sshConfig: config }]) {
      const host = keyHost(server, { ...way, awaited: true, connectTimeoutMs: 30_000 });
      await assert.rejects(openOpenSsh(options).connect(host, never), ({ code, message }: LogoffError) => {
        assert.equal(code, "host-unreachable");
        assert.match(message, /before the host answered, saying "the gateway is closed for \*\*\*"$/u);
        return true;
      });
    }
  });

  it("is not tried again if the shell does not find its program, or cannot run it", async (t) => {
    const { server, proxies, options } = await scene(t);
    for (const program of ["nosuchprogram", proxies.path("relay.cjs")]) {
      const host = keyHost(server, { proxyCommand: `${program} %h`, connectTimeoutMs: 30_000 });
      await assert.rejects(openOpenSsh(options).connect(host, never), ({ code, message }: LogoffError) => {
        assert.equal(code, "host-unreachable");
        assert.match(message, /saying ".*sh: .*(?:not found|Permission denied)"$/u);
        return true;
      });
    }
  });

  it("that hangs ends with the deadline", async (t) => {
    const { server, proxies, options } = await scene(t);
    const host = keyHost(server, { proxyCommand: proxies.sh("exec sleep 600"), connectTimeoutMs: 1500 });
    await assert.rejects(openOpenSsh(options).connect(host, never), { code: "timed-out" });
    assert.equal((await proxies.started(1)).length, 1);
    await proxies.allGone();
  });

  it("that is killed during a command loses the connection", async (t) => {
    const { proxies, options } = await scene(t);
    const server = await serverFor(t, { key, onExec: (_command, accept) => void accept() });
    const host = keyHost(server, { proxyCommand: proxies.relay(), connectTimeoutMs: 30_000 });
    const connection = await openOpenSsh(options).connect(host, never);
    t.after(() => connection.close());
    const running = connection.exec("x", { timeoutMs: 30_000 });
    running.catch(() => undefined);
    await until(() => server.commands.length === 1, "the command runs");
    for (const pid of proxies.pids()) process.kill(pid, "SIGKILL");
    await assert.rejects(running, { code: "connection-lost" });
  });

  it("overrules that of ssh_config with none", async (t) => {
    const { server, proxies, options } = await scene(t);
    const config = proxies.path("config");
    writeFileSync(config, "ProxyCommand false\n");
    const host = keyHost(server, { proxyCommand: "none", sshConfig: config });
    assert.equal(await answerOf(host, options, false), "ran whoami");
  });

  it("is not started for a name that a shell could take for more", async (t) => {
    const { server, proxies, options } = await scene(t);
    const host = keyHost(server, { proxyCommand: proxies.sh("exit 3"), address: "-oProxyCommand=x" });
    await assert.rejects(openOpenSsh(options).connect(host, never), { code: "plan-invalid" });
    assert.deepEqual(proxies.pids(), []);
  });

  it("is told to have failed, without its text", async (t) => {
    const { server, proxies, options } = await scene(t);
    const command = `${proxies.sh('echo "no way to $1: token s3cr3t-t0ken" >&2; exit 3')} s3cr3t-t0ken`;
    const host = keyHost(server, { proxyCommand: command, connectTimeoutMs: 3000 });
    const error = await openOpenSsh(options)
      .connect(host, never)
      .then(
        () => assert.fail("connected"),
        (thrown: unknown) => thrown as LogoffError,
      );
    assert.equal(error.code, "host-unreachable", error.message);
    assert.doesNotMatch(error.message, /s3cr3t/u);
  });
});
