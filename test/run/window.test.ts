import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { watchWindow } from "../../provider/run/window";

const night = { dailyFrom: "22:00", dailyTo: "05:00", timeZone: "Europe/Berlin" } as const;

describe("a window", () => {
  const rows: readonly (readonly [
    what: string,
    window: NonNullable<Parameters<typeof watchWindow>[0]>,
    now: string,
    inside: boolean,
  ])[] = [
    ["over midnight, before its start", night, "2026-11-23T20:59:59Z", false],
    ["over midnight, at its start", night, "2026-11-23T21:00:00Z", true],
    ["over midnight, after midnight", night, "2026-11-24T03:59:59Z", true],
    ["over midnight, at its end", night, "2026-11-24T04:00:00Z", false],
    ["in summer time", night, "2026-07-01T20:00:00Z", true],
    ["in summer time, at its end", night, "2026-07-01T03:00:00Z", false],
    // On 29 March 2026, 02:00 becomes 03:00, so 05:00 local time comes an hour earlier.
    ["in the night that loses an hour", night, "2026-03-29T02:59:00Z", true],
    ["at the end of the night that loses an hour", night, "2026-03-29T03:00:00Z", false],
    // On 25 October 2026, 03:00 becomes 02:00, so 05:00 local time comes an hour later.
    ["in the night that gains an hour", night, "2026-10-25T03:59:00Z", true],
    ["at the end of the night that gains an hour", night, "2026-10-25T04:00:00Z", false],
    [
      "within a day",
      { ...night, dailyFrom: "09:00", dailyTo: "17:00", timeZone: "UTC" },
      "2026-11-23T12:00:00Z",
      true,
    ],
    [
      "within a day, outside",
      { ...night, dailyFrom: "09:00", dailyTo: "17:00", timeZone: "UTC" },
      "2026-11-23T17:00:00Z",
      false,
    ],
    ["not before", { notBefore: new Date("2026-11-23T22:00:00Z") }, "2026-11-23T21:59:59Z", false],
    ["not before, reached", { notBefore: new Date("2026-11-23T22:00:00Z") }, "2026-11-23T22:00:00Z", true],
    ["not after", { notAfter: new Date("2026-11-23T22:00:00Z") }, "2026-11-23T21:59:59Z", true],
    ["not after, reached", { notAfter: new Date("2026-11-23T22:00:00Z") }, "2026-11-23T22:00:00Z", false],
  ];
  for (const [what, window, now, inside] of rows) {
    it(`${what}: ${inside ? "inside" : "outside"}`, () => {
      assert.equal(watchWindow(window)(new Date(now)) === undefined, inside);
    });
  }

  it("is named by its error", () => {
    const error = watchWindow(night)(new Date("2026-11-23T12:00:00Z"));
    assert.equal(error?.code, "outside-window");
    assert.match(error.message, /daily 22:00-05:00 Europe\/Berlin/);
  });

  it("is always open if there is none", () => {
    assert.equal(watchWindow(null)(new Date("2026-11-23T12:00:00Z")), undefined);
  });

  it("creates one formatter for all checks", (test) => {
    const made = test.mock.method(Intl, "DateTimeFormat");
    const outsideWindow = watchWindow(night);
    for (let minute = 0; minute < 100; minute += 1) outsideWindow(new Date(minute * 60_000));
    assert.equal(made.mock.callCount(), 1);
  });
});
