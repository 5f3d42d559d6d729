import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { ask } from "../../provider/cli/confirm";
import { runHere, withScene, type Scene, type Terminal } from "./scene";

/** No host may be connected to before the question is answered. */
const world = { openSsh: () => assert.fail("connected"), connectHere: () => assert.fail("connected") };

describe("a question that cannot be asked is wrong usage", () => {
  const A = ["--all", "--host", "a"];
  const rows: readonly (readonly [what: string, argv: readonly string[], Terminal, RegExp])[] = [
    ["2>run.log", A, { isTTY: ["stdin", "stdout"] }, /standard error is no terminal: add --yes/u],
    ["2>&1 | tee run.log", A, { isTTY: ["stdin"] }, /standard error is no terminal: add --yes/u],
    ["</dev/null", A, { isTTY: ["stdout", "stderr"] }, /standard input is no terminal: add --yes/u],
    ["</dev/null | jq", A, { isTTY: ["stderr"] }, /standard input is no terminal: add --yes/u],
    [
      "cat hosts |",
      ["--all", "--hosts-file", "-"],
      { isTTY: ["stdout", "stderr"], input: "a\n" },
      /standard input holds the hosts: add --yes/u,
    ],
    [
      "typed hosts",
      ["--all", "--hosts-file", "-"],
      { isTTY: true, input: "a\n", ends: true },
      /standard input holds the hosts: add --yes/u,
    ],
    ["this machine, 2>run.log", [], { isTTY: ["stdin"] }, /standard error is no terminal: add --yes/u],
    ["this machine, no terminal", ["--console"], {}, /Without a terminal --yes is needed/u],
  ];
  for (const [what, argv, terminal, expected] of rows) {
    it(`${argv.join(" ")} (${what})`, async () => {
      const { status, stdout, stderr } = await runHere(argv, { ...terminal, world });
      assert.equal(status, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, expected);
    });
  }
});

describe("no question is asked", () => {
  const onOne = (work: (scene: Scene) => Promise<void>): Promise<void> =>
    withScene([{ name: "rdsh01", sessions: [{ user: "alice" }, { user: "bob" }] }], work);
  const half: Terminal = { isTTY: ["stdin"] };

  it("about a single named session, in read-only runs, for --undrain, and with --yes", () =>
    onOne(async ({ lab, run, hosts }) => {
      for (const argv of [
        ["--list", ...hosts()],
        ["--dry-run", "--all", ...hosts()],
        ["--undrain", ...hosts()],
        ["2", `/server:${lab.addressOf("rdsh01")}`],
        ["--all", "--yes", ...hosts()],
      ]) {
        const { status, stderr } = await run(argv, half);
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /\[y\/N\]/u);
      }
      assert.deepEqual(lab.host("rdsh01").model.people(), []);
    }));

  it("without any terminal, whether hosts are piped in or not", () =>
    onOne(async ({ lab, run }) => {
      const { status, stderr } = await run(["--all", "--hosts-file", "-"], {
        input: `${lab.addressOf("rdsh01")}\n`,
      });
      assert.equal(status, 0, stderr);
      assert.deepEqual(lab.host("rdsh01").model.people(), []);
    }));
});

describe("the answer", () => {
  /** The answer when this happens to standard input, before the question or while it is open. */
  async function answerTo(happens: (stdin: PassThrough) => void, before = false): Promise<boolean> {
    const stdin = new PassThrough();
    const stderr = { write: () => true };
    if (before) {
      const closed = once(stdin, "close");
      happens(stdin);
      stdin.resume();
      await closed;
    }
    const answer = ask("? ", { stdin, stderr }, new AbortController().signal);
    if (!before) happens(stdin);
    return answer;
  }
  const end = (stdin: PassThrough): unknown => stdin.end();
  const destroy = (stdin: PassThrough): unknown => stdin.destroy();

  it("is yes for a line that says so, even without a line break", async () => {
    for (const text of ["y\n", "yes\n", " Y \n"])
      assert.equal(await answerTo((stdin) => stdin.write(text)), true);
    assert.equal(await answerTo((stdin) => stdin.end("y")), true);
  });

  it("is no for any other line", async () => {
    for (const text of ["\n", "n\n", "yy\n"])
      assert.equal(await answerTo((stdin) => stdin.write(text)), false);
  });

  it("is no if standard input ends or is destroyed", async () => {
    assert.equal(await answerTo(end), false);
    assert.equal(await answerTo(destroy), false);
    assert.equal(await answerTo((stdin) => stdin.destroy(new Error("EIO"))), false);
  });

  it("is no if standard input ended or was destroyed before the question", { timeout: 60_000 }, async () => {
    assert.equal(await answerTo(end, true), false);
    assert.equal(await answerTo(destroy, true), false);
  });
});
