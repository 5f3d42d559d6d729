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

/** Whether a process has ended. A zombie counts as ended. */
function isGone(pid: number): boolean {
  try {
    return /\) Z /u.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

describe("localConnect", { skip }, () => {
  it("returns both outputs as bytes, and the exit code", async () => {
    const result = await (await open()).exec("printf 'a\\377'; printf b >&2; exit 3", { timeoutMs: 60_000 });
    assert.deepEqual([...result.stdout], [0x61, 0xff]);
    assert.equal(Buffer.from(result.stderr).toString(), "b");
    assert.equal(result.code, 3);
    assert.equal(result.signal, undefined);
  });

  it("removes Windows folders from PATH under WSL", async () => {
    const given = "/usr/bin:/mnt/c/Windows/System32:/mnt/d:/bin:/mnt/data/bin";
    const pathIn = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const connection = await localConnect({ platform: "linux", env: { PATH: given, ...env } })(host, never);
      const { stdout } = await connection.exec('printf %s "$PATH"', { timeoutMs: 60_000 });
      return Buffer.from(stdout).toString();
    };
    assert.equal(await pathIn({ WSL_DISTRO_NAME: "Debian" }), "/usr/bin:/bin:/mnt/data/bin");
    assert.equal(await pathIn({}), given);
  });

  it("returns a signal instead of a code", async () => {
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

  it("succeeds when a command does not read its input", async () => {
    const result = await (await open()).exec("exit 0", { timeoutMs: 60_000, stdin: Buffer.alloc(1 << 20) });
    assert.equal(result.code, 0);
  });

  it("reports an unknown command as the shell does", async () => {
    const result = await (await open()).exec("no-such-program-here", { timeoutMs: 60_000 });
    assert.equal(result.code, 127);
  });

  it("fails if the shell is missing", async () => {
    const connect = localConnect({ platform: "win32", env: { SystemRoot: "/no/such/folder" } });
    const connection = await connect(host, never);
    await assert.rejects(connection.exec("x", { timeoutMs: 60_000 }), code("command-failed"));
  });

  it("kills a command that times out, and every process that it started", async () => {
    const folder = mkdtempSync(join(tmpdir(), "local-connect-"));
    const pidFile = join(folder, "pid");
    const pid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0);
    // The timeout expires as soon as the command has started another process.
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
    await until("the child has ended", () => isGone(pid()));
    rmSync(folder, { recursive: true });
  });

  it("kills a running command when its signal fires", async () => {
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

  it("kills a running command when the connection is closed, and runs no more commands", async () => {
    const connection = await open();
    const running = connection.exec("sleep 60", { timeoutMs: 60_000 });
    await connection.close();
    await assert.rejects(running, code("connection-lost"));
    await assert.rejects(connection.exec("true", { timeoutMs: 60_000 }), code("connection-lost"));
    await connection.close();
  });

  it("does not wait for background processes of a command", async () => {
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

  it("passes cmd.exe its command line unquoted, with the full path of the program", async () => {
    // A program that prints its arguments takes the place of cmd.exe.
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
