import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asLogoffError, LogoffError } from "../../provider/base/errors";
import { hasControls, printable, upTo } from "../../provider/base/text";

describe("printable", () => {
  it("removes characters that move the cursor, ring the bell or change the text direction", () => {
    assert.equal(printable("a\u001b[2Jb\u0007\r\nc\u202ed\u009be"), "a [2Jb c d e");
  });
  it("returns no control characters and at most as many characters as the limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 50 }), (text, length) => {
        const clean = printable(text, length);
        assert.doesNotMatch(clean, /\p{Cc}|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
        assert.ok(Array.from(clean).length <= length);
      }),
    );
  });
});

describe("asLogoffError", () => {
  it("returns a LogoffError unchanged, and wraps any other error", () => {
    const ours = new LogoffError("timed-out", "late");
    assert.equal(asLogoffError(ours, "command-failed", "x"), ours);
    const wrapped = asLogoffError(new Error("a\u0007b"), "command-failed", "Cannot do it");
    assert.deepEqual([wrapped.code, wrapped.message], ["command-failed", "Cannot do it: a b"]);
  });
});

describe("upTo", () => {
  it("counts the words above the limit", () => {
    assert.equal(upTo(2, []), "");
    assert.equal(upTo(2, ["a", "b"]), "a, b");
    assert.equal(upTo(2, ["a", "b", "c", "d"]), "a, b and 2 more");
  });
});

describe("hasControls", () => {
  it("finds control characters and bidirectional marks, and C1 only on request", () => {
    for (const text of ["a\u0000", "\u007f", "\u2028", "\u061c", "\u202e", "\u2066"])
      assert.ok(hasControls(text, false), JSON.stringify(text));
    assert.deepEqual([hasControls("\u0085"), hasControls("\u0085", false)], [true, false]);
    assert.ok(!hasControls("Jörg Müller 山田 é"));
  });
});
