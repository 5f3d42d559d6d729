import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { detection, firstContact } from "../../provider/backend/detect";
import type { ExecResult } from "../../provider/connection";
import { LogoffError } from "../../provider/errors";

function printed(stdout: string, code = 0, stderr = ""): ExecResult {
  return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
}

const noSuchCommand = printed("", 1, "'uname' is not recognized as an internal or external command");
const chcp = printed("Active code page: 437\r\n");

describe("detection", () => {
  it("asks two commands that change nothing", () => {
    assert.deepEqual(detection("h:22").commands, ["chcp.com", "uname -s"]);
  });

  it("knows Windows by chcp.com", () => {
    assert.deepEqual(detection("h:22").parse([chcp, noSuchCommand]), { platform: "windows", codePage: 437 });
  });

  it("knows Linux by uname", () => {
    const results = [printed("", 127, "chcp.com: not found"), printed("Linux\n")];
    assert.deepEqual(detection("h:22").parse(results), { platform: "linux" });
  });

  const refused: readonly (readonly [what: string, results: readonly ExecResult[], message: RegExp])[] = [
    [
      "Git Bash",
      [chcp, printed("MINGW64_NT-10.0-20348\n")],
      /Unix shell on Windows \("MINGW64_NT-10.0-20348"\)/,
    ],
    ["Cygwin without chcp", [noSuchCommand, printed("CYGWIN_NT-10.0\n")], /Unix shell on Windows/],
    ["WSL", [chcp, printed("Linux\n")], /Unix shell on Windows/],
    ["macOS", [printed("", 127), printed("Darwin\n")], /its system is "Darwin"/],
    [
      "a router",
      [printed("", 1, "% Unknown\u0007command"), printed("", 1)],
      /neither chcp.com nor uname -s: "% Unknown command"/,
    ],
    ["silence", [printed(""), printed("")], /neither/],
  ];
  for (const [what, results, message] of refused) {
    it(`refuses ${what} with the reason`, () => {
      assert.throws(
        () => detection("h:22").parse(results),
        (error) =>
          error instanceof LogoffError && error.code === "unsupported-host" && message.test(error.message),
      );
    });
  }
});

describe("the first contact", () => {
  const table = [
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
    " services                                    0  Disc                        ",
    " rdp-tcp#3         alice                     2  Active                      ",
    "",
  ].join("\r\n");
  const unknown = printed("", 127, "not found");

  it("tells what a Windows host is and who is on it in one exchange", () => {
    const query = firstContact({ label: "h:22" }, undefined);
    assert.deepEqual(query.commands, ["chcp.com", "uname -s", "qwinsta.exe", "quser.exe"]);
    const { detected, sessions } = query.parse([chcp, noSuchCommand, printed(table), printed("", 1)]);
    assert.deepEqual([detected.platform, sessions?.map(({ id }) => id)], ["windows", ["0", "2"]]);
  });

  it("leaves the listing of a Linux host to the next exchange, unless it was said to be one", () => {
    const query = firstContact({ label: "h:22" }, undefined);
    assert.deepEqual(query.parse([unknown, printed("Linux\n"), unknown, unknown]), {
      detected: { platform: "linux" },
    });
    const said = firstContact({ label: "h:22" }, "linux");
    assert.equal(said.commands.length, 3);
    assert.match(said.commands[2] ?? "", /loginctl/);
  });

  it("asks nothing along through /server:", () => {
    assert.deepEqual(firstContact({ label: "h:22>s", server: "s" }, "windows").commands, [
      "chcp.com",
      "uname -s",
    ]);
  });

  it("refuses a host that is not what was said", () => {
    assert.throws(
      () => firstContact({ label: "h:22" }, "windows").parse([unknown, printed("Linux\n"), unknown, unknown]),
      /platform says "windows", and it is "linux"/,
    );
  });

  it("reads no table of a host that it cannot work on", () => {
    assert.throws(
      () => firstContact({ label: "h:22" }, undefined).parse([chcp, printed("MSYS_NT\n"), unknown, unknown]),
      (error) => error instanceof LogoffError && error.code === "unsupported-host",
    );
  });
});
