import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { build } from "../pulumi/dynamic/built-package";
import { until } from "./until";

const checkout = resolve(__dirname, "..", "..");
const main = ["--import", "tsx", join(__dirname, "main.ts")];
const files = ["key", "known_hosts", "pid", "rdsh.txt", "session-logoff", "ssh_config"];

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves once the guide is printed. */
  readonly ready: Promise<void>;
  /** The exit code, once all of its output has been read. */
  readonly ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();

function start(args: readonly string[], stdin: "pipe" | "ignore", cwd = checkout): Started {
  const child = spawn(process.execPath, args, {
    cwd,
    // As npm sets it, which also runs this test.
    env: { ...process.env, INIT_CWD: cwd },
    stdio: [stdin, "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const ready = new Promise<void>((done, fail) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes("Ctrl-C")) done();
      });
    void ended.then(() => fail(new Error(`ended early: ${output}`)));
  });
  // Not every test waits for it.
  ready.catch(() => undefined);
  return { child, output: () => output, ready, ended };
}

/** Runs one of the commands of the guide. */
function run(cwd: string, program: string, ...args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync(program, args, { cwd, input: "", encoding: "utf8" });
  assert.equal(status, 0, error?.message ?? stderr);
  return stdout;
}

/** Whether no process has this ID any more; one that has ended may not have been waited for yet. */
function isGone(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return !/^[^Z\s]/u.test(stdout);
}

describe("npm run lab", { timeout: 300_000 }, () => {
  let base: string;
  before(async () => {
    await build();
    base = mkdtempSync(join(tmpdir(), "session-logoff-lab-test-"));
  });
  // What a failed test has left; the lab below tools/lab.mjs ends with it.
  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
    running.clear();
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  it("prints commands that work, ends with its standard input and leaves nothing behind", async () => {
    const lab = start(main, "pipe");
    await lab.ready;
    assert.equal(lab.output().match(/^ {2}rdsh0\d {2}127\./gmu)?.length, 6);
    const folder = /^ {2}cd (.*)$/mu.exec(lab.output())?.[1] ?? "";
    assert.deepEqual(readdirSync(folder).sort(), files);
    assert.equal(statSync(join(folder, "key")).mode & 0o777, 0o600);
    const listed = run(folder, "./session-logoff", "--list", "--hosts-file", "rdsh.txt");
    assert.match(listed, /^13 user sessions on 6 hosts$/mu);
    for (const host of ["rdsh01", "rdsh01.corp.example"])
      assert.match(
        run(folder, "ssh", "-o", "BatchMode=yes", "-F", "ssh_config", host, "qwinsta"),
        / bob {23}3 {2}Disc/u,
      );
    lab.child.stdin?.end();
    assert.equal(await lab.ended, 0);
    assert.match(lab.output(), /^rdsh01 {2}admin {2}qwinsta$/mu);
    assert.equal(existsSync(folder), false);
  });

  it("takes options and the operand in any order behind its own", async () => {
    const folder = join(base, "it's a lab");
    const lab = start([...main, folder], "pipe");
    await lab.ready;
    const command = join(folder, "session-logoff");
    assert.match(run(base, command, "--version"), /^\d+\.\d+\.\d+$/mu);
    assert.match(run(base, command, "--help"), /^Usage|session-logoff/u);
    assert.match(run(base, command, "--completion", "bash"), /^# session-logoff completion for bash/u);
    assert.match(run(base, command, "2", "/server:rdsh01", "--dry-run"), /alice .* would be logged off/u);
    lab.child.stdin?.end();
    assert.equal(await lab.ended, 0);
  });

  it("in the background stays until it is ended by its process ID, and removes only what it wrote", async () => {
    const folder = join(base, "background");
    const lab = start([join(checkout, "tools", "lab.mjs"), "background"], "ignore", base);
    // npm is another Node process, which passes signals on as tools/lab.mjs does.
    await lab.ready;
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    assert.notEqual(pid, lab.child.pid);
    writeFileSync(join(folder, "report.html"), "");
    lab.child.kill("SIGHUP");
    process.kill(pid, "SIGHUP");
    assert.match(
      run(folder, "ssh", "-o", "BatchMode=yes", "-F", "ssh_config", "rdsh02", "qwinsta"),
      /Anna Schmidt/u,
    );
    process.kill(pid, "SIGTERM");
    assert.equal(await lab.ended, 0);
    assert.deepEqual(readdirSync(folder), ["report.html"]);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const)
    it(`ends as a whole when the process that npm started gets ${signal}`, async () => {
      const folder = join(base, signal);
      const lab = start([join(checkout, "tools", "lab.mjs"), folder], "ignore");
      await lab.ready;
      const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
      lab.child.kill(signal);
      assert.equal(await lab.ended, signal === "SIGKILL" ? null : 0);
      await until("the lab has ended", () => isGone(pid));
      assert.equal(existsSync(folder), false);
    });

  it("refuses a folder that holds something, a file, and a second folder", async () => {
    const held = join(base, "held");
    mkdirSync(held);
    writeFileSync(join(held, "notes.txt"), "mine");
    for (const [args, why] of [
      [[held], /held is not empty: name a folder/u],
      [[join(held, "notes.txt")], /notes\.txt is not a folder/u],
      [[join(base, "one"), join(base, "two")], /at most one folder/u],
    ] as const) {
      const lab = start([...main, ...args], "ignore");
      assert.equal(await lab.ended, 1);
      assert.match(lab.output(), why);
    }
    assert.deepEqual(readdirSync(held), ["notes.txt"]);
    assert.equal(existsSync(join(base, "one")), false);
  });
});
