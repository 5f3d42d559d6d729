import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock, type Clock } from "../../provider/base/clock";
import { shellRunner, type CommandEnd, type ShellCommand } from "../../provider/local/shell-command";
import { isGone, pidIn, runs } from "./processes";

const skip = process.platform === "win32" ? "needs /bin/sh" : false;
const folder = mkdtempSync(join(tmpdir(), "session-logoff-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly ended: Promise<CommandEnd>;
  readonly lines: readonly string[];
  readonly end: AbortController;
}

/** Starts a command whose folder for its own files is `$D`. */
function start(command: string, given: Partial<ShellCommand> = {}, clock?: Clock): Started {
  const end = new AbortController();
  const lines: string[] = [];
  const run = shellRunner(clock === undefined ? {} : { clock });
  const whole = { command, stdin: "", env: { D: folder }, onLine: (line: string) => lines.push(line) };
  return { ended: run({ ...whole, ...given }, end.signal), lines, end };
}

describe("a command of the operator", { skip }, () => {
  it("resolves with its status, its lines from both outputs, and what it was given", async () => {
    const command =
      'while read -r host; do echo "patch $host $WAVE"; done; echo oops >&2; printf "no line break"; exit 3';
    const { ended, lines } = start(command, { stdin: "rdsh01\nCORP\\op@rdsh02:2222\n", env: { WAVE: "2" } });
    assert.deepEqual(await ended, { status: 3 });
    assert.deepEqual(
      [...lines].sort(),
      ["no line break", "oops", "patch CORP\\op@rdsh02:2222 2", "patch rdsh01 2"].sort(),
    );
  });

  it("gets the environment of this process", async () => {
    const { ended, lines } = start('echo "$PATH"');
    assert.deepEqual(await ended, { status: 0 });
    assert.deepEqual(lines, [process.env["PATH"]]);
  });

  it("may leave its input unread, or close it", async () => {
    const stdin = "rdsh01\n".repeat(100_000);
    assert.deepEqual(await start("exit 0", { stdin }).ended, { status: 0 });
    assert.deepEqual(await start("exec <&-; exit 4", { stdin }).ended, { status: 4 });
    assert.deepEqual(await start("head -n 1 >/dev/null; exit 5", { stdin }).ended, { status: 5 });
  });

  it("that is killed resolves with the signal", async () => {
    assert.deepEqual(await start("kill -KILL $$").ended, { signal: "SIGKILL" });
  });

  it("whose output is no UTF-8 or has endless lines is passed on, without a loss", async () => {
    const odd = start(String.raw`printf 'caf\303\251 \377\r\n'; printf '\303'; exit 0`);
    assert.deepEqual(await odd.ended, { status: 0 });
    assert.deepEqual(odd.lines, ["café \ufffd", "\ufffd"]);
    const endless = start("head -c 300000 /dev/zero | tr '\\0' x");
    assert.deepEqual(await endless.ended, { status: 0 });
    assert.ok(endless.lines.length > 1);
    assert.equal(endless.lines.join("").length, 300_000);
  });

  it("that leaves a child behind with its outputs is not waited for, and the child goes on", async () => {
    const { ended, lines } = start('sleep 600 & echo $! >"$D/left"; echo done; exit 0');
    assert.deepEqual(await ended, { status: 0 });
    assert.deepEqual(lines, ["done"]);
    const pid = await pidIn(join(folder, "left"));
    assert.ok(runs(pid));
    process.kill(pid, "SIGKILL");
    await isGone(pid);
  });

  it("that cannot be started says so, without its text", async () => {
    const how = await start(`: ${"Secret".repeat(400_000)}`).ended;
    assert.ok("notStarted" in how, JSON.stringify(how));
    assert.match(how.notStarted, /E2BIG/u);
    assert.doesNotMatch(how.notStarted, /Secret/u);
  });

  it("that is ended ends with everything that it has started", async () => {
    const { ended, end } = start('sleep 600 & echo $! >"$D/child"; echo $$ >"$D/shell"; wait');
    const pids = [await pidIn(join(folder, "child")), await pidIn(join(folder, "shell"))];
    end.abort();
    assert.deepEqual(await ended, { signal: "SIGTERM" });
    assert.deepEqual(pids.map(runs), [false, false]);
  });

  it("may end in order when it is ended", async () => {
    const { ended, end, lines } = start(
      'trap "echo cleaned up; exit 7" TERM; echo $$ >"$D/trap"; while :; do sleep 0.05; done',
    );
    await pidIn(join(folder, "trap"));
    end.abort();
    assert.deepEqual(await ended, { status: 7 });
    // The shell may print that its child was terminated.
    assert.ok(lines.includes("cleaned up"), lines.join("\n"));
  });

  it("that ignores its end is killed after ten seconds, with a child that outlives the shell", async () => {
    // Ten seconds pass at once.
    let slept = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() + slept,
      sleep: async (ms, signal) => {
        slept += 100 * ms;
        await systemClock.sleep(ms, signal);
      },
    };
    const stubborn = 'trap "" TERM; echo $$ >"$D/deaf"; while :; do sleep 0.05; done';
    const { ended, end } = start(`sh -c '${stubborn}' & echo $$ >"$D/parent"; wait`, {}, clock);
    const pids = [await pidIn(join(folder, "deaf")), await pidIn(join(folder, "parent"))];
    end.abort();
    await ended;
    for (const pid of pids) await isGone(pid);
  });

  it("is not started if its end was asked for before it began", async () => {
    const end = new AbortController();
    end.abort();
    const given = { command: 'echo >"$D/began"', stdin: "", env: { D: folder }, onLine: () => undefined };
    assert.ok("notStarted" in (await shellRunner()(given, end.signal)));
    assert.equal(existsSync(join(folder, "began")), false);
  });
});
