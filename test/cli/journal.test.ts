import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { describe, it } from "node:test";
import { fastClock } from "./fast-clock";
import { withScene } from "./scene";

const two = [
  { name: "rdsh01", sessions: [{ user: "alice" }] },
  { name: "rdsh02", sessions: [{ user: "bob" }] },
];

describe("--journal", () => {
  it("names users and no credential, and is not deleted", () =>
    withScene(two, async ({ run, hosts, path }) => {
      const then = 'true "some-token"';
      const argv = ["--all", "--yes", ...hosts(), "--journal", path("journal"), "--then", then];
      const { status, stderr } = await run(argv);
      assert.equal(status, 0, stderr);
      const text = readFileSync(path("journal"), "utf8");
      assert.match(text, /alice/);
      assert.doesNotMatch(text, /some-token|PRIVATE KEY/);
      assert.ok(!existsSync(`${path("journal")}.lock`));
    }));

  it("is wrong usage for a file that exists, and nobody is contacted", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      writeFileSync(path("journal"), "");
      const { status, stderr } = await run(["--all", "--yes", ...hosts(), "--journal", path("journal")]);
      assert.equal(status, 2);
      assert.match(stderr, /it exists already; --resume goes on with it, or give a new file/);
      assert.deepEqual(lab.commands(), []);
    }));

  it("is not written for a dry run", () =>
    withScene(two, async ({ run, hosts, path }) => {
      const { status } = await run(["--all", "--dry-run", ...hosts(), "--journal", path("journal")]);
      assert.equal(status, 0);
      assert.ok(!existsSync(path("journal")));
    }));

  for (const [argv, message] of [
    [["--all", "--journal", "a", "--resume", "b"], /--journal and --resume cannot be combined/],
    [["--check", "--journal", "a"], /--journal cannot be combined with --check/],
    [["--undrain", "--resume", "a"], /--resume cannot be combined with --undrain/],
  ] as const)
    it(`is wrong usage with ${argv.join(" ")}`, () =>
      withScene(two, async ({ run, hosts }) => {
        const { status, stderr } = await run([...argv, "--yes", ...hosts()]);
        assert.equal(status, 2);
        assert.match(stderr, message);
      }));

  it("ends the run when it is removed: what is left is journal-failed, and drained hosts are opened", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const removal = `rm '${path("journal")}'`;
      const argv = [
        "--all",
        "--yes",
        ...hosts(),
        "--waves",
        "1",
        "--drain",
        "until-restart",
        "--then",
        removal,
      ];
      const { status, stdout, stderr } = await run([...argv, "--journal", path("journal")]);
      assert.equal(status, 1, stderr);
      assert.match(stdout, /rdsh02|127\..*journal-failed/);
      assert.deepEqual(lab.host("rdsh02").model.people(), ["bob"]);
      assert.equal(lab.host("rdsh02").model.drain(), "open");
    }));
});

describe("--resume", () => {
  it("contacts no host that is finished, and reports it", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const argv = ["--all", "--yes", ...hosts(), "--output", "json"];
      const first = await run([...argv, "--journal", path("journal")]);
      const before = lab.commands().length;
      const second = await run([...argv, "--resume", path("journal")]);
      assert.equal(second.status, 0, second.stderr);
      assert.equal(lab.commands().length, before);
      const totals = (text: string): unknown => (JSON.parse(text) as { readonly totals: unknown }).totals;
      assert.deepEqual(totals(second.stdout), totals(first.stdout));
    }));

  it("reports the whole run at a terminal too, although nobody is left to be asked about", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      lab.host("rdsh01").model.onLogoff(2, { kind: "denied" });
      const argv = ["--all", ...hosts(), "--output", "json"];
      const first = await run([...argv, "--yes", "--journal", path("journal")]);
      assert.equal(first.status, 1, first.stderr);
      const second = await run([...argv, "--resume", path("journal")], { isTTY: true, input: "" });
      assert.equal(second.status, 1, second.stderr);
      const totals = (text: string): unknown => (JSON.parse(text) as { readonly totals: unknown }).totals;
      assert.deepEqual(totals(second.stdout), totals(first.stdout));
    }));

  it("refuses another run, and names what differs", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const all = [...hosts(), "--yes"];
      await run(["--all", "--waves", "1", ...all, "--journal", path("journal")]);
      const before = lab.commands().length;
      for (const [argv, what] of [
        [["--all", "--waves", "2"], "--waves"],
        [["--session-user", "alice", "--waves", "1"], "the selection"],
        [["--all", "--waves", "1", "--then", "true"], "--then, --then-undrain or --no-restart"],
        [["--all", "--waves", "1", "--drain", "until-restart"], "--drain"],
      ] as const) {
        const { status, stderr } = await run([...argv, ...all, "--resume", path("journal")]);
        assert.equal(status, 2);
        assert.ok(stderr.includes(`it is of another run, which differs in ${what}: repeat`), stderr);
      }
      assert.equal(lab.commands().length, before);
    }));

  it("takes other timeouts, another number of parallel hosts and other reports", () =>
    withScene(two, async ({ run, hosts, path }) => {
      await run(["--all", "--yes", ...hosts(), "--journal", path("journal")]);
      const more = ["--timeout-connect", "20s", "--parallel", "3", "--report", path("report.json")];
      const { status, stderr } = await run([
        "--all",
        "--yes",
        ...hosts(),
        ...more,
        "--resume",
        path("journal"),
      ]);
      assert.equal(status, 0, stderr);
    }));

  for (const [what, text, message] of [
    ["is no journal", '{"hello":1}\n', /it is not a journal of this command/],
    ["is of a newer version", '{"journal":2,"plan":{}}\n', /a newer version of this command wrote it/],
    [
      "is no journal and ends without a line end",
      '{"hello":1}\n{"torn',
      /it is not a journal of this command/,
    ],
    ["is one line of another program without a line end", "s3cret", /it is not a journal of this command/],
    ["is no JSON", "hello\n{}\n", /line 1 is not JSON/],
  ] as const)
    it(`refuses a file that ${what}`, () =>
      withScene(two, async ({ lab, run, hosts, path }) => {
        writeFileSync(path("journal"), text);
        const { status, stderr } = await run(["--all", "--yes", ...hosts(), "--resume", path("journal")]);
        assert.equal(status, 2);
        assert.match(stderr, message);
        assert.deepEqual(lab.commands(), []);
        assert.equal(readFileSync(path("journal"), "utf8"), text);
      }));

  it("refuses a journal with a damaged note, and names its line", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const argv = ["--all", "--yes", ...hosts()];
      await run([...argv, "--journal", path("journal")]);
      const [header = ""] = readFileSync(path("journal"), "utf8").split("\n");
      const before = lab.commands().length;
      const label = lab.addressOf("rdsh01");
      for (const damaged of [
        5,
        {},
        { note: "unheard-of" },
        { note: "done", host: label },
        { note: "command", wave: 1 },
      ]) {
        const text = `${header}\n${JSON.stringify(damaged)}\n`;
        writeFileSync(path("journal"), text);
        const { status, stderr } = await run([...argv, "--resume", path("journal")]);
        assert.equal(status, 2, stderr);
        assert.match(stderr, /Cannot go on with the journal ".*": line 2 is damaged/);
        assert.equal(readFileSync(path("journal"), "utf8"), text);
      }
      assert.equal(lab.commands().length, before);
    }));

  it("takes the same time to wait in another unit", () =>
    withScene(two.slice(0, 1), async ({ run, hosts, path }) => {
      const world = { runShell: () => Promise.resolve({ status: 1 }) };
      const argv = ["--all", "--yes", ...hosts(), "--drain", "until-restart", "--then", "x"];
      const first = await run([...argv, "--then-undrain", "1m", "--journal", path("journal")], { world });
      const second = await run([...argv, "--then-undrain", "60s", "--resume", path("journal")], { world });
      assert.deepEqual([first.status, second.status], [1, 1], second.stderr);
    }));

  it("reports on a terminal what is finished, and asks nobody when nothing is left to do", () =>
    withScene(two, async ({ run, hosts, path }) => {
      const argv = ["--all", ...hosts()];
      await run([...argv, "--yes", "--journal", path("journal")]);
      const { status, stdout, stderr } = await run([...argv, "--resume", path("journal")], { isTTY: true });
      assert.equal(status, 0, stderr);
      assert.match(stderr, /Resuming the run of \d{4}-\d\d-\d\dT.*Z: 2 of 2 hosts finished/);
      assert.match(stdout, /alice[^]*bob[^]*2 sessions logged off on 2 hosts/);
    }));

  it("goes on with a run that a signal stopped, and the stopped run says how", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const argv = ["--all", "--yes", ...hosts(), "--drain", "until-restart", "--warn", "Bye"];
      const grace = ["--grace", "1h", "--waves", "1"];
      const onError = (soFar: string, kill: (signal: NodeJS.Signals) => void): void => {
        if (soFar.includes("waiting up to") && !soFar.includes("Stopping")) kill("SIGTERM");
      };
      const first = await run([...argv, ...grace, "--journal", path("journal")], { onError });
      assert.equal(first.status, 130, first.stderr);
      assert.equal(lab.host("rdsh01").model.drain(), "open");
      assert.ok(
        first.stderr.includes(
          `2 hosts are not done: the same options with --resume ${path("journal")} go on with the run`,
        ),
        first.stderr,
      );
      const world = { clock: fastClock(3600) };
      const second = await run([...argv, ...grace, "--resume", path("journal")], { world });
      assert.equal(second.status, 0, second.stderr);
      assert.match(second.stderr, /: 0 of 2 hosts finished/);
      for (const { model } of lab.hosts) {
        assert.deepEqual(model.people(), []);
        assert.equal(model.drain(), "until-restart");
      }
      const warnings = lab.commands().filter(({ command }) => command.startsWith("msg"));
      assert.equal(warnings.length, 2);
    }));
});

describe("a journal that cannot be written", () => {
  it("must not be the file of a report", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      for (const option of ["--report", "--failed-hosts"]) {
        const argv = ["--all", "--yes", ...hosts(), "--journal", path("j.json"), option, path("j.json")];
        const { status, stderr } = await run(argv);
        assert.equal(status, 2);
        assert.match(stderr, /j\.json": it is the journal/);
      }
      assert.deepEqual(lab.commands(), []);
    }));

  it("stops a run in its grace period when the disk is full, and --resume finishes it", () =>
    withScene(two, async ({ lab, run, hosts, path }) => {
      const disk = await fullDisk();
      try {
        const argv = ["--all", "--yes", ...hosts("rdsh01"), "--drain", "until-restart", "--warn", "Bye"];
        const rest = ["--grace", "1h"];
        const onError = (soFar: string): void => {
          if (soFar.includes("waiting up to")) disk.fill();
        };
        const world = { clock: fastClock(3600) };
        const first = await run([...argv, ...rest, "--journal", path("journal")], { onError, world });
        assert.equal(first.status, 1, first.stderr);
        assert.match(first.stdout, /journal-failed[^]*the disk is full/);
        assert.match(first.stderr, /1 host is not done: the same options with --resume/);
        assert.deepEqual(lab.host("rdsh01").model.people(), ["alice"]);
        assert.equal(lab.host("rdsh01").model.drain(), "open");
        disk.free();
        const second = await run([...argv, ...rest, "--resume", path("journal")], { world });
        assert.equal(second.status, 0, second.stderr);
        assert.deepEqual(lab.host("rdsh01").model.people(), []);
      } finally {
        disk.free();
      }
    }));

  it("fails the run when only its last notes are lost", () =>
    withScene(two, async ({ run, hosts, path }) => {
      const disk = await fullDisk();
      try {
        const runShell = (): Promise<{ status: number }> => {
          disk.fill();
          return Promise.resolve({ status: 0 });
        };
        const argv = ["--all", "--yes", ...hosts(), "--then", "x", "--journal", path("journal")];
        const { status, stderr } = await run(argv, { world: { runShell } });
        assert.equal(status, 1, stderr);
        assert.match(stderr, /warning: Cannot use the journal ".*": the disk is full/);
      } finally {
        disk.free();
      }
    }));
});

/** Lets every positioned write of this process fail as on a full disk, after the first half of it. */
async function fullDisk(): Promise<{ readonly fill: () => void; readonly free: () => void }> {
  const handle = await open(__filename, "r");
  const methods = Object.getPrototypeOf(handle) as Pick<FileHandle, "write">;
  await handle.close();
  const { write } = methods;
  return {
    fill: () => {
      let isFirst = true;
      const failing = function (this: FileHandle, bytes: Buffer, offset: number, length: number, at: number) {
        if (!isFirst) return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
        isFirst = false;
        const bytesWritten = writeSync(this.fd, bytes, offset, length >> 1, at);
        return Promise.resolve({ bytesWritten, buffer: bytes });
      };
      methods.write = failing as FileHandle["write"];
    },
    free: () => {
      methods.write = write;
    },
  };
}
