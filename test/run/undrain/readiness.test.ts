import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  readiness,
  secondReadingMs,
  type Reading,
  type Required,
  type Seen,
} from "../../../provider/run/undrain/readiness";

const open: Seen = { platform: "windows", bootId: "BootId=0x2", listens: true, mode: "open" };
const required: Required = { restartedSince: "BootId=0x1", lifts: ["until-destroy"] };
const first: Reading = { bootId: "BootId=0x2", atMs: 1000, isConfirmed: false };
const confirmed: Reading = { ...first, isConfirmed: true };

function judged(
  seen: Partial<Seen>,
  more: Partial<Required> = {},
  before: Reading | null = confirmed,
  nowMs = 60_000,
): string {
  const ready = readiness({ ...open, ...seen }, { ...required, ...more }, before, nowMs);
  return ready.is === "not-yet" ? `not yet: ${ready.why}` : ready.is;
}

describe("the restart of an awaited host", () => {
  it("is missing while the boot ID is unchanged", () => {
    const ready = readiness({ ...open, bootId: "BootId=0x1" }, required, null, 0);
    assert.deepEqual(ready, {
      is: "not-yet",
      lacksRestart: true,
      why: "it has not restarted: its boot ID is unchanged",
      reading: null,
    });
  });

  it("is not believed after one look", () => {
    const ready = readiness(open, required, null, 7000);
    assert.ok(ready.is === "not-yet" && !ready.lacksRestart);
    assert.equal(ready.comeAgainInMs, secondReadingMs);
    assert.deepEqual(ready.reading, { bootId: "BootId=0x2", atMs: 7000, isConfirmed: false });
  });

  it("is not believed after a second look that came too soon", () => {
    const ready = readiness(open, required, first, first.atMs + secondReadingMs - 1);
    assert.ok(ready.is === "not-yet");
    assert.equal(ready.comeAgainInMs, 1);
    assert.deepEqual(ready.reading, first);
  });

  it("is believed after a second look that shows the same", () => {
    const ready = readiness(open, required, first, first.atMs + secondReadingMs);
    assert.deepEqual(ready, { is: "open", reading: confirmed });
  });

  it("is looked at anew after another restart", () => {
    const ready = readiness({ ...open, bootId: "BootId=0x3" }, required, confirmed, 60_000);
    assert.ok(ready.is === "not-yet");
    assert.deepEqual(ready.reading, { bootId: "BootId=0x3", atMs: 60_000, isConfirmed: false });
  });

  it("is forgotten when the old boot ID is seen again", () => {
    const ready = readiness({ ...open, bootId: "BootId=0x1" }, required, first, 60_000);
    assert.ok(ready.is === "not-yet" && ready.lacksRestart);
    assert.equal(ready.reading, null);
  });

  it("cannot be proven without a boot ID", () => {
    const unreadable: Seen = { platform: "windows", listens: true, mode: "open" };
    const ready = readiness(unreadable, required, null, 0);
    assert.ok(ready.is === "not-yet" && ready.lacksRestart);
    assert.match(ready.why, /cannot be read/);
    assert.match(judged({ bootId: "ShutdownTime=AA" }), /cannot be read/);
  });

  it("is not required without a boot ID of before", () => {
    const ready = readiness({ ...open, bootId: "BootId=0x1" }, { lifts: [] }, null, 0);
    assert.deepEqual(ready, { is: "open", reading: null });
  });
});

describe("a host that has restarted", () => {
  it("is not ready before it lists a listener", () => {
    assert.equal(judged({ listens: false }), "not yet: it lists no listener for logons yet");
    assert.equal(
      judged({ listens: false, mode: "until-destroy" }),
      "not yet: it lists no listener for logons yet",
    );
  });

  it("is not ready while its system refuses logons by itself", () => {
    assert.equal(judged({ mode: "starting" }), "not yet: its system refuses logons while it starts");
    assert.equal(
      judged({ mode: "starting" }, { lifts: "forced" }),
      "not yet: its system refuses logons while it starts",
    );
  });

  for (const [mode, lifts, expected] of [
    ["open", ["until-destroy"], "open"],
    ["until-destroy", ["until-destroy"], "to-lift"],
    ["until-restart", ["until-destroy"], "closed-by-another"],
    ["until-restart", ["until-restart"], "to-lift"],
    ["until-destroy", [], "closed-by-another"],
    ["other", ["until-restart", "until-destroy"], "closed-by-another"],
    ["until-destroy", "any", "to-lift"],
    ["other", "any", "to-lift"],
    ["other", "forced", "to-lift"],
  ] as const) {
    it(`is ${expected} in mode ${mode} where ${String(lifts) || "nothing"} may be lifted`, () => {
      assert.equal(judged({ mode }, { lifts }), expected);
    });
  }
});
