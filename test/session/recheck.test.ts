import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recheck } from "../../provider/session/recheck";
import { noExceptions } from "../../provider/session/selector";
import { isSameSession, whereabouts } from "../../provider/session/session";
import { aSelector, aSession, console1, services, without } from "./sample";

const alice = aSession({ id: "2", user: "alice", logonTime: "11/22/2026 9:14 AM" });

describe("isSameSession", () => {
  it("compares the ID, the user without regard to case, and the logon time if both have one", () => {
    const elsewhere = { ...alice, user: "ALICE", name: "rdp-tcp#9", state: "disconnected" };
    assert.ok(isSameSession(alice, elsewhere));
    assert.ok(isSameSession(alice, without(alice, "logonTime")));
    assert.ok(!isSameSession(alice, { ...alice, logonTime: "11/22/2026 9:15 AM" }));
    assert.ok(!isSameSession(alice, { ...alice, user: "bob" }));
    assert.ok(!isSameSession(alice, { ...alice, id: "3" }));
  });
});

describe("whereabouts", () => {
  it("is gone when the ID is absent or belongs to somebody else", () => {
    assert.deepEqual(whereabouts(alice, [services]), { is: "gone" });
    assert.equal(whereabouts(alice, [services, { ...alice, user: "bob" }]).is, "gone");
  });
  it("is closing while the row has a blank user", () => {
    assert.equal(whereabouts(alice, [services, without(alice, "user")]).is, "closing");
  });
  it("is returned when the same user has another logon time", () => {
    const again = { ...alice, user: "ALICE", logonTime: "11/22/2026 9:30 AM" };
    assert.deepEqual(whereabouts(alice, [services, again]), { is: "returned", session: again });
  });
  it("is present when merely disconnected", () => {
    const row = without({ ...alice, state: "disconnected" as const }, "name");
    assert.deepEqual(whereabouts(alice, [services, row]), { is: "present", session: row });
  });
});

describe("recheck", () => {
  const named = aSelector({ operands: ["rdp-tcp#0"] });
  const all = aSelector({ all: true });

  it("still selects a session by name after it disconnects", () => {
    const row = without({ ...alice, state: "disconnected" as const }, "name");
    assert.deepEqual(recheck([alice], [services, row], named).before, [{ session: row, now: "selected" }]);
  });

  it("does not select another user who now has the ID or the name", () => {
    const bob = aSession({ id: "2", user: "bob" });
    const look = recheck([alice], [services, bob], aSelector({ ids: ["2"] }));
    assert.deepEqual(look.before, [{ session: alice, now: "gone" }]);
    assert.deepEqual(look.arrived, []);
    assert.deepEqual(recheck([alice], [services, { ...bob, id: "7" }], named).arrived, []);
  });

  it("reports a new session that matches a pattern as arrived, even under a reused ID", () => {
    const bob = aSession({ id: "2", user: "bob" });
    assert.deepEqual(recheck([alice], [services, bob], all).arrived, [bob]);
    const again = { ...alice, logonTime: "11/22/2026 9:30 AM" };
    assert.deepEqual(recheck([alice], [services, again], all).arrived, [again]);
  });

  it("reports a new logon of the same user as arrived, even if it was selected by ID or name", () => {
    const again = { ...alice, logonTime: "11/22/2026 9:30 AM" };
    for (const selector of [named, aSelector({ ids: ["2"] }), all]) {
      const look = recheck([alice], [services, again], selector);
      assert.deepEqual(look, { before: [{ session: again, now: "returned" }], arrived: [again] });
    }
    const excepted = aSelector({ ids: ["2"], except: { ...noExceptions, users: ["alice"] } });
    assert.deepEqual(recheck([alice], [services, again], excepted), {
      before: [{ session: again, now: "kept", reason: "no-longer-matches" }],
      arrived: [],
    });
  });

  it("evaluates users, exceptions, states and idle time again", () => {
    const idle = aSelector({ all: true, idleForMs: 60_000 });
    const back = { ...alice, idleMs: 0 };
    assert.deepEqual(recheck([{ ...alice, idleMs: 90_000 }], [services, back], idle).before, [
      { session: back, now: "kept", reason: "no-longer-matches" },
    ]);
    const excepted = aSelector({ ids: ["2"], except: { ...noExceptions, names: ["vip*"] } });
    const renamed = { ...alice, name: "vip-1" };
    assert.equal(recheck([alice], [services, renamed], excepted).before[0]?.now, "kept");
  });

  it("keeps a session that moved to the console", () => {
    const moved = { ...console1, id: "2", user: "alice", state: "active" as const };
    assert.equal(recheck([alice], [services, moved], named).before[0]?.now, "kept");
  });

  it("waits for a closing session", () => {
    assert.equal(recheck([alice], [services, without(alice, "user")], all).before[0]?.now, "closing");
  });
});
