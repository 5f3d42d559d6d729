import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDuration, parseDuration } from "../../provider/base/duration";

describe("a duration", () => {
  const grid: readonly (readonly [unknown, number | undefined])[] = [
    ["90s", 90_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["1h1m1s", 3_661_000],
    ["0s", 0],
    [900, 900_000],
    [0.25, 250],
    [0, 0],
    ["", undefined],
    ["90", undefined],
    ["1.5h", undefined],
    ["-1s", undefined],
    ["30m1h", undefined],
    ["1 h", undefined],
    ["1H", undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [null, undefined],
    [["1s"], undefined],
  ];
  for (const [input, expected] of grid) {
    it(`${JSON.stringify(input)} is ${expected}`, () => assert.equal(parseDuration(input), expected));
  }

  it("is parsed as it is formatted", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => {
        assert.equal(parseDuration(formatDuration(seconds * 1000)), seconds * 1000);
      }),
    );
  });
});
