/** What is left of the machine's ssh, and what it does when something is in its way. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { LogoffError } from "../../provider/base/errors";
import type { Connection, Host } from "../../provider/connection";
import { openControl } from "../../provider/openssh/control-socket";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { runs } from "../local/processes";
import { proxiesFor, type Proxies } from "../ssh/proxy-command/proxies";
import { never, serverFor, testKey, until, type ScriptedServer } from "../ssh/scripted-server";
import { keyHost, machineOptions, missingSsh } from "./machine-ssh";

const skip = missingSsh();
const key = testKey("user");
const patience = { connectTimeoutMs: 30_000 };
const patient = { timeoutMs: 30_000 };

/** An ssh that first does what the text of sh says, which may change its arguments. */
function sshThat(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ssh-that-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "ssh");
  writeFileSync(program, `#!/bin/sh\n${text}\nexec ssh "$@"\n`, { mode: 0o755 });
  return program;
}

describe("a proxy command that ignores every signal but SIGKILL", { skip }, () => {
  const stubborn = (proxies: Proxies): string =>
    proxies.sh(
      `trap '' HUP TERM\n${process.execPath} ${proxies.path("relay.cjs")} "$1" "$2"\nwhile :; do sleep 1; done`,
    );
  const proxied = (server: ScriptedServer, proxies: Proxies): Host =>
    keyHost(server, { proxyCommand: stubborn(proxies), ...patience });

  for (const multiplexes of [true, false])
    it(`ends with its connection, ${multiplexes ? "shared" : "one for each command"}`, async (t) => {
      const proxies = proxiesFor(t);
      const server = await serverFor(t, { key });
      const connection = await openOpenSsh(machineOptions({ multiplexes })).connect(
        proxied(server, proxies),
        never,
      );
      assert.equal((await connection.exec("x", patient)).code, 0);
      await connection.close();
      await proxies.allGone();
    });

  it("ends with a login that is refused", async (t) => {
    const proxies = proxiesFor(t);
    const server = await serverFor(t, { key, onLogin: (context) => context.reject(["publickey"]) });
    const { connect } = openOpenSsh(machineOptions());
    await assert.rejects(connect(proxied(server, proxies), never), { code: "auth-rejected" });
    await proxies.allGone();
  });

  it("ends with a process that is killed", async (t) => {
    const proxies = proxiesFor(t);
    const server = await serverFor(t, { key });
    const script = `
      const { openOpenSsh } = require(${JSON.stringify(join(__dirname, "../../provider/openssh/open-openssh.ts"))});
      openOpenSsh({ baseFolder: "/", env: { PATH: process.env.PATH } })
        .connect(${JSON.stringify(proxied(server, proxies))}, new AbortController().signal)
        .then(() => { console.log("open"); setInterval(() => undefined, 1000); });
    `;
    const child = spawn(process.execPath, ["--import=tsx", "-e", script], {
      cwd: join(__dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += text.toString()));
    await until(() => said !== "" || child.exitCode !== null, "the other process connects");
    assert.equal(said, "open\n");
    child.kill("SIGKILL");
    await once(child, "exit");
    await proxies.allGone();
  });
});

describe("a master that does not run any more", { skip }, () => {
  it("is killed when its connection is closed", async (t) => {
    const runtime = mkdtempSync(join(tmpdir(), "runtime-"));
    t.after(() => rmSync(runtime, { recursive: true }));
    const options = machineOptions();
    const env = { ...options.env, XDG_RUNTIME_DIR: runtime };
    const server = await serverFor(t, { key });
    const connection = await openOpenSsh({ ...options, env }).connect(keyHost(server, patience), never);
    const [folder = ""] = readdirSync(runtime);
    const control = await openControl(join(runtime, folder, "1"));
    assert.ok(control !== undefined);
    t.after(() => control.release());
    process.kill(control.pid, "SIGSTOP");
    await connection.close();
    await until(() => !runs(control.pid), "it has ended");
  });
});

describe("a command whose log cannot be written, as on a full disk", { skip }, () => {
  /** Each -E of a command, but not those of logins, goes to a device that is always full. */
  const fullDisk = `
case " $* " in *" -M "* | *" exit "* | *" -G "* | *" -V "*) exec ssh "$@" ;; esac
for each; do shift; [ "$last" = -E ] && set -- "$@" /dev/full || set -- "$@" "$each"; last=$each; done`;
  const ending = async (t: TestContext, multiplexes: boolean, code: number): Promise<Connection> => {
    const server = await serverFor(t, {
      key,
      onExec: (_command, accept) => {
        const channel = accept();
        channel.exit(code);
        channel.end();
      },
    });
    const { connect } = openOpenSsh(machineOptions({ multiplexes, program: sshThat(t, fullDisk) }));
    const connection = await connect(keyHost(server, patience), never);
    t.after(() => connection.close());
    return connection;
  };
  for (const multiplexes of [true, false])
    for (const code of [0, 3])
      it(`still has its exit code ${code}, ${multiplexes ? "with" : "without"} a shared connection`, async (t) => {
        const connection = await ending(t, multiplexes, code);
        // Its login ends with the same code.
        assert.equal((await connection.exec("x", patient)).code, code);
      });

  it("may have been sent if ssh has failed", async (t) => {
    const connection = await ending(t, true, 255);
    await assert.rejects(connection.exec("x", patient), ({ code, sent, message }: LogoffError) => {
      assert.deepEqual([code, sent], ["connection-lost", undefined], message);
      assert.match(message, /see whether the file system of ".*" is full$/u);
      return true;
    });
  });
});

describe("what hangs", { skip }, () => {
  it("is no ssh_config that is never read to its end", async (t) => {
    const program = sshThat(t, 'case " $* " in *" /nonexistent "*) ;; *" -G -F /"*) exec sleep 600 ;; esac');
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const sshConfig = join(folder, "config");
    writeFileSync(sshConfig, "");
    const server = await serverFor(t, { key });
    const { findJumpHosts } = openOpenSsh(machineOptions({ program }));
    const host = keyHost(server, { sshConfig, connectTimeoutMs: 700 });
    const { connect } = openOpenSsh(machineOptions({ program }));
    await assert.rejects(connect(host, never), { code: "timed-out" });
    await findJumpHosts([host]);
  });

  it("is no master that takes connections and does not answer", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "stopped-"));
    const path = join(folder, "1");
    const server = createServer(() => undefined).listen(path);
    await once(server, "listening");
    t.after(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
    assert.equal(await openControl(path), undefined);
  });
});
