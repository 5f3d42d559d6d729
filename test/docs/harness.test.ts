/** Whether the tests of the documents find what is wrong with a page. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { build } from "../pulumi/dynamic/built-package";
import { readBlocks, type Block } from "./blocks";
import { difference } from "./console";
import { typeProblems } from "./programs";
import { runBlock, shown } from "./run-block";
import { shortenCommands, shortenProgram } from "./shorten";

/** The only block of a page with this text; backquotes are written as `'''`. */
function blockOf(text: string): Block {
  const { blocks, problems } = readBlocks({ file: "docs/page.md", text: text.replaceAll("'''", "```") });
  assert.equal(shown(problems), "");
  const [block] = blocks;
  assert.ok(block !== undefined && blocks.length === 1);
  return block;
}

const fence = (language: string, code: string): Block => blockOf(`# Page\n\n'''${language}\n${code}\n'''\n`);

/** What is wrong with a block, types included. */
async function problemsOf(block: Block): Promise<string> {
  return shown([...(block.language === "ts" ? typeProblems([block]) : []), ...(await runBlock(block))]);
}

describe("a page whose blocks are right", { timeout: 600_000, concurrency: 3 }, () => {
  before(build);
  for (const [what, language, code] of [
    [
      "a listing, whatever the width of its columns and the times in it",
      "console",
      `$ session-logoff --list --host rdsh01
HOST ID USER NAME STATE IDLE LOGON TIME
…
rdsh01:22  3  bob  disconnected  2h05m  4/1/2026 10:00 PM
…
$ ssh rdsh01 qwinsta \\
    | grep -c bob
1`,
    ],
    [
      "lines of hosts that run at the same time",
      "console",
      `$ session-logoff --all --host rdsh02,rdsh01.corp.example --warn 'Bye' --grace 1s > /dev/null
rdsh02:22  connected (windows)
rdsh02:22  3 sessions, 2 selected
…
rdsh02:22  done, 2 logged off
rdsh01.corp.example:22  connected (windows)
…`,
    ],
    [
      "a failure that is asked for",
      "console",
      "$ session-logoff nobody-there --host rdsh01 2> /dev/null > out.txt\n$ echo $?\n1\n$ cat out.txt | tail -n 1\n…",
    ],
    [
      "commands with a long grace period",
      "sh",
      `npx --yes pulumi-session-logoff --all --host rdsh01 \\
  --user patch --password-env RDS_PASSWORD --known-hosts known_hosts \\
  --warn "Please log off" --grace 15m --remind 5m,1m --settle 10m \\
  --window "22:00-05:00 Europe/Berlin" --yes
session-logoff --list /server:'CORP\\patch-operator@rdsh02.corp.example' > who.txt`,
    ],
    [
      "a pipeline",
      "yaml",
      `jobs:
  patch:
    env:
      HOSTS: rdsh.txt
    steps:
      - uses: actions/checkout@v4
      - run: |
          npm ci
          npx --yes pulumi-session-logoff --check \\
            --hosts-file "$HOSTS" --password-env RDS_PASSWORD --user patch
        env:
          RDS_PASSWORD: \${{ secrets.RDS_PASSWORD }}`,
    ],
    [
      "fields",
      "ts",
      'warn: { message: "Bye", gracePeriod: "15m", reminders: ["5m"] },\ndrain: "until-restart",',
    ],
    ["fields with hosts", "ts", 'hosts: ["rdsh01.corp.example"],\nsessions: ["TERM04", 12]'],
  ] as const)
    it(`passes with ${what}`, async () => {
      assert.equal(await problemsOf(fence(language, code)), "");
    });
});

describe("a page with a mistake", { timeout: 600_000, concurrency: 3 }, () => {
  before(build);
  for (const [what, language, code, found] of [
    [
      "a wrong transcript",
      "console",
      "$ session-logoff --list --host rdsh01\n…\nrdsh01:22  3  bobby  disconnected  2h05m  4/1/2026 10:00 PM\n…",
      /^docs\/page\.md:4: session-logoff --list[^]*expected:[^]*bobby[^]*printed:[^]*bob /u,
    ],
    ["output that is missing", "console", "$ echo one\n$ echo two\ntwo", /^docs\/page\.md:4: echo one\n/u],
    ["output that does not come", "console", "$ true\none", /^docs\/page\.md:4: true\n/u],
    [
      "a failing command in a transcript",
      "console",
      "$ true\n$ false",
      /^docs\/page\.md:5: false\nends with exit status 1/u,
    ],
    ["a transcript that the shell cannot read", "console", "$ echo 'one\none", /does not end/u],
    ["a failing command", "sh", "false\ntrue", /^docs\/page\.md:4: ends with exit status 1:\nfailed: false/u],
    [
      "a wrong option",
      "sh",
      "session-logoff --host rdsh01 --everybody",
      /--everybody is not a known option/u,
    ],
    [
      "a wrong command in a pipeline",
      "yaml",
      "script:\n  - session-logoff --host rdsh01 --everybody",
      /--everybody is not/u,
    ],
    ["a pipeline that is no YAML", "yaml", "script:\n  - a: [", /^docs\/page\.md:6: Flow sequence/u],
    ["a wrong field", "ts", "drainage: true,", /^docs\/page\.md:4: [^]*drainage/u],
    ["a wrong value", "ts", 'settle: "soon",', /^docs\/page\.md:4: settle: /u],
    ["a wrong type", "ts", "\nsettle: true,", /^docs\/page\.md:5: Type 'true'/u],
    [
      "a field of a wrong type inside",
      "ts",
      'rollout: {\n  parallel: "all",\n},',
      /^docs\/page\.md:5: Type 'string'/u,
    ],
    [
      "a command that no Windows host knows",
      "sh",
      "ssh rdsh01 shutdown-all || true",
      /nobody taught rdsh01/u,
    ],
  ] as const)
    it(`does not pass with ${what}`, async () => {
      assert.match(await problemsOf(fence(language, code)), found);
    });

  it("does not pass with a wrong type in a program", () => {
    const program = fence(
      "ts",
      'import { SessionLogoff } from "pulumi-session-logoff";\n\nnew SessionLogoff(12, {});',
    );
    assert.match(shown(typeProblems([program])), /^docs\/page\.md:6: /u);
  });
});

describe("the blocks of a page", () => {
  it("know their line, their language and why they are not run", () => {
    const text = [
      "# Page",
      "",
      "<!-- not run: needs a terminal -->",
      "",
      "```console",
      "$ a",
      "```",
      "",
      "- a list",
      "",
      "  ~~~~text more",
      "  ```",
      "    b",
      "  ~~~~",
      "",
    ].join("\n");
    assert.deepEqual(readBlocks({ file: "p.md", text }), {
      problems: [],
      blocks: [
        { file: "p.md", line: 6, language: "console", code: "$ a\n", notRun: "needs a terminal" },
        { file: "p.md", line: 12, language: "text", code: "```\n  b\n" },
      ],
    });
  });
});

describe("a transcript", () => {
  for (const [expected, printed, same] of [
    ["a\n…\nd\n", "a\nb\nc\nd\n", true],
    ["a\n…\nd\n", "a\nd\n", true],
    ["a\n…\nd\n", "a\nb\nd\ne\n", false],
    ["took 3s at 22:00\n", "took  1m05s at 9:15\n", true],
    ["took 3s\n", "took long\n", false],
    ["h1:22 a\nh2:22 b\nh1:22 c\n", "h2:22 b\nh1:22 a\nh1:22 c\n", true],
    ["h1:22 a\nh1:22 c\n", "h1:22 c\nh1:22 a\n", false],
    ["see ~/report.html\n", "see /tmp/x/report.html\n", true],
  ] as const)
    it(`${JSON.stringify(expected)} ${same ? "agrees with" : "differs from"} ${JSON.stringify(printed)}`, () => {
      assert.equal(difference(expected, printed, "/tmp/x") === undefined, same);
    });
});

describe("what takes long", () => {
  const noon = new Date("2026-03-01T12:00:00Z");

  it("is short in commands, but a limit of time and an idle time stay", () => {
    assert.equal(
      shortenCommands(
        "a --grace 15m --remind 5m,1m --timeout 2h --idle 8h \\\n  --settle=10m\nb --grace 3s --pause '5m' --remind=1s",
        noon,
      ),
      "a --grace 4s --remind 2s,1s --timeout 2h --idle 8h \\\n  --settle=2s\nb --grace 3s --pause 2s --remind=1s",
    );
  });

  it("is short in programs, and windows are open", () => {
    const program = (parts: readonly string[]): string => `f({
      warn: { message: "15m", gracePeriod: config.get("g") ?? "${parts[0]}", reminders: ["${parts[1]}", "${parts[2]}"] },
      settle: "${parts[3]}", timeouts: { total: "2h" }, sessions: { idleFor: "8h" },
      window: { daily: "${parts[4]}", timeZone: "Europe/Berlin" },
    })`;
    assert.equal(
      shortenProgram(program(["15m", "5m", "1m", "10m", "22:00-05:00"]), noon),
      program(["4s", "2s", "1s", "2s", "00:00-23:59"]),
    );
    const midnight = new Date("2026-03-01T23:59:00Z");
    assert.match(
      shortenProgram(program(["3s", "2s", "1s", "1s", "22:00-05:00"]), midnight),
      /"12:00-11:59"/u,
    );
  });
});
