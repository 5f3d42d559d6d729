import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemClock, type Clock } from "../../provider/base/clock";
import { LogoffError, type ErrorCode } from "../../provider/base/errors";
import type { Host } from "../../provider/connection";
import { localConnect } from "../../provider/local/connect";
import { until } from "../lab/until";

const host: Host = {
  label: "here",
  address: "here",
  login: { privateKeys: [] },
  hostKeys: { pinned: [], strict: "yes" },
  jumpHosts: [],
  algorithms: "default",
  keepaliveMs: 0,
  connectTimeoutMs: 1000,
};
const never = new AbortController().signal;
const skip = process.platform === "win32" ? "needs a POSIX shell" : false;

async function open() {
  return localConnect()(host, never);
}

function code(expected: ErrorCode) {
  return (error: unknown) => error instanceof LogoffError && error.code === expected;
}

/** A zombie that nobody has collected yet has ended all the same. */
function isGone(pid: number): boolean {
  try {
    return /\) Z /u.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

describe("the connect of this machine", { skip }, () => {
  it("gives output as bytes, apart, and the exit code", async () => {
    const result = await (await open()).exec("printf 'a\\377'; printf b >&2; exit 3", { timeoutMs: 60_000 });
    assert.deepEqual([...result.stdout], [0x61, 0xff]);
    assert.equal(Buffer.from(result.stderr).toString(), "b");
    assert.equal(result.code, 3);
    assert.equal(result.signal, undefined);
  });

  it("leaves out of the path what WSL adds of the Windows around it: those programs speak of another machine", async () => {
    const given = "/usr/bin:/mnt/c/Windows/System32:/mnt/d:/bin:/mnt/data/bin";
    const pathIn = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const connection = await localConnect({ platform: "linux", env: { PATH: given, ...env } })(host, never);
      const { stdout } = await connection.exec('printf %s "$PATH"', { timeoutMs: 60_000 });
      return Buffer.from(stdout).toString();
    };
    assert.equal(await pathIn({ WSL_DISTRO_NAME: "Debian" }), "/usr/bin:/bin:/mnt/data/bin");
    assert.equal(await pathIn({}), given);
  });

  it("tells a signal from a code", async () => {
    const result = await (await open()).exec("kill -TERM $$", { timeoutMs: 60_000 });
    assert.equal(result.code, undefined);
    assert.equal(result.signal, "SIGTERM");
  });

  it("writes standard input and closes it", async () => {
    const connection = await open();
    const given = await connection.exec("cat", { timeoutMs: 60_000, stdin: Buffer.from("text") });
    assert.equal(Buffer.from(given.stdout).toString(), "text");
    const none = await connection.exec("cat", { timeoutMs: 60_000 });
    assert.equal(none.stdout.length, 0);
  });

  it("does not mind a command that leaves its input unread", async () => {
    const result = await (await open()).exec("exit 0", { timeoutMs: 60_000, stdin: Buffer.alloc(1 << 20) });
    assert.equal(result.code, 0);
  });

  it("reports an unknown command as the shell does", async () => {
    const result = await (await open()).exec("no-such-program-here", { timeoutMs: 60_000 });
    assert.equal(result.code, 127);
  });

  it("says when the shell itself is missing", async () => {
    const connect = localConnect({ platform: "win32", env: { SystemRoot: "/no/such/folder" } });
    const connection = await connect(host, never);
    await assert.rejects(connection.exec("x", { timeoutMs: 60_000 }), code("command-failed"));
  });

  it("ends a command that takes too long, and all that it started", async () => {
    const folder = mkdtempSync(join(tmpdir(), "local-connect-"));
    const pidFile = join(folder, "pid");
    const pid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0);
    // The time is up when the command has started another one.
    const clock: Clock = {
      ...systemClock,
      sleep: async (ms, signal) => {
        if (ms === 30_000) await until("it has started", () => pid() > 0);
        else await systemClock.sleep(ms, signal);
      },
    };
    const connection = await localConnect({ clock })(host, never);
    const started = connection.exec(`sleep 600 & echo $! > '${pidFile}'; wait`, { timeoutMs: 30_000 });
    await assert.rejects(started, code("timed-out"));
    await until("what it started has ended", () => isGone(pid()));
    rmSync(folder, { recursive: true });
  });

  it("ends what runs when it is told to stop", async () => {
    const stop = new AbortController();
    const connection = await open();
    const running = connection.exec("sleep 60", { timeoutMs: 60_000, signal: stop.signal });
    stop.abort();
    await assert.rejects(running, code("aborted"));
    await assert.rejects(
      connection.exec("true", { timeoutMs: 60_000, signal: stop.signal }),
      code("aborted"),
    );
    await assert.rejects(localConnect()(host, stop.signal), code("aborted"));
  });

  it("ends what runs when it is closed, and runs nothing more", async () => {
    const connection = await open();
    const running = connection.exec("sleep 60", { timeoutMs: 60_000 });
    await connection.close();
    await assert.rejects(running, code("connection-lost"));
    await assert.rejects(connection.exec("true", { timeoutMs: 60_000 }), code("connection-lost"));
    await connection.close();
  });

  it("does not wait for what a command leaves behind", async () => {
    const result = await (await open()).exec("sleep 600 & echo $!", { timeoutMs: 60_000 });
    const pid = Number(Buffer.from(result.stdout).toString());
    assert.ok(pid > 0 && !isGone(pid));
    process.kill(pid);
  });

  it("refuses endless output", async () => {
    const connection = await open();
    await assert.rejects(
      connection.exec("cat /dev/zero", { timeoutMs: 60_000 }),
      code("output-unrecognised"),
    );
  });

  it("hands cmd.exe its line as it is, with the program by its full path", async () => {
    // Without a Windows here: a program in its place prints the arguments that it gets.
    const folder = mkdtempSync(join(tmpdir(), "local-connect-"));
    const SystemRoot = join(folder, "Windows");
    symlinkSync("/bin/echo", `${SystemRoot}\\System32\\cmd.exe`);
    const connect = localConnect({
      platform: "win32",
      env: { ...process.env, SystemRoot, ComSpec: "cmd.exe" },
    });
    const result = await (await connect(host, never)).exec("logoff.exe 12", { timeoutMs: 60_000 });
    const program = `${SystemRoot}\\System32\\logoff.exe`;
    assert.equal(Buffer.from(result.stdout).toString(), `/d /s /c "${program} 12"\n`);
    rmSync(folder, { recursive: true });
  });
});
