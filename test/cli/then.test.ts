import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { systemClock, type Clock } from "../../provider/base/clock";
import type { ShellCommand } from "../../provider/local/shell-command";
import { isGone, pidIn } from "../local/processes";
import { holdsCommand } from "../report/sample";
import { withScene, type Terminal } from "./scene";

interface JsonHost {
  readonly status: string;
  readonly error?: { readonly code: string; readonly message: string };
}

function hostsIn(stdout: string): readonly JsonHost[] {
  return (JSON.parse(stdout) as { readonly hosts: readonly JsonHost[] }).hosts;
}

/** The status of each host, with its error. */
function statusesIn(stdout: string): readonly string[] {
  return hostsIn(stdout).map(
    ({ status, error }) => `${status}${error === undefined ? "" : ` ${error.code}`}`,
  );
}

const three = ["rdsh01", "rdsh02", "rdsh03"].map((name) => ({ name, sessions: [{ user: "alice" }] }));
const one = three.slice(0, 1);
const nobody = [{ name: "rdsh01", sessions: [] }];
const skip = process.platform === "win32" ? "needs /bin/sh" : false;
const withSecret = "patch --token Hunter2";

/** A world that notes commands instead of running them. */
function noting(status = 0): Terminal & { readonly noted: readonly ShellCommand[] } {
  const noted: ShellCommand[] = [];
  const runShell = (command: ShellCommand): Promise<{ status: number }> => {
    noted.push(command);
    return Promise.resolve({ status });
  };
  return { noted, world: { runShell } };
}

describe("the command of --then", { skip }, () => {
  it("runs after each wave for the hosts as they were given, and its output is no result", () =>
    withScene(three, async ({ lab, run, path, hosts }) => {
      const given = three.map(({ name }) => lab.addressOf(name));
      const inFile = [`admin@${given[1] ?? ""}`, given[2] ?? ""];
      writeFileSync(path("hosts"), `# farm\n${inFile.join(" # a host\n")}\n`);
      const command = `while read -r host; do echo "patching $host"; done; echo "wave $SESSION_LOGOFF_WAVE/$SESSION_LOGOFF_WAVES" >&2`;
      const argv = [...hosts("rdsh01"), "--hosts-file", path("hosts"), "--waves", "1,2", "--then", command];
      const { status, stdout, stderr } = await run(["--all", ...argv, "--output", "json"]);
      assert.equal(status, 0, stderr);
      assert.deepEqual(statusesIn(stdout), ["ok", "ok", "ok"]);
      const lines = stderr.split("\n");
      assert.deepEqual(
        lines.filter((line) => line.startsWith("patching")),
        [given[0], ...inFile].map((host) => `patching ${host ?? ""}`),
      );
      assert.deepEqual(
        lines.filter((line) => /^wave/u.test(line)),
        [
          "wave 1 of 2: running the command for 1 host",
          "wave 1/2",
          "wave 2 of 2: running the command for 2 hosts",
          "wave 2/2",
        ],
      );
    }));

  it("that fails ends the run with 1: its wave stays done, and later hosts are skipped and written", () =>
    withScene(three, async ({ lab, run, path, hosts }) => {
      const argv = ["--waves", "1", "--failed-hosts", path("again"), "--then", `exit 3 # ${withSecret}`];
      const { status, stdout, stderr } = await run(["--all", ...hosts(), ...argv]);
      assert.equal(status, 1);
      const [first, ...others] = three.map(({ name }) => lab.addressOf(name));
      assert.match(
        stdout,
        new RegExp(
          `Stopped: the command after wave 1 of 3 ended with status 3; its host is ${first ?? ""}\n`,
        ),
      );
      assert.match(stdout, /skipped: then-failed/u);
      assert.match(stderr, /^hint: then-failed: .*--undrain/mu);
      assert.equal(readFileSync(path("again"), "utf8"), others.map((host) => `${host}\n`).join(""));
      assert.doesNotMatch(stdout + stderr, /Hunter2/u);
    }));

  it("that fails after the last wave ends the run with 1 too, and with --fail-on budget", () =>
    withScene(three, async ({ run, hosts }) => {
      for (const more of [[], ["--fail-on", "budget"]]) {
        const argv = ["--all", ...hosts(), "--output", "json", "--then", "kill -KILL $$", ...more];
        const { status, stdout, stderr } = await run(argv);
        assert.equal(status, 1);
        assert.deepEqual(statusesIn(stdout), ["ok", "ok", "ok"]);
        assert.match(stderr, /^warning: Stopped: the command after wave 1 of 1 was ended by SIGKILL; its/mu);
      }
    }));

  it("that cannot be started fails the run without its text", () =>
    withScene(one, async ({ run, hosts }) => {
      const command = `: ${withSecret.repeat(100_000)}`;
      const { status, stdout, stderr } = await run(["--all", ...hosts(), "--then", command]);
      assert.equal(status, 1);
      assert.match(stderr, /after wave 1 of 1 cannot be started: spawn E2BIG; its host is/u);
      assert.doesNotMatch(stdout + stderr, /Hunter2/u);
    }));

  it("names at most twenty hosts when it fails", () =>
    withScene(
      Array.from({ length: 22 }, (_, index) => ({ name: `rdsh${index}`, sessions: [] })),
      async ({ lab, run, hosts }) => {
        const { stderr } = await run(["--all", ...hosts(), "--then", "exit 1"]);
        const [, named = ""] = /its hosts are (.*) and 2 more$/mu.exec(stderr) ?? [];
        assert.deepEqual(
          named.split(", "),
          lab.hosts.slice(0, 20).map(({ name }) => lab.addressOf(name)),
        );
      },
    ));

  it("cannot put a command into the log of a build agent", () =>
    withScene(one, async ({ run, hosts }) => {
      const { stdout, stderr } = await run(["--all", ...hosts(), "--then", "echo '##vso[a.b]c'"]);
      assert.match(stderr, /##\u200bvso/u);
      assert.ok(!holdsCommand(stdout + stderr));
    }));

  it("runs where nobody had to be logged off", () =>
    withScene(nobody, async ({ run, hosts }) => {
      const terminal = noting();
      assert.equal((await run(["--all", ...hosts(), "--then", withSecret], terminal)).status, 0);
      assert.deepEqual(
        terminal.noted.map(({ command }) => command),
        [withSecret],
      );
    }));
});

describe("the command of --then is not run", () => {
  it("by a look", () =>
    withScene(one, async ({ run, hosts }) => {
      const terminal = noting();
      for (const look of ["--list", "--dry-run"]) {
        const then = ["--then", "patch", "--then-undrain", "30m"];
        assert.equal((await run([look, "--all", ...hosts(), ...then], terminal)).status, 0);
      }
      assert.deepEqual(terminal.noted, []);
    }));

  it("for hosts that failed, or when more have failed than the budget allows", () =>
    withScene(three, async ({ lab, run, hosts }) => {
      const terminal = noting();
      lab.host("rdsh02").stopListening();
      const slow = ["--timeout-connect", "1"];
      const argv = ["--all", ...hosts(), ...slow, "--then", "patch"];
      assert.equal((await run([...argv, "--max-failures", "1"], terminal)).status, 1);
      const [first, , last] = three.map(({ name }) => `${lab.addressOf(name)}\n`);
      assert.deepEqual(
        terminal.noted.map(({ stdin }) => stdin),
        [`${first ?? ""}${last ?? ""}`],
      );
      assert.equal((await run([...argv, "--max-failures", "0"], terminal)).status, 1);
      assert.equal(terminal.noted.length, 1);
      const alone = ["--all", ...hosts("rdsh02"), ...slow, "--then", "patch"];
      assert.equal((await run(alone, terminal)).status, 1);
      assert.equal(terminal.noted.length, 1);
    }));

  it("if the answer to the question is no, which says that it will run, and not its text", () =>
    withScene(nobody, async ({ run, hosts }) => {
      const terminal = noting();
      const argv = ["--all", ...hosts(), "--then", withSecret];
      const no = await run(argv, { ...terminal, isTTY: true, input: "n\n" });
      assert.equal(no.status, 130);
      assert.match(
        no.stderr,
        /Log off 0 sessions on 0 hosts, and run the command of --then after each wave\? \[y\/N\]/u,
      );
      assert.doesNotMatch(no.stderr, /Hunter2/u);
      assert.deepEqual(terminal.noted, []);
      assert.equal((await run(argv, { ...terminal, isTTY: true, input: "y\n" })).status, 0);
      assert.equal(terminal.noted.length, 1);
    }));
});

describe("a run that is stopped while the command runs", { skip }, () => {
  const stubborn = 'echo $$ >"$F.sh"; sleep 600 & echo $! >"$F.child"; wait';

  it("waits for it after the first signal, and begins nothing new", () =>
    withScene(three, async ({ lab, spawn, hosts, path }) => {
      const command = `echo running; while [ ! -e '${path("go")}' ]; do sleep 0.05; done; echo finished`;
      let sent = false;
      const argv = ["--all", ...hosts(), "--waves", "1", "--output", "json", "--then", command];
      const { status, stdout, stderr } = await spawn(argv, (soFar, kill) => {
        if (/^running$/mu.test(soFar) && !sent) {
          sent = true;
          kill("SIGINT");
        }
        if (soFar.includes("the command of --then is waited for")) writeFileSync(path("go"), "");
      });
      assert.equal(status, 130);
      assert.match(stderr, /^Stopping after SIGINT: the command of --then is waited for[^]*^finished$/mu);
      assert.deepEqual(statusesIn(stdout), ["ok", "skipped aborted", "skipped aborted"]);
      assert.deepEqual(lab.host("rdsh02").commandTexts(), []);
    }));

  it("ends it at the second signal, with everything that it has started", () =>
    withScene(one, async ({ spawn, hosts, path }) => {
      const command = `F='${path("pid")}'; ${stubborn}`;
      let sent = 0;
      const running = spawn(["--all", ...hosts(), "--then", command], (soFar, kill) => {
        if (sent === 1 && soFar.includes("a second signal ends both at once")) {
          sent = 2;
          kill("SIGTERM");
        }
        if (sent > 0 || !soFar.includes("running the command")) return;
        sent = 1;
        void pidIn(path("pid.child")).then(() => kill("SIGTERM"));
      });
      const pids = await Promise.all(["pid.sh", "pid.child"].map((name) => pidIn(path(name))));
      const { status, stderr } = await running;
      assert.equal(status, 130);
      assert.match(stderr, /Ended at once, and the command of --then with it/u);
      for (const pid of pids) await isGone(pid);
    }));

  /** An hour that is over as soon as the command runs. */
  const hourUntil = (file: string): Clock => ({
    ...systemClock,
    sleep: async (ms, signal) => {
      if (ms < 3_600_000) return systemClock.sleep(ms, signal);
      await pidIn(file);
    },
  });

  it("ends it when --timeout is over, which fails it: later hosts are skipped", () =>
    withScene(three, async ({ run, hosts, path }) => {
      const command = `F='${path("pid")}'; ${stubborn}`;
      const argv = ["--all", ...hosts(), "--waves", "1", "--timeout", "1h", "--output", "json"];
      const clock = hourUntil(path("pid.child"));
      const { status, stdout, stderr } = await run([...argv, "--then", command], { world: { clock } });
      assert.equal(status, 1);
      assert.deepEqual(statusesIn(stdout), ["ok", "skipped timed-out", "skipped timed-out"], stderr);
      for (const name of ["pid.sh", "pid.child"]) await isGone(await pidIn(path(name)));
    }));

  it("fails it when --timeout is over after the last wave too, even if it ends with 0", () =>
    withScene(one, async ({ run, hosts, path }) => {
      for (const [trap, how] of [
        ["", "was ended by SIGTERM"],
        ["trap 'exit 0' TERM; ", "ended with status 0"],
      ] as const) {
        const command = `${trap}F='${path(how.slice(-1))}'; ${stubborn}`;
        const clock = hourUntil(path(`${how.slice(-1)}.child`));
        const argv = ["--all", ...hosts(), "--timeout", "1h", "--then", command, "--then-undrain", "1m"];
        const { status, stderr } = await run(argv, { world: { clock } });
        assert.equal(status, 1, stderr);
        assert.match(stderr, new RegExp(`after wave 1 of 1 ${how} when --timeout expired; its host is`));
      }
    }));
});
