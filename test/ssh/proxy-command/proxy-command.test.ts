import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import type { Host } from "../../../provider/connection";
import { openSsh, type SshOptions } from "../../../provider/ssh/open-ssh";
import { runs } from "../../local/processes";
import { hostOf as hostAt, never, serverFor, testKey, until } from "../scripted-server";
import { proxiesFor } from "./proxies";

const quick = { timeoutMs: 10_000 };
/** Nothing listens there. */
const nowhere = { address: "127.0.0.1", port: 1 };

/** A host that has enough time on a busy machine, where programs start slowly. */
function hostOf(server: Parameters<typeof hostAt>[0], changes: Partial<Host>): Host {
  return hostAt(server, { connectTimeoutMs: 30_000, ...changes });
}

async function failure(host: Host, options: SshOptions, signal: AbortSignal = never): Promise<LogoffError> {
  try {
    await (await openSsh(options).connect(host, signal)).close();
  } catch (thrown) {
    assert.ok(thrown instanceof LogoffError, String(thrown));
    return thrown;
  }
  return assert.fail("unexpectedly connected");
}

describe(
  "a proxy command",
  { skip: process.platform === "win32" && "its programs are scripts for sh" },
  () => {
    it("carries a connection, and ends with it", async (t) => {
      const server = await serverFor(t);
      const proxies = proxiesFor(t);
      const host = hostOf(server, { proxyCommand: proxies.relay() });
      const connection = await openSsh(proxies.options()).connect(host, never);
      assert.equal(connection.usesProxyCommand, true);
      const { stdout } = await connection.exec("x", quick);
      assert.equal(Buffer.from(stdout).toString(), "ran x");
      await connection.close();
      assert.equal(proxies.pids().length, 1);
      assert.ok(!proxies.pids().some(runs), "closed, but its proxy runs");
      await until(() => server.open() === 0, "the server has no connection");
    });

    it("is one process for each connection", async (t) => {
      const server = await serverFor(t);
      const proxies = proxiesFor(t);
      const { connect } = openSsh(proxies.options());
      const host = hostOf(server, { proxyCommand: proxies.relay() });
      const connections = await Promise.all([1, 2, 3].map(() => connect(host, never)));
      assert.equal(new Set(proxies.pids()).size, 3);
      await connections[0]?.close();
      assert.equal(proxies.pids().filter(runs).length, 2);
      await Promise.all(connections.map((connection) => connection.close()));
      await proxies.allGone();
    });

    it("carries megabytes in both directions", async (t) => {
      const megabytes = Buffer.alloc(3_000_000, "0123456789abcdef");
      const server = await serverFor(t, {
        onExec: (_command, accept) => {
          const channel = accept();
          channel.pipe(channel, { end: false });
          channel.on("end", () => {
            channel.exit(0);
            channel.end();
          });
        },
      });
      const proxies = proxiesFor(t);
      const host = hostOf(server, { proxyCommand: proxies.relay() });
      const connection = await openSsh(proxies.options()).connect(host, never);
      const { stdout } = await connection.exec("cat", { timeoutMs: 60_000, stdin: megabytes });
      assert.ok(megabytes.equals(stdout));
      await connection.close();
    });

    it("is given names that are looked up nowhere else", async (t) => {
      const server = await serverFor(t);
      const proxies = proxiesFor(t);
      const relay = `exec ${process.execPath} ${proxies.path("relay.cjs")} 127.0.0.1 ${server.port}`;
      const proxyCommand = proxies.sh(`echo "$1 $2" > ${proxies.path("names")}\n${relay}`);
      const host = hostOf(server, { address: "WIN-01.name.invalid", port: 2222, proxyCommand });
      await (await openSsh(proxies.options()).connect(host, never)).close();
      assert.equal(readFileSync(proxies.path("names"), "utf8"), "win-01.name.invalid 2222\n");
    });

    it("that is frozen ends at the deadline, however it ignores signals", async (t) => {
      const proxies = proxiesFor(t);
      const ignores = `trap '' HUP TERM INT\nsleep 600 & echo $! >> ${proxies.path("pids")}\necho 'log in at x' >&2\nwhile :; do wait; done`;
      const host = hostOf(nowhere, { proxyCommand: proxies.sh(ignores), connectTimeoutMs: 3000 });
      const error = await failure(host, proxies.options());
      assert.equal(error.code, "timed-out");
      assert.match(error.message, /while waiting for its banner.*; its proxy command says "log in at x"$/u);
      assert.equal(proxies.pids().length, 2);
      await proxies.allGone();
    });

    it("that has ended while its child holds the connection is named at the deadline", async (t) => {
      const proxies = proxiesFor(t);
      const proxyCommand = proxies.sh("sleep 600 & exit 4");
      const host = hostOf(nowhere, { proxyCommand, connectTimeoutMs: 3000 });
      const error = await failure(host, proxies.options());
      assert.equal(error.code, "timed-out");
      assert.match(error.message, /; its proxy command ended with exit code 4$/u);
    });

    it("that is silent is named at the deadline", async (t) => {
      const proxies = proxiesFor(t);
      const host = hostOf(nowhere, { proxyCommand: proxies.sh("exec sleep 600"), connectTimeoutMs: 500 });
      const error = await failure(host, proxies.options());
      assert.equal(error.code, "timed-out");
      assert.match(error.message, /while waiting for its banner;.*; its proxy command has said nothing$/u);
      await proxies.allGone();
    });

    it("ends when connecting is cancelled", async (t) => {
      const proxies = proxiesFor(t);
      const cancel = new AbortController();
      const host = hostOf(nowhere, { proxyCommand: proxies.sh("exec sleep 600"), connectTimeoutMs: 60_000 });
      const failed = failure(host, proxies.options(), cancel.signal);
      await proxies.started(1);
      cancel.abort(new LogoffError("aborted", "Cancelled by the test"));
      assert.equal((await failed).code, "aborted");
      assert.ok(!proxies.pids().some(runs), "cancelled, but its proxy runs");
    });

    it("ends when the host key is not trusted", async (t) => {
      const server = await serverFor(t);
      const proxies = proxiesFor(t);
      const host = hostOf(server, {
        proxyCommand: proxies.relay(),
        hostKeys: { pinned: [testKey("another").publicText], strict: "yes" },
      });
      const error = await failure(host, proxies.options());
      assert.equal(error.code, "host-key-changed");
      assert.doesNotMatch(error.message, /proxy command/u);
      assert.ok(!proxies.pids().some(runs), "failed, but its proxy runs");
      assert.deepEqual(server.logins, []);
    });

    it("that dies while a command runs is a lost connection, which says so", async (t) => {
      const server = await serverFor(t, { onExec: () => undefined });
      const proxies = proxiesFor(t);
      const host = hostOf(server, { proxyCommand: proxies.relay() });
      const connection = await openSsh(proxies.options()).connect(host, never);
      const command = connection.exec("x", quick);
      await until(() => server.commands.length === 1, "the command has arrived");
      process.kill(proxies.pids()[0]!, "SIGKILL");
      await assert.rejects(command, (error: unknown) => {
        assert.ok(error instanceof LogoffError, String(error));
        assert.equal(error.code, "connection-lost");
        assert.match(error.message, /its proxy command was ended by SIGKILL$/u);
        return true;
      });
      await connection.close();
    });

    it("that is stopped is noticed by keepalives, and ends", async (t) => {
      const server = await serverFor(t, { onExec: () => undefined });
      const proxies = proxiesFor(t);
      const host = hostOf(server, { proxyCommand: proxies.relay(), keepaliveMs: 100 });
      const connection = await openSsh(proxies.options()).connect(host, never);
      process.kill(proxies.pids()[0]!, "SIGSTOP");
      await assert.rejects(connection.exec("x", { timeoutMs: 30_000 }), { code: "connection-lost" });
      await connection.close();
      await proxies.allGone();
    });

    for (const [code, why] of [
      [126, "its program cannot be run"],
      [127, "its program is missing"],
    ] as const)
      it(`that ends with ${code} is not started again`, async (t) => {
        const proxies = proxiesFor(t);
        const host = hostOf(nowhere, { proxyCommand: proxies.sh(`exit ${code}`), connectTimeoutMs: 20_000 });
        const error = await failure(host, proxies.options());
        assert.equal(error.code, "host-unreachable");
        assert.ok(
          error.message.endsWith(`its proxy command ended with exit code ${code} (${why})`),
          error.message,
        );
        assert.equal(proxies.pids().length, 1);
      });

    it("whose program is missing is named, but not its text", async (t) => {
      const proxies = proxiesFor(t);
      const host = hostOf(nowhere, { proxyCommand: "no-such-program-here --token abc123 %h" });
      const error = await failure(host, proxies.options());
      assert.match(
        error.message,
        /ended with exit code 127 \(its program is missing\), saying ".*not found"$/u,
      );
      assert.doesNotMatch(error.message, /no-such-program|abc123/u);
    });

    it("that fails before the banner is started again until it connects", async (t) => {
      const server = await serverFor(t);
      const proxies = proxiesFor(t);
      const script = `[ $(wc -l < ${proxies.path("pids")}) -ge 3 ] || { echo busy >&2; exit 1; }
exec ${process.execPath} ${proxies.path("relay.cjs")} "$1" "$2"`;
      const host = hostOf(server, { proxyCommand: proxies.sh(script), connectTimeoutMs: 30_000 });
      await (await openSsh(proxies.options({ random: () => 0 })).connect(host, never)).close();
      assert.equal(proxies.pids().length, 3);
    });

    it("that goes on failing is the error at the deadline, with its last words", async (t) => {
      const proxies = proxiesFor(t);
      const says =
        "for n in 1 2 3 4 5; do echo line $n >&2; done; printf 'end\\033[31m \\007\\r\\n' >&2; exit 3";
      const host = hostOf(nowhere, { proxyCommand: proxies.sh(says), connectTimeoutMs: 3000 });
      const error = await failure(host, proxies.options({ random: () => 0.5 }));
      assert.equal(error.code, "host-unreachable");
      assert.match(
        error.message,
        /: its proxy command ended with exit code 3, saying "line 4; line 5; end \[31m" \(\d+ attempts? in 3 s\)$/u,
      );
    });

    it("whose relay is refused is retried as a refused connection is", async (t) => {
      const proxies = proxiesFor(t);
      const host = hostOf(nowhere, { proxyCommand: proxies.relay(), connectTimeoutMs: 5000 });
      const error = await failure(host, proxies.options());
      assert.match(error.message, /ended with exit code 1, saying "relay: .*ECONNREFUSED/u);
    });

    it("that prints credentials puts them into no error and no debug line", async (t) => {
      const proxies = proxiesFor(t);
      const lines: string[] = [];
      const script = proxies.sh(`echo "got $3 and $TOKEN and open sesame" >&2; exit 1`);
      const host = hostOf(nowhere, { proxyCommand: `${script} abc123 $TOKEN`, connectTimeoutMs: 3000 });
      const env = { PATH: process.env["PATH"], TOKEN: "t0ken" };
      const error = await failure(host, proxies.options({ env, debug: (line) => lines.push(line) }));
      assert.match(error.message, /saying "got \*\*\* and \*\*\* and \*\*\*"/u);
      const all = lines.join("\n");
      assert.match(all, /: starting its proxy command\n/u);
      assert.match(all, /: its proxy command says "got \*\*\* and/u);
      for (const secret of ["abc123", "t0ken", "open sesame", "/bin/sh"])
        assert.ok(!all.includes(secret), all);
    });

    it("that talks instead of the host is quoted", async (t) => {
      const proxies = proxiesFor(t);
      const proxyCommand = proxies.sh("echo 'please log in first'; exit 4");
      const error = await failure(
        hostOf(nowhere, { proxyCommand, connectTimeoutMs: 3000 }),
        // Attempts at 0, 1.5 and 3.5 seconds, so none is cut off.
        proxies.options({ random: () => 0.5 }),
      );
      assert.equal(error.code, "host-unreachable");
      assert.match(
        error.message,
        /saying "please log in first";.*; its proxy command ended with exit code 4/u,
      );
    });

    it("that closes its output and goes on is ended", async (t) => {
      const proxies = proxiesFor(t);
      const proxyCommand = proxies.sh("exec >&-; echo bye >&2; exec sleep 600");
      const error = await failure(
        hostOf(nowhere, { proxyCommand, connectTimeoutMs: 3000 }),
        proxies.options(),
      );
      assert.match(error.message, /: its proxy command closed the connection, saying "bye"/u);
      await proxies.allGone();
    });

    it("that prints a credential in pieces puts it into no debug line", async (t) => {
      const proxies = proxiesFor(t);
      const lines: string[] = [];
      const script = proxies.sh("printf 'got abc' >&2; sleep 0.3; printf '123' >&2; sleep 0.3; exit 127");
      const options = proxies.options({ debug: (line) => lines.push(line) });
      const error = await failure(hostOf(nowhere, { proxyCommand: `${script} abc123` }), options);
      assert.match(error.message, /saying "got \*\*\*"$/u);
      assert.equal(lines.filter((line) => /its proxy command says "got \*\*\*"$/u.test(line)).length, 1);
      assert.doesNotMatch(lines.join("\n"), /abc/u);
    });

    it("that cannot be started is an error of the host", async (t) => {
      const proxies = proxiesFor(t);
      const options = proxies.options({ env: { SHELL: "/nonexistent/shell" } });
      const error = await failure(hostOf(nowhere, { proxyCommand: "nc %h %p" }), options);
      assert.equal(error.code, "host-unreachable");
      assert.match(error.message, /its proxy command cannot be started: the shell \(SHELL\) or the folder/u);
    });

    it("is never started with a name that a shell would run", async (t) => {
      const proxies = proxiesFor(t);
      const marker = proxies.path("ran");
      const lines: string[] = [];
      for (const changes of [
        { address: `x;touch\${IFS}${marker}`, proxyCommand: proxies.sh("exit 1") },
        { user: `$(touch ${marker})`, proxyCommand: `${proxies.sh("exit 1")} %r` },
        { user: "a b", proxyCommand: `${proxies.sh("exit 1")} %r` },
      ]) {
        const error = await failure(
          hostOf(nowhere, changes),
          proxies.options({ debug: (line) => lines.push(line) }),
        );
        assert.equal(error.code, "plan-invalid");
        assert.match(error.message, /^Cannot connect to "127\.0\.0\.1:1" through its proxy command: its /u);
      }
      assert.ok(!existsSync(marker));
      assert.deepEqual(proxies.pids(), []);
      assert.deepEqual(lines, []);
    });

    it("reaches the first jump host, and is shared by all targets behind it", async (t) => {
      const jump = await serverFor(t, {
        key: testKey("jump user"),
        hostKeys: [testKey("jump")],
        forwards: true,
      });
      const targets = await Promise.all([serverFor(t), serverFor(t)]);
      const proxies = proxiesFor(t);
      const { connect } = openSsh(proxies.options());
      const jumpHost = hostOf(jump, {
        label: "jump",
        hostKeys: { pinned: [testKey("jump").publicText], strict: "yes" },
        login: { privateKeys: [{ from: "value", value: testKey("jump user").privateText }] },
        proxyCommand: proxies.relay(),
      });
      const connections = await Promise.all(
        targets.map((target) => connect(hostOf(target, { jumpHosts: [jumpHost] }), never)),
      );
      for (const connection of connections) {
        assert.equal(connection.usesProxyCommand, true);
        assert.equal((await connection.exec("x", quick)).code, 0);
      }
      assert.equal(proxies.pids().length, 1);
      assert.deepEqual([...jump.forwarded].sort(), targets.map(({ port }) => `127.0.0.1:${port}`).sort());
      await Promise.all(connections.map((connection) => connection.close()));
      assert.ok(!proxies.pids().some(runs), "closed, but its proxy runs");
    });

    it("that fails for a jump host is named with it", async (t) => {
      const proxies = proxiesFor(t);
      const jumpHost = hostOf(nowhere, { label: "jump", proxyCommand: proxies.sh("exit 127") });
      const error = await failure(hostOf(nowhere, { jumpHosts: [jumpHost] }), proxies.options());
      assert.equal(error.code, "jump-host-failed");
      assert.match(error.message, /through "jump" \(host-unreachable\): .*exit code 127/u);
    });

    it("of a jump host in ssh_config leads to the target behind it", async (t) => {
      const key = testKey("farm user");
      const jump = await serverFor(t, { key, forwards: true });
      const target = await serverFor(t, { key });
      const proxies = proxiesFor(t);
      writeFileSync(proxies.path("key"), key.privateText, { mode: 0o600 });
      writeFileSync(proxies.path("known"), `* ${testKey("host").publicText}\n`);
      writeFileSync(
        proxies.path("config"),
        `Host gate\n  HostName 127.0.0.1\n  Port ${jump.port}\n  ProxyCommand ${proxies.relay()}\nHost 127.0.0.1\n  ProxyJump gate\nHost *\n  IdentityFile ${proxies.path("key")}\n  UserKnownHostsFile ${proxies.path("known")}\n`,
      );
      const host = hostOf(target, {
        login: { privateKeys: [] },
        hostKeys: { pinned: [], strict: "yes" },
        sshConfig: proxies.path("config"),
      });
      const connection = await openSsh(proxies.options()).connect(host, never);
      assert.equal(connection.usesProxyCommand, true);
      assert.equal((await connection.exec("x", quick)).code, 0);
      await connection.close();
      assert.deepEqual(jump.forwarded, [`127.0.0.1:${target.port}`]);
      assert.equal(proxies.pids().length, 1);
      assert.ok(!proxies.pids().some(runs), "closed, but its proxy runs");
    });

    it("is read from ssh_config, where the program's own settings win", async (t) => {
      const server = await serverFor(t);
      const proxies = proxiesFor(t);
      const sshConfig = proxies.path("config");
      writeFileSync(sshConfig, `Host *\n  ProxyCommand ${proxies.relay()}\n  ProxyJump nowhere.invalid\n`);
      const { connect } = openSsh(proxies.options());
      const viaConfig = await connect(hostOf(server, { sshConfig }), never);
      assert.equal(viaConfig.usesProxyCommand, true);
      await viaConfig.close();
      assert.equal(proxies.pids().length, 1);
      const direct = await connect(hostOf(server, { sshConfig, proxyCommand: "none" }), never);
      assert.equal(direct.usesProxyCommand, false);
      await direct.close();
      const own = await connect(hostOf(server, { sshConfig, proxyCommand: proxies.relay() }), never);
      assert.equal(own.usesProxyCommand, true);
      await own.close();
      assert.equal(proxies.pids().length, 2);
    });
  },
);

describe(
  "the end of our process",
  { skip: process.platform === "win32" && "its programs are scripts for sh" },
  () => {
    /** A process that is connected through the command, and then does what the text says. */
    const program = (host: Host, options: SshOptions, then: string): string => `
    const { openSsh } = require("${process.cwd()}/provider/ssh/open-ssh.ts");
    const never = new AbortController().signal;
    openSsh(${JSON.stringify(options)} ).connect(${JSON.stringify(host)}, never).then(
      (connection) => { console.log("connected"); ${then} },
      (error) => { console.error(error.message); process.exit(9); });
  `;
    const stubborn = (path: string): string =>
      `trap '' HUP TERM\n${process.execPath} ${path} "$1" "$2"\nwhile :; do sleep 1; done`;

    for (const [how, then, signal] of [
      ["by SIGKILL", "setInterval(() => undefined, 1000);", "SIGKILL"],
      ["by process.exit", "process.exit(7);", undefined],
      ["by an uncaught error", "setImmediate(() => { throw new Error('ends'); });", undefined],
    ] as const)
      it(`leaves no proxy behind: ${how}`, async (t) => {
        const server = await serverFor(t);
        const proxies = proxiesFor(t);
        const proxyCommand = proxies.sh(stubborn(proxies.path("relay.cjs")));
        const host = hostOf(server, { proxyCommand, connectTimeoutMs: 30_000 });
        const options = proxies.options();
        const child = spawn(process.execPath, ["--import=tsx", "-e", program(host, options, then)], {
          stdio: ["ignore", "pipe", "pipe"],
        });
        t.after(() => child.kill("SIGKILL"));
        let said = "";
        child.stdout.on("data", (text: Buffer) => (said += text.toString()));
        child.stderr.on("data", (text: Buffer) => (said += text.toString()));
        const closed = once(child, "close");
        await until(() => said.includes("connected") || child.exitCode !== null, "it is connected");
        if (signal !== undefined) child.kill(signal);
        await closed;
        assert.match(said, /connected/u);
        assert.equal(proxies.pids().length, 1);
        await proxies.allGone();
      });
  },
);
