import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { withScene } from "./scene";

const two = [
  { name: "rdsh01", sessions: [{ user: "alice" }] },
  { name: "rdsh02", sessions: [{ user: "bob" }] },
];

describe("--journal", () => {
  it("names users and no credential, and is not deleted", () =>
    withScene(two, async ({ run, hosts, path }) => {
      const then = 'true "s3cret-token"';
      const argv = ["--all", "--yes", ...hosts(), "--journal", path("journal"), "--then", then];
      const { status, stderr } = await run(argv);
      assert.equal(status, 0, stderr);
      const text = readFileSync(path("journal"), "utf8");
      assert.match(text, /alice/);
      assert.doesNotMatch(text, /s3cret|PRIVATE KEY/);
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
});
