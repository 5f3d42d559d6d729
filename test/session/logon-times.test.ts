import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { logonTimesOf, printedTime, steadied } from "../../provider/session/logon-times";
import type { Session, SessionList } from "../../provider/session/session";
import { aSession, console1, services, without } from "./sample";

function at(logonTime: string | undefined, fields: Partial<Session> = {}): Session {
  return logonTime === undefined ? aSession(fields) : aSession({ ...fields, logonTime });
}
const alice = at("9:14", { id: "2", user: "alice" });
const bob = at("9:20", { id: "3", user: "bob" });

/** The steadied logon times of a host's successive listings. */
function timesOf(...lists: readonly SessionList[]): (string | undefined)[][] {
  let times = logonTimesOf([]);
  return lists.map((list) => {
    const steady = steadied(times, list);
    times = steady.times;
    return steady.list.map(({ logonTime }) => logonTime);
  });
}

describe("steadied", () => {
  it("keeps the first times when the times of all sessions change and there are at least two", () => {
    const moved = [
      { ...alice, logonTime: "10:14" },
      { ...bob, user: "BOB", logonTime: "10:20" },
    ];
    assert.deepEqual(timesOf([alice, bob], moved, moved), [
      ["9:14", "9:20"],
      ["9:14", "9:20"],
      ["9:14", "9:20"],
    ]);
  });

  it("accepts the new time of a single session, or of one of two, as a new logon", () => {
    const again = { ...alice, logonTime: "10:14" };
    assert.deepEqual(timesOf([alice, bob], [again, bob]).at(-1), ["10:14", "9:20"]);
    assert.deepEqual(timesOf([services, alice], [services, again]).at(-1), [undefined, "10:14"]);
  });

  it("ignores sessions that came or went, and IDs with another user", () => {
    const again = { ...alice, logonTime: "10:14" };
    for (const other of [at("10:30", { id: "4", user: "carol" }), at("10:20", { id: "3", user: "mallory" })])
      assert.deepEqual(timesOf([alice, bob], [again, other]).at(-1), ["10:14", other.logonTime]);
  });

  it("detects a new logon after a clock change", () => {
    const moved = [
      { ...alice, logonTime: "10:14" },
      { ...bob, logonTime: "10:20" },
    ];
    const anew = [
      { ...alice, logonTime: "10:14" },
      { ...bob, logonTime: "11:00" },
    ];
    assert.deepEqual(timesOf([alice, bob], moved, anew).at(-1), ["9:14", "11:00"]);
  });

  it("remembers a time through listings that lack it or show a blank user", () => {
    const again = { ...alice, logonTime: "10:14" };
    assert.deepEqual(timesOf([alice], [without(alice, "logonTime")], [again]).slice(1), [
      ["9:14"],
      ["10:14"],
    ]);
    const closing = without(alice, "user", "logonTime");
    assert.deepEqual(timesOf([alice, bob], [closing, bob], [again, bob]).at(-1), ["10:14", "9:20"]);
  });

  it("keeps a time that becomes known later", () => {
    assert.deepEqual(timesOf([at(undefined)], [alice]).at(-1), ["9:14"]);
  });

  it("ignores rows without a user", () => {
    assert.deepEqual(timesOf([services, console1]), [[undefined, undefined]]);
  });

  it("compares the first listing with the record of a previous run", () => {
    const noted = logonTimesOf([alice, bob, { id: "9", user: "zoe" }]);
    const moved = [
      { ...alice, logonTime: "10:14" },
      { ...bob, logonTime: "10:20" },
    ];
    const { list, times, clockChanged } = steadied(noted, moved);
    assert.deepEqual([list, clockChanged], [[alice, bob], true]);
    assert.equal(printedTime(times, alice), "10:14", "the next run needs what is printed now");
    assert.equal(steadied(noted, moved.slice(0, 1)).clockChanged, false);
  });
});
