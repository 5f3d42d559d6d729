import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { World } from "../../provider/cli/world";
import { systemCommand } from "../../provider/local/system-command";
import { holdsCommand } from "../report/sample";
import { runHere, startScene, withScene, type Scene } from "./scene";

interface JsonReport {
  readonly exitStatus: number;
  readonly dryRun: boolean;
  readonly totals: Readonly<Record<string, number>>;
  readonly hosts: readonly {
    readonly host: string;
    readonly status: string;
    readonly commands?: readonly string[];
    readonly sessions: readonly { readonly user: string | null; readonly outcome: string }[];
  }[];
}

function json(text: string): JsonReport {
  return JSON.parse(text) as JsonReport;
}

const skip = process.platform === "win32" ? "Windows has no limit of open files" : false;

const two = [
  { name: "rdsh01", sessions: [{ user: "alice" }, { user: "bob" }] },
  { name: "rdsh02", sessions: [{ user: "carol" }, { user: "svc-backup" }] },
];

describe("wrong usage", () => {
  it("prints twenty problems, counts the others and exits with 2", async () => {
    const wrong = Array.from({ length: 3000 }, (_, index) => [`--wrong-${index}`, "x"]).flat();
    const { status, stdout, stderr } = await runHere(["12", ...wrong]);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    const lines = stderr.trimEnd().split("\n");
    assert.equal(lines.length, 22);
    assert.match(lines[0] ?? "", /^session-logoff: --wrong-0 is not a known option/u);
    assert.equal(lines[20], "session-logoff: … and 2980 more problems");
  });

  it("of a proxy command is named by its options, without its text", async () => {
    const remote = ["--list", "--host", "rdsh01", "--proxy-command"];
    const both = await runHere([...remote, "secret %h", "--jump", "j"]);
    assert.equal(both.status, 2);
    assert.match(
      both.stderr,
      /--proxy-command: cannot be combined with --jump, of which the first can have/u,
    );
    const token = await runHere([...remote, "secret %h %k"]);
    assert.equal(token.status, 2);
    assert.match(token.stderr, /--proxy-command: must hold only the tokens %h, %n, %p, %r and %% /u);
    assert.doesNotMatch(both.stderr + token.stderr, /secret|%k/u);
  });

  it("with a single dash for a long option exits with 2 and prints no help", async () => {
    const { status, stdout, stderr } = await runHere(["-host", "rdsh01", "--all", "--yes"]);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^session-logoff: -host is not a known option: write --host\n/u);
  });
});

describe("a user whose name is a build agent command", () => {
  const user = "##vso[a.b]c";
  const hostile = [{ name: "rdsh01", sessions: [{ user }] }];

  it("is shown with a zero-width space, on standard output and standard error", () =>
    withScene(hostile, async ({ run, hosts }) => {
      const { status, stdout, stderr } = await run(["--all", ...hosts()]);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /##\u200bvso\[a\.b\]c/u);
      assert.match(stderr, /logging off 2 \(##\u200bvso\[a\.b\]c\)/u);
      assert.ok(!holdsCommand(stdout + stderr));
    }));

  for (const form of ["json", "ndjson"]) {
    it(`is escaped in ${form}, which preserves the name`, () =>
      withScene(hostile, async ({ run, hosts }) => {
        const { stdout } = await run(["--list", ...hosts(), "--output", form]);
        assert.ok(!holdsCommand(stdout));
        const [first = ""] = form === "json" ? [stdout] : stdout.split("\n");
        const read = JSON.parse(first) as { hosts?: [{ sessions: { user: string }[] }] };
        const { sessions } = read.hosts?.[0] ?? (read as { sessions: { user: string }[] });
        assert.deepEqual(sessions.map((one) => one.user).filter(Boolean), [user]);
      }));
  }
});

describe("session-logoff over SSH", () => {
  it("logs off one session by its ID, as logoff does", () =>
    withScene(two, async ({ lab, run }) => {
      const { status, stdout, stderr } = await run(["2", `/server:${lab.addressOf("rdsh01")}`]);
      assert.equal(status, 0, stderr);
      assert.deepEqual(lab.host("rdsh01").model.people(), ["bob"]);
      assert.match(stdout, /alice .*logged off/u);
      assert.match(stdout, /1 session logged off on 1 host\n$/u);
      assert.match(stderr, /logging off 2 \(alice\)/u);
    }));

  it("logs off by session name on every host", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const { status } = await run(["rdp-tcp#0", ...hosts()]);
      assert.equal(status, 0);
      assert.deepEqual(lab.host("rdsh01").model.people(), ["bob"]);
      assert.deepEqual(lab.host("rdsh02").model.people(), ["svc-backup"]);
    }));

  it("logs off all but the exceptions, without a question if there is no terminal", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const { status, stdout, stderr } = await run([
        "--all",
        "--except-user",
        "svc-*",
        ...hosts(),
        "--output",
        "json",
      ]);
      assert.equal(status, 0, stderr);
      assert.deepEqual(
        lab.hosts.flatMap(({ model }) => model.people()),
        ["svc-backup"],
      );
      const report = json(stdout);
      assert.equal(report.totals["loggedOff"], 3);
      assert.equal(report.exitStatus, 0);
      assert.equal(report.dryRun, false);
      assert.doesNotMatch(stderr, /\[y\/N\]/u);
    }));

  it("fails for a session that does not exist, unless --if-missing ignores it", () =>
    withScene(two, async ({ lab, run }) => {
      const server = `/server:${lab.addressOf("rdsh01")}`;
      const failed = await run(["99", server]);
      assert.equal(failed.status, 1);
      assert.match(failed.stdout, /session-not-found/u);
      assert.match(failed.stderr, /--list shows who is there/u);
      const ignored = await run(["99", server, "--if-missing", "ignore"]);
      assert.equal(ignored.status, 0);
    }));

  it("reports that there is nothing to do", () =>
    withScene(two, async ({ run, hosts }) => {
      const { status, stdout } = await run(["--session-user", "nobody*", ...hosts()]);
      assert.equal(status, 0);
      assert.match(stdout, /0 sessions logged off on 2 hosts/u);
    }));

  it("continues when a host fails, and writes the unfinished hosts to a file", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      lab.host("rdsh02").stopListening();
      const { status, stderr } = await run([
        ...["--all", ...hosts(), "--timeout-connect", "1s"],
        ...[
          "--failed-hosts",
          path("again.txt"),
          "--report",
          path("r.json"),
          "--report",
          path("r.xml"),
          "--report",
          path("r.html"),
        ],
      ]);
      assert.equal(status, 1);
      assert.deepEqual(lab.host("rdsh01").model.people(), []);
      assert.equal(readFileSync(path("again.txt"), "utf8"), `${lab.addressOf("rdsh02")}\n`);
      assert.match(stderr, /1 host in .*again\.txt: --hosts-file/u);
      assert.equal(json(readFileSync(path("r.json"), "utf8")).exitStatus, 1);
      assert.match(readFileSync(path("r.xml"), "utf8"), /<failure type="host-unreachable"/u);
      assert.match(readFileSync(path("r.html"), "utf8"), /1 of 2 hosts not done/u);
      for (const name of ["again.txt", "r.json", "r.xml", "r.html"])
        assert.equal(statSync(path(name)).mode & 0o777, 0o600);
      await lab.host("rdsh02").listenAgain();
      const next = await run([
        "--all",
        "--hosts-file",
        path("again.txt"),
        "--failed-hosts",
        path("again.txt"),
      ]);
      assert.equal(next.status, 0);
      assert.deepEqual(lab.host("rdsh02").model.people(), []);
      assert.equal(readFileSync(path("again.txt"), "utf8"), "");
    }));

  it("exits with the status in its result, even if a report cannot be written", () =>
    withScene(two.slice(0, 1), async ({ run, hosts, path }) => {
      const gone = path("gone");
      mkdirSync(gone);
      const { status, stdout, stderr } = await run(
        [
          ...["--all", ...hosts(), "--output", "json", "--report", path("first.json")],
          ...["--report", join(gone, "r.json"), "--report", path("last.json")],
        ],
        {
          // The folder exists when it is checked before the run, but not when the report is written.
          onError: (soFar) => {
            if (soFar.includes("logging off")) rmSync(gone, { recursive: true, force: true });
          },
        },
      );
      assert.equal(status, 1, stderr);
      assert.match(stderr, /^session-logoff: Cannot write ".*gone\/r\.json"/mu);
      assert.equal(json(stdout).exitStatus, 1);
      for (const name of ["first.json", "last.json"])
        assert.equal(json(readFileSync(path(name), "utf8")).exitStatus, 1, name);
    }));

  it("keeps the user of a host in the list of unfinished hosts", () =>
    withScene(two.slice(0, 1), async ({ lab, run, path }) => {
      const { status } = await run([
        "--all",
        "--host",
        `nobody@${lab.addressOf("rdsh01")}`,
        "--failed-hosts",
        path("again"),
      ]);
      assert.equal(status, 1);
      assert.equal(readFileSync(path("again"), "utf8"), `nobody@${lab.addressOf("rdsh01")}\n`);
    }));

  it("warns people and waits until they have left", () =>
    withScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }], async ({ lab, run, hosts }) => {
      const { model } = lab.host("rdsh01");
      const { status, stdout, stderr } = await run([
        ...hosts(),
        "--all",
        "--warn",
        "Save now, {user}",
        "--grace",
        "2",
      ]);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /warned 2 \(alice\)/u);
      assert.equal(model.messages()[0]?.text, "Save now, alice");
      assert.match(stdout, /1 session logged off/u);
    }));

  it("names its options in the reasons for kept sessions", () =>
    withScene(two, async ({ run, hosts }) => {
      const stayed = await run([
        ...["--all", ...hosts("rdsh01"), "--warn", "Please leave", "--grace", "1", "--wait-only"],
      ]);
      assert.equal(stayed.status, 1);
      assert.match(stayed.stdout, /did not leave within the grace period \(--wait-only\); run again/u);
    }));

  for (const format of ["json", "ndjson"])
    it(`names its options in its reports and in ${format}`, () =>
      withScene(two, async ({ run, hosts, path }) => {
        const files = ["r.json", "r.xml", "r.html"].map(path);
        const { status, stdout } = await run([
          ...["--all", ...hosts("rdsh01"), "--warn", "Please leave", "--grace", "1", "--wait-only"],
          ...["--output", format, ...files.flatMap((file) => ["--report", file])],
        ]);
        assert.equal(status, 1);
        for (const text of [stdout, ...files.map((file) => readFileSync(file, "utf8"))]) {
          assert.match(text, /did not leave within the grace period \(--wait-only\)/u);
          assert.doesNotMatch(text, /atDeadline/u);
        }
      }));

  it("relays to a server behind a host", () =>
    withScene([{ name: "gate" }, two[0]!], async ({ lab, path }) => {
      // A login by key passes no credentials to the server behind the host.
      const { status, stderr } = await runHere([
        "2",
        "/server:rdsh01",
        "--via",
        lab.addressOf("gate"),
        "--user",
        "admin",
        "--password-env",
        "LAB_PASSWORD",
        "--known-hosts",
        path("known_hosts"),
      ]);
      assert.equal(status, 0, stderr);
      assert.deepEqual(lab.host("rdsh01").model.people(), ["bob"]);
      assert.ok(lab.host("gate").commandTexts().includes("logoff.exe 2 /server:rdsh01"));
    }));

  it("accepts up to 512 hosts at a time", () =>
    withScene(two, async ({ run, hosts }) => {
      const most = await run(["--list", ...hosts(), "--parallel", "512"]);
      assert.deepEqual([most.status, most.stderr], [0, ""]);
      const { status, stderr } = await run(["--list", ...hosts(), "--parallel", "513"]);
      assert.equal(status, 2);
      assert.match(stderr, /^session-logoff: --parallel: must be a whole number from 1 to 512/mu);
    }));

  it("connects to fewer hosts at a time, with one warning, where few files may be open", { skip }, () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      name: `rdsh${index}`,
      sessions: [{ user: "alice" }],
    }));
    return withScene(many, async ({ spawn, lab, hosts }) => {
      const argv = ["--all", "--yes", "--parallel", "100", ...hosts()];
      const { status, stdout, stderr } = await spawn(argv, undefined, 128);
      assert.equal(status, 0, stdout + stderr);
      assert.match(
        stderr,
        /^warning: at most [0-9]+ of 100 hosts at a time are connected, because this process may have only 128 open files; set .* or `?--parallel`? to [0-9]+ or less$/mu,
      );
      assert.equal(stderr.match(/warning/gu)?.length, 1);
      assert.doesNotMatch(stdout + stderr, /EMFILE|too many open files/u);
      assert.ok(lab.hosts.every(({ model }) => model.people().length === 0));
    });
  });

  it("gives a hint if it adds something to the message", () =>
    withScene(two.slice(0, 1), async ({ run, hosts, path }) => {
      const known = readFileSync(path("known_hosts"), "utf8");
      writeFileSync(path("known_hosts"), "");
      const unknown = await run(["--all", ...hosts()]);
      writeFileSync(path("known_hosts"), known);
      assert.match(unknown.stdout, /failed: host-key-unknown/u);
      assert.match(unknown.stderr, /^hint: host-key-unknown: /mu);
      const { status, stdout, stderr } = await run([
        "--all",
        ...hosts(),
        "--host-key",
        `SHA256:${"A".repeat(43)}`,
      ]);
      assert.equal(status, 1);
      assert.match(stdout, /failed: host-key-changed/u);
      // The pinned key is wrong; known_hosts is not involved.
      assert.doesNotMatch(stderr, /^hint: /mu);
    }));

  it("shows the SSH dialogue, without secrets", () =>
    withScene(two.slice(0, 1), async ({ run, hosts, lab }) => {
      const plain = await run(["--list", ...hosts()]);
      assert.doesNotMatch(plain.stderr, /^debug:/mu);
      const { stderr } = await run(["--list", ...hosts(), "--debug"]);
      assert.match(stderr, /^debug: /mu);
      assert.ok(!stderr.includes(lab.clientKey.privateKey.split("\n")[1] ?? "-----BEGIN"));
    }));
});

describe("a read-only run of the command", () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene(two);
  });
  after(() => scene.close());
  const changed = (): readonly string[] =>
    scene.lab.hosts
      .flatMap((host) => host.commandTexts())
      .filter((text) => /logoff|msg|rwinsta|chglogon/u.test(text));

  it("lists the sessions of every host", async () => {
    const { status, stdout } = await scene.run(["--list", ...scene.hosts()]);
    assert.equal(status, 0);
    for (const user of ["alice", "bob", "carol", "svc-backup"]) assert.ok(stdout.includes(user));
    assert.match(stdout, /4 user sessions on 2 hosts/u);
    assert.deepEqual(changed(), []);
  });

  it("shows in a dry run with --wait-only which sessions it would warn, and no logoff", async () => {
    const steps = ["--warn", "Please sign out", "--grace", "10m", "--wait-only"];
    const { stdout } = await scene.run(["--all", ...steps, "--dry-run", ...scene.hosts()]);
    assert.match(stdout, /alice .*would be warned/u);
    assert.match(
      stdout,
      /4 sessions would be warned, and nobody logged off, on 2 hosts; nothing was changed/u,
    );
    assert.match(stdout, /msg\.exe 2 /u);
    assert.doesNotMatch(stdout, /logoff\.exe/u);
  });

  it("shows in a dry run that a host without sessions is drained", async () => {
    const steps = ["--session-user", "carol", "--drain", "until-restart", "--dry-run", "--output", "json"];
    const { stdout } = await scene.run([...steps, ...scene.hosts()]);
    assert.deepEqual(
      json(stdout).hosts.map(({ commands }) => commands),
      [["chglogon.exe /drainuntilrestart"], ["chglogon.exe /drainuntilrestart", "logoff.exe 2"]],
    );
  });

  it("warns of a user at the console in a dry run, and not in a list, which logs nobody off", async () => {
    await withScene([{ name: "rdsh03", console: { user: "dora" } }], async ({ run, hosts }) => {
      const list = await run(["--list", ...hosts()]);
      assert.match(list.stdout, /dora/u);
      assert.doesNotMatch(list.stdout + list.stderr, /warning/u);
      const dryRun = await run(["--all", "--dry-run", ...hosts()]);
      assert.match(dryRun.stderr, /warning: .*Kept session 1 \(dora\): it is the console/u);
    });
  });

  it("names the option in a warning about an input", async () => {
    const argv = ["--all", "--except-user", "CORP\\svc-backup", "--dry-run"];
    const { stderr } = await scene.run([...argv, ...scene.hosts()]);
    assert.match(stderr, /^warning: The domain of "CORP\\svc-backup" in --except-user is ignored/mu);
  });

  it("lists every session as listed, the console included", async () => {
    const { stdout } = await scene.run(["--list", ...scene.hosts(), "--output", "json"]);
    const report = json(stdout);
    assert.equal(report.dryRun, true);
    const outcomes = report.hosts.flatMap(({ sessions }) => sessions.map(({ outcome }) => outcome));
    assert.deepEqual(new Set(outcomes), new Set(["listed"]));
    assert.ok(outcomes.length >= 4);
    assert.equal(report.totals["sessions"], 0);
  });

  it("lists only sessions that match the selection", async () => {
    const { stdout } = await scene.run([
      "--list",
      ...scene.hosts(),
      "--session-user",
      "a*,c*",
      "--output",
      "ndjson",
    ]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Partial<JsonReport["hosts"][number]>);
    assert.deepEqual(
      lines.flatMap(({ sessions }) => sessions?.map(({ user }) => user) ?? []),
      ["alice", "carol"],
    );
    assert.equal(lines.length, 3);
  });

  it("shows in a dry run which sessions would be logged off or kept, and the commands", async () => {
    const { status, stdout } = await scene.run([
      "--all",
      "--except-user",
      "svc-*",
      "--dry-run",
      ...scene.hosts(),
    ]);
    assert.equal(status, 0);
    assert.match(stdout, /alice .*would be logged off/u);
    assert.match(stdout, /svc-backup .*kept: excepted/u);
    assert.match(stdout, /logoff\.exe 2\n/u);
    assert.match(stdout, /3 sessions would be logged off on 2 hosts; nothing was changed/u);
    assert.deepEqual(changed(), []);
  });

  it("exits with 1 if a host cannot be listed", async () => {
    const { status, stdout } = await scene.run([
      "--list",
      "--host",
      "127.0.0.1:9",
      "--timeout-connect",
      "1s",
      ...scene.hosts("rdsh01"),
    ]);
    assert.equal(status, 1);
    assert.match(stdout, /127\.0\.0\.1:9 {2}failed: host-unreachable/u);
    assert.match(stdout, /alice/u);
  });

  it("checks whether hosts are ready", async () => {
    const { status, stdout } = await scene.run(["--check", ...scene.hosts()]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /2 of 2 hosts ready/u);
    const [, toPassOn = ""] = stdout.split("Summary to share, without names and addresses:\n");
    assert.match(
      toPassOn,
      /^ {2}2 hosts: connection ok \(established\).*code-page ok \(437\).*drain-mode ok \(open\)/u,
    );
    assert.doesNotMatch(toPassOn, /127\.|alice|rdsh/u);
    assert.deepEqual(changed(), []);
  });

  it("prints the error of a host that is not ready", async () => {
    const { status, stdout } = await scene.run([
      "--check",
      ...scene.hosts("rdsh01"),
      "--host",
      `nobody@${scene.lab.addressOf("rdsh02")}`,
      "--output",
      "json",
    ]);
    assert.equal(status, 1);
    const { hosts } = JSON.parse(stdout) as {
      hosts: { ready: boolean; findings: { check: string; state: string }[] }[];
    };
    assert.deepEqual(
      hosts.map(({ ready }) => ready),
      [true, false],
    );
    assert.deepEqual(hosts[1]?.findings.map(({ check, state }) => `${check} ${state}`).slice(0, 4), [
      "connection ok",
      "host-key ok",
      "login failed",
      "platform unknown",
    ]);
  });
});

describe("draining", () => {
  it("keeps refusing new logons after the run, for the patch", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const { status } = await run(["--all", "--drain", "until-restart", ...hosts()]);
      assert.equal(status, 0);
      assert.deepEqual(
        lab.hosts.map(({ model }) => model.drain()),
        ["until-restart", "until-restart"],
      );
    }));

  it("does not undrain a host that is not of --platform", () =>
    withScene(two.slice(0, 1), async ({ lab, run, hosts }) => {
      lab.host("rdsh01").model.setDrain("until-restart");
      const { status, stdout } = await run(["--undrain", ...hosts(), "--platform", "linux"]);
      assert.equal(status, 1, stdout);
      assert.match(stdout, /unsupported-host\n.*it is "windows", but --platform linux is set\n/u);
      assert.equal(lab.host("rdsh01").model.drain(), "until-restart");
    }));

  it("is undone by --undrain, which logs off no session", () =>
    withScene([{ ...two[0]!, drain: "until-restart" }, two[1]!], async ({ lab, run, hosts }) => {
      const { status, stdout } = await run(["--undrain", ...hosts()]);
      assert.equal(status, 0);
      assert.match(stdout, /1 host accepts new logons again, 1 did already/u);
      assert.equal(lab.host("rdsh01").model.drain(), "open");
      assert.equal(lab.hosts.flatMap(({ model }) => model.people()).length, 4);
    }));
});

describe("on a terminal", () => {
  const yes = { isTTY: true, input: "y\n" };

  it("asks whether to warn if no session would be logged off", () =>
    withScene(two, async ({ run, hosts }) => {
      const steps = ["--warn", "Please sign out", "--grace", "10m", "--wait-only"];
      const { status, stderr } = await run(["--all", ...steps, ...hosts()], { isTTY: true, input: "n\n" });
      assert.equal(status, 130);
      assert.match(stderr, /Warn 4 sessions on 2 hosts, and log nobody off\? \[y\/N\] /u);
    }));

  it("shows the sessions to log off, asks, and logs them off", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const { status, stderr } = await run(["--all", "--except-user", "svc-*", ...hosts()], yes);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /alice .*would be logged off[^]*Log off 3 sessions on 2 hosts\? \[y\/N\] /u);
      assert.deepEqual(
        lab.hosts.flatMap(({ model }) => model.people()),
        ["svc-backup"],
      );
    }));

  for (const [what, input] of [
    ["no", "n\n"],
    ["nothing", "\n"],
    ["something else", "yikes\n"],
  ] as const) {
    it(`changes nothing when the answer is ${what}`, () =>
      withScene(two, async ({ lab, run, hosts }) => {
        const { status, stdout, stderr } = await run(["--all", ...hosts()], { isTTY: true, input });
        assert.equal(status, 130);
        assert.equal(stdout, "");
        assert.match(stderr, /Nothing was changed/u);
        assert.equal(lab.hosts.flatMap(({ model }) => model.people()).length, 4);
      }));
  }

  it("does not ask about a single named session, or with --yes", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const named = await run(["2", `/server:${lab.addressOf("rdsh01")}`], { isTTY: true });
      assert.equal(named.status, 0);
      assert.doesNotMatch(named.stderr, /\[y\/N\]/u);
      const all = await run(["--all", "--yes", ...hosts()], { isTTY: true });
      assert.equal(all.status, 0);
      assert.deepEqual(
        lab.hosts.flatMap(({ model }) => model.people()),
        [],
      );
    }));

  it("does not ask if there is no session to log off", () =>
    withScene(two, async ({ run, hosts }) => {
      const { status, stderr } = await run(["--session-user", "zoe", ...hosts()], { isTTY: true });
      assert.equal(status, 0);
      assert.doesNotMatch(stderr, /\[y\/N\]/u);
    }));

  it("treats Ctrl-C at the question as a no", () =>
    withScene(two, async ({ lab, run, hosts }) => {
      const { status } = await run(["--all", ...hosts()], {
        isTTY: true,
        onError: (soFar, send) => {
          if (soFar.endsWith("[y/N] ")) setImmediate(() => send("SIGINT"));
        },
      });
      assert.equal(status, 130);
      assert.equal(lab.hosts.flatMap(({ model }) => model.people()).length, 4);
    }));

  it("draws a bar and cleans it up", () =>
    withScene(two, async ({ run, hosts }) => {
      const { stderr } = await run(["--all", "--yes", ...hosts()], { isTTY: true });
      assert.ok(/^\[[#-]{20}\] [0-2] of 2 hosts done/mu.test(stderr.replaceAll("\r\u001b[K", "\n")), stderr);
      assert.doesNotMatch(stderr.split("\r\u001b[K").at(-1) ?? "", /\[[#-]{20}\]/u);
    }));

  it("uses colors only on a terminal that wants them", () =>
    withScene(two, async ({ run, hosts }) => {
      const colorless = await run(["--list", ...hosts()], { isTTY: true });
      assert.ok(!colorless.stdout.includes("\u001b"));
      const colorful = await run(["--list", ...hosts()], { isTTY: true, env: { NO_COLOR: "" } });
      assert.ok(colorful.stdout.includes("\u001b[32m"));
    }));
});

describe("stopping", () => {
  it("stops gracefully at the first signal", () =>
    withScene([{ name: "rdsh01", sessions: [{ user: "alice" }] }], async ({ lab, run, hosts }) => {
      let sent = false;
      const { status, stdout, stderr } = await run(
        ["--all", ...hosts(), "--warn", "Hello", "--grace", "10m", "--output", "json"],
        {
          onError: (soFar, send) => {
            if (!soFar.includes("waiting up to") || sent) return;
            sent = true;
            setImmediate(() => send("SIGTERM"));
          },
        },
      );
      assert.equal(status, 130, stderr);
      assert.match(stderr, /Stopping after SIGTERM: .* a second signal ends at once/u);
      assert.deepEqual(lab.host("rdsh01").model.people(), ["alice"]);
      assert.equal(json(stdout).exitStatus, 130);
    }));

  it("exits immediately at the second signal", () =>
    withScene(
      [{ name: "rdsh01", sessions: [{ user: "alice", onLogoff: { kind: "closes", ms: 1500 } }] }],
      async ({ run, hosts }) => {
        const exits: number[] = [];
        let sent = 0;
        await run(["--all", ...hosts()], {
          world: { exit: (status) => exits.push(status) },
          onError: (soFar, send) => {
            if (!soFar.includes("logging off") || sent > 0) return;
            sent += 1;
            setImmediate(() => {
              send("SIGINT");
              send("SIGINT");
            });
          },
        });
        assert.deepEqual(exits, [130]);
      },
    ));
});

describe("on this machine", () => {
  it("requires --yes for the current session if it cannot ask", async () => {
    const { status, stderr } = await runHere([]);
    assert.equal(status, 2);
    assert.match(stderr, /--yes is needed/u);
  });

  /** A Windows machine with alice at the console; the `own` row is marked as the caller's session. */
  function windowsHere(own: "services" | "console"): Partial<World> {
    const mark = (name: string): string => (name === own ? ">" : " ");
    const answers: Readonly<Record<string, string>> = {
      "chcp.com": "Active code page: 437\r\n",
      "echo which shell; uname -s": "which shell; uname -s\r\n",
      "qwinsta.exe": [
        " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
        `${mark("services")}services                                    0  Disc                        `,
        `${mark("console")}console           alice                     1  Active                      `,
        "",
      ].join("\r\n"),
    };
    return {
      openSsh: () => assert.fail("no SSH here"),
      connectHere: () => () =>
        Promise.resolve({
          warnings: [],
          close: () => Promise.resolve(),
          exec: (command) => {
            const stdout = Buffer.from(answers[command] ?? "");
            return Promise.resolve({ stdout, stderr: Buffer.alloc(0), code: command in answers ? 0 : 1 });
          },
        }),
    };
  }

  it("runs without SSH and is labelled this-machine", async () => {
    const { status, stdout } = await runHere(["--list", "--output", "json"], {
      world: windowsHere("services"),
    });
    assert.equal(status, 0, stdout);
    assert.equal(json(stdout).hosts[0]?.host, "this-machine");
    assert.deepEqual(
      json(stdout).hosts[0]?.sessions.map(({ user }) => user),
      ["alice"],
    );
  });

  it("rejects a session table without the first column, which marks the caller's session", async () => {
    const { connectHere, ...world } = windowsHere("console");
    const unmarked = (stdout: Uint8Array): Buffer =>
      Buffer.from(
        Buffer.from(stdout)
          .toString()
          .replace(/^[ >](?=SESS|serv|cons)/gmu, ""),
      );
    const { status, stdout } = await runHere(["--all", "--yes"], {
      world: {
        ...world,
        connectHere: () => async (host, signal) => {
          const connect = await (connectHere?.() ?? assert.fail());
          const connection = await connect(host, signal);
          return {
            ...connection,
            exec: async (command, options) => {
              const result = await connection.exec(command, options);
              return { ...result, stdout: unmarked(result.stdout) };
            },
          };
        },
      },
    });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /output-unrecognised[^]*lacks the first column/u);
  });

  it("shows the exact commands in a dry run, with the program's full path on Windows", async () => {
    const env = { SystemRoot: "C:\\Windows" };
    const commandHere = (command: string): string => systemCommand(command, { platform: "win32", env });
    const { stdout } = await runHere(["--all", "--console", "--dry-run"], {
      world: { ...windowsHere("services"), commandHere },
    });
    assert.match(stdout, /^ {2}C:\\Windows\\System32\\logoff\.exe 1$/mu);
  });

  for (const argv of [["--yes"], ["current"], ["--dry-run"]]) {
    it(`reports that the current session is the console: ${argv.join(" ")}`, async () => {
      const { status, stdout } = await runHere(argv, { world: windowsHere("console") });
      assert.equal(status, 1, stdout);
      assert.match(stdout, /session-protected[^]*it is the console; use --console to log it off/u);
    });
  }

  for (const argv of [["--console"], ["current", "--console"]]) {
    it(`logs off the console as the current session with --console: ${argv.join(" ")}`, async () => {
      const { status, stdout } = await runHere([...argv, "--dry-run"], { world: windowsHere("console") });
      assert.equal(status, 0, stdout);
      assert.match(stdout, /alice .*would be logged off/u);
    });
  }

  it("reports that the current session is the services session", async () => {
    const { status, stdout } = await runHere(["current", "--dry-run"], { world: windowsHere("services") });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /session-protected[^]*name the session by its ID/u);
  });
});

describe("wrong usage", () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--all", "--host", "a", "--parallel", "0"], /^session-logoff: --parallel: must be a whole number/mu],
    [
      ["--all", "--host", "a", "--grace", "5m", "--warn", "x", "--remind", "6m"],
      /--remind: must be shorter than --grace/u,
    ],
    [["--all", "--host", "a", "--timeout-connect", "soon"], /--timeout-connect: must be a duration/u],
    [["--all", "--host", "a", "--report", "x.pdf"], /--report: must be a path that ends in/u],
    [["--all", "--host", "a", "--window", "22-5"], /--window: must be two different times of day/u],
    [["--all", "--host", "a", "--state", "idle"], /--state: must be "active" or "disconnected"/u],
    [["--session-user", "CORP\\bob", "--host", "a"], /--session-user: must not contain a domain/u],
    [["--all", "--host", "user:pw@a"], /^session-logoff: --host: must be \[user@\]address/mu],
    [["7", "/server:a b"], /^session-logoff: \/server: must be \[user@\]address/mu],
    [["7", "/server:a;b", "--via", "h"], /^session-logoff: \/server: must be the name of a server/mu],
    [["7", "/server:a", "--via", "h:0"], /^session-logoff: --via: must be/mu],
    [
      ["7", "--host", "a", "--host", "b"],
      /must not name IDs for several hosts.*give one host, or names or users/u,
    ],
    [["c1", "--host", "a", "--host", "b"], /"c1": must not name IDs for several hosts/u],
    [
      ["--all", "--host", "a", "--passphrase-env", "UNSET_1", "--parallel", "0"],
      /--parallel: must be[^]*--passphrase-env: must name an environment variable that is set and not empty$/mu,
    ],
    [["--check", "--host", "a", "--password-env", "UNSET_1"], /--password-env: must name an environment/u],
    [
      ["--all", "--host", "a>b", "--via", "c"],
      /--host: must not name a server with > beside --via: leave --via/u,
    ],
    [["--all", "--host", "a", "--host", "A:22"], /--host: must not repeat --host a: both are "a:22"$/mu],
    [
      ["--all", "--host", "a,b", "--host-key", `SHA256:${"A".repeat(43)}`],
      /--host-key: must be given with one host only/u,
    ],
    [
      ["--all", "--host", "a", "--report", "/no/such/folder/x.json"],
      /Cannot write "\/no\/such\/folder\/x\.json"/u,
    ],
    [["--all", "--host", "a", "--failed-hosts", "/"], /Cannot write/u],
    [["--all", "--hosts-file", "/no/such/file"], /--hosts-file: cannot read/u],
    [
      ["--all", "--host", "a", "--warn", "x", "--grace", "15m", "--timeout", "5m"],
      /--timeout: must be longer than --grace: /u,
    ],
    [
      ["--all", "--host", "a>b", "--platform", "linux"],
      /--platform: must not be "linux" for a server behind a host: only Windows supports/u,
    ],
    [["--undrain", "--host", "a>b"], /--undrain cannot be relayed/u],
    [["--all", "--host", "a:b@c"], /--host: must be .*, without a password: give it with --password-env$/mu],
    [
      ["--all", "--host", "a", "--window", "2026-03-02T22:00:00Z/2026-03-01T22:00:00Z"],
      /--window: must end later than it starts$/mu,
    ],
    [["--all", "--host", "a", "--window", "/"], /--window: must be hours such as 22:00-05:00, or FROM\/TO/u],
  ];
  for (const [argv, expected] of cases) {
    it(`exits with 2: ${argv.join(" ")}`, async () => {
      const { status, stdout, stderr } = await runHere(argv);
      assert.equal(status, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, expected);
    });
  }

  it("prints a problem shared by all hosts once", async () => {
    const { status, stderr } = await runHere(["--all", "--host", "a,b", "--platform", "bogus"]);
    assert.equal(status, 2);
    assert.deepEqual(stderr.match(/--platform: .*/gu), ['--platform: must be "windows" or "linux"']);
  });

  it("names the line in a hosts file", async () => {
    const input = "# our farm\nrdsh01\n\nrdsh 02  # typo\nrdsh01:22\n";
    const { status, stderr } = await runHere(["--all", "--hosts-file", "-"], { input });
    assert.equal(status, 2);
    assert.match(stderr, /^session-logoff: standard input:4: must be \[user@\]address/mu);
    assert.match(
      stderr,
      /^session-logoff: standard input:5: must not repeat standard input:2: both are "rdsh01:22"$/mu,
    );
  });

  it("rejects an empty hosts file", async () => {
    writeFileSync("/tmp/no-hosts.txt", "# none\n");
    const { status, stderr } = await runHere(["--all", "--hosts-file", "/tmp/no-hosts.txt"]);
    assert.equal(status, 2);
    assert.match(stderr, /--hosts-file .*no-hosts\.txt: must name at least one host/u);
  });

  it("does not quote a password given instead of a variable name", async () => {
    for (const option of ["--password-env", "--passphrase-env"]) {
      const { status, stdout, stderr } = await runHere(["--all", "--host", "a", option, "Hunter2"]);
      assert.equal(status, 2);
      assert.doesNotMatch(stdout + stderr, /Hunter2/u);
    }
  });

  it("does not quote a password in an address", async () => {
    const { stderr } = await runHere(["--all", "--host", "admin:Hunter2@rdsh01"]);
    assert.doesNotMatch(stderr, /Hunter2/u);
    assert.match(stderr, /--host: must be .*, without a password: give it with --password-env$/mu);
  });
});

describe("help, version and completion", () => {
  it("go to standard output", async () => {
    assert.match(
      (await runHere(["/?"])).stdout,
      /^session-logoff \[<SessionName> \| <SessionID>\] \[\/server:<ServerName>\] \[\/v\]/u,
    );
    assert.equal((await runHere(["--version"])).stdout, "1.2.3\n");
    for (const shell of ["bash", "zsh", "fish", "powershell"])
      assert.match((await runHere(["--completion", shell])).stdout, /--hosts-file|-l hosts-file/u);
  });
});
