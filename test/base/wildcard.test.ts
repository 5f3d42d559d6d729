import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPattern, matchesGlob } from "../../provider/base/wildcard";

describe("matchesGlob", () => {
  const rows: readonly (readonly [glob: string, text: string, matches: boolean])[] = [
    ["alice", "ALICE", true],
    ["alice", "alice2", false],
    ["svc-*", "svc-backup", true],
    ["svc-*", "svc-", true],
    ["svc-*", "my-svc-backup", false],
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["?", "ё", true],
    ["?", "𠮷", true],
    ["?", "", false],
    ["*svc*x", "a-svc-b-svc-x", true],
    ["rdp-tcp#*", "rdp-tcp#12", true],
    ["a.c", "abc", false],
    ["[a]$^(b", "[a]$^(b", true],
    ["ИВАН*", "иванов", true],
    ["**a", "a", true],
    ["a*b*c", "abxbyc", true],
    ["a*b*c", "abxbyd", false],
  ];
  for (const [glob, text, matches] of rows) {
    it(`${glob} ${matches ? "matches" : "does not match"} ${text}`, () => {
      assert.equal(matchesGlob(glob, text), matches);
    });
  }

  it("agrees with an equivalent regular expression", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "B", "$", "."), maxLength: 8 });
    const globs = fc.string({ unit: fc.constantFrom("a", "b", "$", ".", "*", "?"), maxLength: 6 });
    fc.assert(
      fc.property(globs, letters, (glob, text) => {
        const source = glob.replace(/[.$]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
        assert.equal(matchesGlob(glob, text), new RegExp(`^${source}$`, "isu").test(text));
      }),
    );
  });

  it("stays fast for a hostile pattern", () => {
    assert.equal(matchesGlob("*a".repeat(200) + "b", "a".repeat(5_000)), false);
  });
});

describe("isPattern", () => {
  it("distinguishes patterns from names", () => {
    assert.deepEqual(["a*", "a?", "rdp-tcp#3", "[x]"].map(isPattern), [true, true, false, false]);
  });
});
