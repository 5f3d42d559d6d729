import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { greetingOf, sharedGreeting, withoutGreeting } from "../../../provider/backend/windows/greeting";

const greeting = greetingOf(["\u001b[2JWelcome to RDSH01", "", "3 updates, 2 minutes ago"]);

function taken(output: string): string {
  return Buffer.from(withoutGreeting(Buffer.from(output, "latin1"), greeting)).toString("latin1");
}

describe("a greeting", () => {
  it("is removed line by line, with other digits and other control characters", () => {
    assert.equal(taken("Welcome to RDSH01\r\n3 updates, 2 minutes ago\r\nthe rest\r\n"), "the rest\r\n");
    assert.equal(taken("\f\r\nWelcome to RDSH2\n\u001b[0m\n112 updates, 59 minutes ago  \n x"), " x");
  });

  for (const [before, after] of [
    ["[ 9:59:59.12] RDSH01", "[10:00:00.03] RDSH01"],
    ["It is  9:59", "It is 10:00"],
    ["Up   9 days", "Up  10 days"],
    ["Free: 9   GB", "Free: 10  GB"],
    ["Sun 11/ 9/2026  9:59", "Sun 11/10/2026 10:00"],
    ["Loading profiles took 1,512ms.", "Loading profiles took 912ms."],
    ["Loading profiles took 1.512,5 ms", "Loading profiles took 912 ms"],
    ["Loading profiles took 1'512ms", "Loading profiles took 912ms"],
    ["Loading profiles took 1 512 ms", "Loading profiles took 912 ms"],
  ] as const) {
    for (const [learned, printed] of [
      [before, after],
      [after, before],
    ] as const) {
      it(`is removed if its numbers change width: "${learned}" to "${printed}"`, () => {
        const output = Buffer.from(`${printed}\r\nthe rest`);
        assert.equal(
          Buffer.from(withoutGreeting(output, greetingOf([`${learned}\r`]))).toString(),
          "the rest",
        );
      });
    }
  }

  it("is removed only once", () => {
    const twice = "Welcome to RDSH01\n3 updates, 2 minutes ago\n".repeat(2);
    assert.equal(taken(twice), "Welcome to RDSH01\n3 updates, 2 minutes ago\n");
  });

  for (const [what, output] of [
    ["other text", "Welcome to FS01\r\n3 updates, 2 minutes ago\r\nthe rest\r\n"],
    ["only part of it", "Welcome to RDSH01\r\nthe rest\r\n"],
    ["only its beginning", "Welcome to RDSH01\r\n"],
    ["nothing", ""],
  ] as const) {
    it(`is not removed if ${what} is there`, () => assert.equal(taken(output), output));
  }

  it("does not remove control characters after the first text", () => {
    assert.equal(taken(" con\u001b[0msole"), " con\u001b[0msole");
  });

  it("does not change bytes of other code pages", () => {
    const output = Buffer.from([0x0c, 0x81, 0x9b, 0xff, 0x0d, 0x0a]);
    assert.deepEqual(Buffer.from(withoutGreeting(output, [])), output.subarray(1));
  });
});

describe("the greeting that two outputs share", () => {
  for (const [what, one, other, expected] of [
    ["they are equal", "Hi\r\nUp 9 days\r\n", "Hi\nUp  10 days\n", ["Hi", "Up 0 days"]],
    ["an error follows in one", "Hi\r\nchcp?\r\n", "\f\r\nHi\r\n", ["Hi"]],
    ["an error follows in both", "Hi\r\nchcp?\r\n", "Hi\r\nuname?\r\n", ["Hi"]],
    ["one is empty", "", "Hi\r\n", []],
    ["they differ from the start", "chcp?\r\nHi\r\n", "uname?\r\nHi\r\n", []],
  ] as const) {
    it(`consists of the lines that both begin with: ${what}`, () => {
      assert.deepEqual(sharedGreeting(one, other), expected);
      assert.equal(sharedGreeting(other, one).length, expected.length);
    });
  }
});
