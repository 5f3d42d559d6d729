import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { detection } from "../../../provider/backend/detect";
import { windowsBackend } from "../../../provider/backend/windows/backend";
import { withoutGreeting } from "../../../provider/backend/windows/greeting";
import { LogoffError } from "../../../provider/base/errors";
import type { ExecResult } from "../../../provider/connection";

/*
 * The output of a host must not keep the process busy. A linear reader reads ten texts in about the time of one that is ten times as long,
 * whereas a quadratic reader takes ten times as long for the long one. The best of several tries counts, to exclude other load.
 */

/** Texts that slow down a reader that scans some parts repeatedly. */
const texts: Readonly<Record<string, string>> = {
  "numbers and blanks in one line": " 1  1",
  "rows of numbers": `${"1  ".repeat(80)}\r\n`,
  "rows of numbers and words": ` ${"bob  1  Active  ".repeat(15)}\r\n`,
  "valid session rows": " rdp-tcp#3         alice                     2  Active  rdpwd               \r\n",
  "valid user rows":
    " alice                 rdp-tcp#3           2  Active          5  11/22/2026 9:14 AM\r\n",
  blanks: " ",
  digits: "1",
  letters: "x",
  "line breaks": "\r\n",
  "carriage returns": "\r",
  "U+2028": "\u2028",
  "escape sequences": "\u001b[0m",
  "escape sequences without end": "\u001b[",
  "titles without end": "\u001b]0;",
  "digits and separators": "1,",
  "digits and blanks": "1 ",
  separators: ",. ",
  "error numbers": "[5",
  "hexadecimal numbers": "0x",
  "the probe's answer": "which\r\n",
  "registry values": "WinStationsDisabled    REG_SZ    1x\r\n",
};

function printed(text: string): ExecResult {
  return { code: 0, stdout: Buffer.from(text), stderr: Buffer.from(text) };
}

const backend = windowsBackend({ label: "h:22" }, 65001);
const nothing = printed("");
const readers: Readonly<Record<string, (answer: ExecResult) => unknown>> = {
  qwinsta: (answer) => backend.list().parse([answer, nothing]),
  quser: (answer) => backend.list().parse([table, answer]),
  "the probe": (answer) => detection("h:22").parse([answer, answer]),
  "a logoff": (answer) => backend.logOff({ ...session, id: "2" }).parse(answer),
  "the processes of a session": (answer) => backend.processes({ ...session, id: "1" }).parse([answer]),
  "the drain mode": (answer) => backend.drainMode().parse([answer, answer]),
  "a greeting": ({ stdout }) => withoutGreeting(stdout, ["x", "1"]),
};
const table = printed(
  " SESSIONNAME       USERNAME                 ID  STATE\r\n services                                    0  Disc\r\n",
);
const session = {
  id: "2",
  userCertain: true,
  kind: "user",
  state: "active",
  stateText: "",
  own: false,
} as const;

/** Milliseconds for the given number of readings, the best of several tries. */
function timeOf(read: (answer: ExecResult) => unknown, answer: ExecResult, readings: number): number {
  const tries = Array.from({ length: 4 }, () => {
    const before = performance.now();
    for (let reading = 0; reading < readings; reading += 1) {
      try {
        read(answer);
      } catch (error) {
        assert.ok(error instanceof LogoffError, String(error));
      }
    }
    return performance.now() - before;
  });
  return Math.min(...tries);
}

/** A shorter time says nothing about growth. */
const slackMs = 5;

describe("the time to read output", () => {
  for (const [reader, read] of Object.entries(readers)) {
    it(`grows linearly for ${reader}`, () => {
      for (const [what, unit] of Object.entries(texts)) {
        // The longest listing that is read at all; a longer one is refused first.
        const textOf = (bytes: number): ExecResult => printed(unit.repeat(bytes / Buffer.byteLength(unit)));
        const ten = timeOf(read, textOf(26_000), 10);
        const one = timeOf(read, textOf(260_000), 1);
        assert.ok(
          one < 6 * ten + slackMs,
          `${what}: ${ten} ms for ten texts, ${one} ms for one of their size`,
        );
      }
    });
  }
});

describe("a listing of impossible length", () => {
  for (const program of ["qwinsta", "quser"] as const) {
    it(`is refused before it is read: ${program}`, () => {
      const long = printed(`${texts["valid user rows"]}`.repeat(12_000));
      assert.ok(long.stdout.length > 256 * 1024);
      const answers = program === "qwinsta" ? [long, nothing] : [table, long];
      assert.throws(() => backend.list().parse(answers), {
        code: "output-unrecognised",
        message: new RegExp(
          `${program}\\.exe printed ${long.stdout.length} bytes, more than any session table`,
          "u",
        ),
      });
    });
  }
});
