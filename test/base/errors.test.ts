import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asLogoffError, LogoffError } from "../../provider/base/errors";
import { printable } from "../../provider/base/text";

describe("printable", () => {
  it("removes what moves a cursor, rings a bell or turns text around", () => {
    assert.equal(printable("a\u001b[2Jb\u0007\r\nc\u202ed\u009be"), "a [2Jb c d e");
  });
  it("holds no control character and no more than asked, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 50 }), (text, length) => {
        const clean = printable(text, length);
        assert.doesNotMatch(clean, /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        assert.ok(Array.from(clean).length <= length);
      }),
    );
  });
});

describe("asLogoffError", () => {
  it("passes ours through and wraps others, cleaned", () => {
    const ours = new LogoffError("timed-out", "late");
    assert.equal(asLogoffError(ours, "command-failed", "x"), ours);
    const wrapped = asLogoffError(new Error("a\u0007b"), "command-failed", "Cannot do it");
    assert.deepEqual([wrapped.code, wrapped.message], ["command-failed", "Cannot do it: a b"]);
  });
});
