import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { detection } from "../../provider/backend/detect";
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
