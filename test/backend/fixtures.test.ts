import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readListAnswer } from "../../provider/backend/linux/list-answer";
import { fixtureNames, readLinuxFixture, readWindowsFixture } from "./fixtures";

const root = mkdtempSync(join(tmpdir(), "fixtures-"));
after(() => rmSync(root, { recursive: true }));

const windows = join(root, "windows");
const linux = join(root, "linux");
for (const folder of [windows, linux]) mkdirSync(folder);

const whole = {
  from: "A host.",
  codePage: 850,
  commands: { qwinsta: { exitCode: 1, stdout: ["GERÄT", ""] }, quser: null as unknown },
  expect: { error: "output-unrecognised" } as unknown,
};

function readWindows(content: unknown) {
  writeFileSync(join(windows, "odd.json"), typeof content === "string" ? content : JSON.stringify(content));
  return readWindowsFixture("odd", windows);
}

function withQwinsta(qwinsta: unknown): unknown {
  return { ...whole, commands: { qwinsta, quser: null } };
}

describe("a Windows fixture", () => {
  it("contains lines in its code page, each with a Windows line ending", () => {
    const { qwinsta, quser } = readWindows(whole);
    assert.equal(Buffer.from(qwinsta.stdout).toString("latin1"), "GER\u008eT\r\n\r\n");
    assert.deepEqual([qwinsta.code, qwinsta.stderr.length, quser], [1, 0, undefined]);
  });

  it("contains bytes in Base64, regardless of its code page", () => {
    const bytes = { exitCode: 0, stdoutBase64: "AP8NCg==", stderrBase64: "QQ==" };
    const { qwinsta } = readWindows({
      ...whole,
      codePage: 99_999,
      commands: { qwinsta: bytes, quser: bytes },
    });
    assert.deepEqual([...qwinsta.stdout, ...qwinsta.stderr], [0, 255, 13, 10, 65]);
  });

  const without = (key: keyof typeof whole): unknown =>
    Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
  const faults: readonly (readonly [what: string, content: unknown, message: string])[] = [
    ["has no source", without("from"), "from is missing"],
    ["has no code page", without("codePage"), "codePage is missing"],
    ["has no commands", without("commands"), "commands is missing"],
    ["expects nothing", without("expect"), "expect is missing"],
    [
      "expects neither rows nor an error",
      { ...whole, expect: {} },
      "expect must have either sessions or error",
    ],
    [
      "expects both rows and an error",
      { ...whole, expect: { sessions: [], error: "permission-denied" } },
      "expect must have either sessions or error",
    ],
    [
      "expects a row without a kind",
      { ...whole, expect: { sessions: [{ id: "0" }] } },
      "expect.sessions.0.kind is missing",
    ],
    [
      "does not say whether quser was recorded",
      { ...whole, commands: { qwinsta: { exitCode: 0, stdout: [] } } },
      "commands.quser is missing",
    ],
    ["has an unknown property", { ...whole, codepage: 437 }, "codepage is not a known property"],
    [
      "misspells an output",
      withQwinsta({ exitCode: 0, stdot: [] }),
      "commands.qwinsta.stdot is not a known property",
    ],
    ["has no exit code", withQwinsta({ stdout: [] }), "commands.qwinsta.exitCode is missing"],
    [
      "has no output",
      withQwinsta({ exitCode: 0 }),
      "commands.qwinsta must have either stdout or stdoutBase64",
    ],
    [
      "has an output twice",
      withQwinsta({ exitCode: 0, stdout: [], stdoutBase64: "" }),
      "commands.qwinsta must have either stdout or stdoutBase64",
    ],
    [
      "has an error output twice",
      withQwinsta({ exitCode: 0, stdout: [], stderr: [], stderrBase64: "" }),
      "commands.qwinsta must not have both stderr and stderrBase64",
    ],
    [
      "has an output that is not Base64",
      withQwinsta({ exitCode: 0, stdoutBase64: "?" }),
      "commands.qwinsta.stdoutBase64: ",
    ],
    [
      "has letters that its code page lacks",
      withQwinsta({ exitCode: 0, stdout: ["Иван"] }),
      'commands.qwinsta.stdout: cp850 cannot encode "Иван"; write stdoutBase64 instead',
    ],
    [
      "has a line break within a line",
      withQwinsta({ exitCode: 0, stdout: [], stderr: ["a\n"] }),
      'commands.qwinsta.stderr: "a\n" holds a line end; write stderrBase64 instead',
    ],
    [
      "has lines in an unknown code page",
      { ...whole, codePage: 99_999 },
      "commands.qwinsta.stdout: cp99999 is unknown; write stdoutBase64 instead",
    ],
    ["is not JSON", "{", "SyntaxError: "],
  ];
  for (const [what, content, message] of faults) {
    it(`is refused when it ${what}`, () => {
      assert.throws(
        () => readWindows(content),
        (error: Error) => error.message.startsWith(`windows/odd.json: ${message}`),
      );
    });
  }
});

describe("a Linux fixture", () => {
  const listing = ["", "@begin", "@now 1", "@own ", "@self 2", "@groups", "@processes"];
  function readLinux(stdout: readonly string[]) {
    const content = {
      from: "A host.",
      commands: { list: { exitCode: 0, stdout } },
      expect: { sessions: [] },
    };
    writeFileSync(join(linux, "odd.json"), JSON.stringify(content));
    return readLinuxFixture("odd", linux);
  }

  it("gets a checksum when it has none", () => {
    const { list, local } = readLinux([...listing, "@complete"]);
    assert.notEqual(typeof readListAnswer(list.stdout), "string");
    assert.equal(local, false);
  });

  it("keeps the checksum that it has", () => {
    const { list } = readLinux([...listing, "@complete 1 2"]);
    assert.match(Buffer.from(list.stdout).toString(), /@processes\n@complete 1 2\n$/u);
  });
});

describe("a fixture folder", () => {
  it("is refused when it is empty", () => {
    const folder = mkdtempSync(join(root, "empty-"));
    assert.throws(() => fixtureNames(folder), /holds no fixture/u);
  });

  for (const name of ["q.txt", "Server.json", "server 2003.json"]) {
    it(`is refused when it contains "${name}"`, () => {
      const folder = mkdtempSync(join(root, "other-"));
      writeFileSync(join(folder, name), "");
      assert.throws(() => fixtureNames(folder), {
        message: new RegExp(`${name} is not named like a fixture`, "u"),
      });
    });
  }
});
