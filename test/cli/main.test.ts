import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { mainFile, root, withScene } from "./scene";

const alice = [{ name: "rdsh01", sessions: [{ user: "alice" }] }];

describe("the exit status of the process", () => {
  it("is 0 on success, and standard output contains only the result", () =>
    withScene(alice, async ({ lab, spawn, hosts }) => {
      const { status, stdout, stderr } = await spawn(["--all", ...hosts(), "--output", "json"]);
      assert.equal(status, 0, stderr);
      assert.equal((JSON.parse(stdout) as { exitStatus: number }).exitStatus, 0);
      assert.match(stderr, /logging off 2 \(alice\)/u);
      assert.deepEqual(lab.host("rdsh01").model.people(), []);
    }));

  it("is 0 if no session matches", () =>
    withScene(alice, async ({ spawn, hosts }) => {
      const { status, stderr } = await spawn(["--session-user", "zoe", ...hosts(), "--quiet"]);
      assert.equal(status, 0);
      assert.equal(stderr, "");
    }));

  it("is 1 if a session is not found", () =>
    withScene(alice, async ({ lab, spawn }) => {
      const { status, stdout } = await spawn(["99", `/server:${lab.addressOf("rdsh01")}`]);
      assert.equal(status, 1);
      assert.match(stdout, /session-not-found/u);
    }));

  it("is 1 if a session is protected", () =>
    withScene(alice, async ({ lab, spawn }) => {
      const { status, stdout } = await spawn(["services", `/SERVER:${lab.addressOf("rdsh01")}`]);
      assert.equal(status, 1);
      assert.match(stdout, /session-protected/u);
    }));

  it("is 2 for wrong usage, before any connection", () =>
    withScene(alice, async ({ lab, spawn, hosts }) => {
      const { status, stdout } = await spawn(["12", "--all", ...hosts()]);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.deepEqual(lab.host("rdsh01").logins, []);
    }));

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`is 130 after ${signal}, and sent logoffs are verified`, () =>
      withScene(
        [
          {
            name: "rdsh01",
            sessions: [
              { user: "alice", onLogoff: { kind: "closes", ms: 1000 } },
              { user: "bob" },
              { user: "carol" },
            ],
          },
          { name: "rdsh02", sessions: [{ user: "dora" }] },
        ],
        async ({ lab, spawn, hosts }) => {
          let sent = false;
          const { status, stdout } = await spawn(
            ["--all", ...hosts(), "--parallel", "1", "--output", "json"],
            (soFar, kill) => {
              if (sent || !soFar.includes("logging off 2 (alice)")) return;
              sent = true;
              kill(signal);
            },
          );
          assert.equal(status, 130);
          const report = JSON.parse(stdout) as {
            hosts: { status: string; sessions: { user: string | null; outcome: string }[] }[];
          };
          const outcomeOf = (user: string): string | undefined =>
            report.hosts.flatMap(({ sessions }) => sessions).find((session) => session.user === user)
              ?.outcome;
          assert.equal(outcomeOf("alice"), "logged-off");
          assert.equal(report.hosts[1]?.status, "skipped");
          assert.deepEqual(lab.host("rdsh02").commandTexts(), []);
        },
      ));
  }

  it("is immediately 130 after a second signal", () =>
    withScene(
      [{ name: "rdsh01", sessions: [{ user: "alice", onLogoff: { kind: "stuck" } }] }],
      async ({ spawn, hosts }) => {
        let sent = 0;
        const { status, stdout, stderr } = await spawn(["--all", ...hosts()], (soFar, kill) => {
          if (sent === 0 && soFar.includes("logging off")) {
            sent = 1;
            kill("SIGINT");
          } else if (sent === 1 && soFar.includes("a second signal ends at once")) {
            sent = 2;
            kill("SIGINT");
          }
        });
        assert.equal(status, 130);
        assert.equal(stdout, "");
        assert.match(stderr, /Ended at once/u);
      },
    ));

  it("is 1, never 0, if a run ends prematurely", async () => {
    // This standard input neither ends nor keeps the process alive, so a read from it never completes.
    const lost = `import { PassThrough } from "node:stream"; Object.defineProperty(process, "stdin", { value: new PassThrough() });`;
    const imports = ["tsx", `data:text/javascript,${encodeURIComponent(lost)}`];
    const child = spawn(
      process.execPath,
      [...imports.flatMap((one) => ["--import", one]), mainFile, "--all", "--hosts-file", "-"],
      { cwd: root, stdio: "ignore" },
    );
    assert.equal(await new Promise((resolve) => child.once("close", resolve)), 1);
  });

  it("is unaffected by a reader that closes its end", async () => {
    const child = spawn(
      "/bin/sh",
      ["-c", `"${process.execPath}" --import tsx "${mainFile}" --help | head -1`],
      { cwd: root },
    );
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.resume();
    await new Promise((resolve) => child.once("close", resolve));
    assert.equal(errors, "");
  });
});
