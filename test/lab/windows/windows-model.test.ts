import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manualClock } from "../clock";
import type { LogoffBehavior } from "./session-model";
import { createWindowsModel, type WindowsModel } from "./windows-model";

function hostWith(onLogoff: LogoffBehavior): { model: WindowsModel; advance: (ms: number) => void } {
  const clock = manualClock();
  const model = createWindowsModel({ name: "rdsh01", sessions: [{ user: "alice", onLogoff }], clock });
  return { model, advance: (ms) => clock.advance(ms) };
}

describe("a host", () => {
  it("starts with session 0, the console and a listener", () => {
    const rows = createWindowsModel({ name: "rdsh01" }).sessions();
    assert.deepEqual(
      rows.map((row) => [row.id, row.name, row.state]),
      [
        [0, "services", "disconnected"],
        [1, "console", "connected"],
        [65536, "rdp-tcp", "listen"],
      ],
    );
  });

  it("keeps the session ID when a client reconnects, under a new name", () => {
    const { model } = hostWith({ kind: "instant" });
    assert.equal(model.session(2)?.name, "rdp-tcp#0");
    model.disconnect(2);
    assert.deepEqual([model.session(2)?.name, model.session(2)?.state], [null, "disconnected"]);
    assert.equal(model.reconnect(2).name, "rdp-tcp#1");
    assert.equal(model.session(2)?.user, "alice");
  });

  it("reuses an ID only when told to", () => {
    const { model } = hostWith({ kind: "instant" });
    model.logOff(2);
    assert.equal(model.logon({ user: "bob" }).id, 3);
    assert.equal(model.logon({ user: "carol", id: 2 }).id, 2);
    assert.throws(() => model.logon({ user: "dave", id: 2 }), /already has a session 2/);
  });

  it("refuses new logons while draining, but allows reconnections", () => {
    const { model } = hostWith({ kind: "instant" });
    model.setDrain("until-restart");
    assert.throws(() => model.logon({ user: "bob" }), /refuses new logons/);
    assert.equal(model.logon({ user: "root" }, { admin: true }).user, "root");
    model.disconnect(2);
    model.reconnect(2);
    model.setDrain("disabled");
    assert.throws(() => model.reconnect(2), /refuses to reconnect/);
    model.setDrain("until-restart");
    model.reboot();
    assert.equal(model.drain(), "open");
    assert.deepEqual(model.people(), []);
  });

  it("shows a new logon screen after a user leaves the console", () => {
    const model = createWindowsModel({ name: "rdsh01", console: { user: "carol" } });
    model.leave(1);
    assert.deepEqual(model.sessions()[1]?.name, "console");
    assert.deepEqual(
      model.departures().map(({ id, user, by }) => [id, user, by]),
      [[1, "carol", "user"]],
    );
  });

  it("records who saw which message", () => {
    const { model } = hostWith({ kind: "instant" });
    assert.equal(model.message(2, "save your work", 60).error, 0);
    assert.equal(model.message(1, "nobody is there").error, 7022);
    model.logOff(2);
    assert.deepEqual(
      model.messages().map(({ user, text, seconds }) => [user, text, seconds]),
      [["alice", "save your work", 60]],
    );
  });
});

describe("a logoff", () => {
  it("takes effect at once", () => {
    const { model } = hostWith({ kind: "instant" });
    assert.deepEqual(model.logOff(2), { error: 0, waitMs: 0 });
    assert.equal(model.session(2), undefined);
    assert.deepEqual(model.logOff(2), { error: 7022, waitMs: 0 });
  });

  it("leaves a row with a blank user while it closes", () => {
    const { model, advance } = hostWith({ kind: "closes", ms: 100 });
    assert.deepEqual(model.logOff(2), { error: 0, waitMs: 0 });
    assert.deepEqual([model.session(2)?.user, model.session(2)?.owner], [null, "alice"]);
    assert.equal(model.logOff(2).error, 7007);
    advance(99);
    assert.notEqual(model.session(2), undefined);
    advance(1);
    assert.equal(model.session(2), undefined);
    assert.equal(model.departures()[0]?.atMs, 100);
  });

  it("is refused, forever or a few times", () => {
    assert.equal(hostWith({ kind: "denied", error: 7045 }).model.logOff(2).error, 7045);
    const { model } = hostWith({ kind: "denied", times: 1 });
    assert.deepEqual([model.logOff(2).error, model.logOff(2).error], [5, 0]);
  });

  it("finds the host busy for some attempts or some time", () => {
    const tries = hostWith({ kind: "busy", times: 2 }).model;
    assert.deepEqual(
      [1, 2, 3].map(() => tries.logOff(2).error),
      [7024, 7024, 0],
    );
    const { model, advance } = hostWith({ kind: "busy", error: 7007, ms: 50, then: { kind: "stuck" } });
    assert.equal(model.logOff(2).error, 7007);
    advance(50);
    assert.equal(model.logOff(2).error, 0);
    assert.equal(model.session(2)?.user, null);
  });

  it("hangs until the session is reset", () => {
    const { model, advance } = hostWith({ kind: "stuck", shows: "user" });
    assert.equal(model.logOff(2).error, 0);
    advance(1e9);
    assert.equal(model.session(2)?.user, "alice");
    assert.equal(model.reset(2).error, 0);
    assert.equal(model.departures()[0]?.by, "reset");
  });

  it("reports success and does nothing", () => {
    const { model } = hostWith({ kind: "ignored" });
    assert.equal(model.logOff(2).error, 0);
    assert.equal(model.session(2)?.user, "alice");
  });

  it("never returns, whether the session ends or not", () => {
    assert.equal(hostWith({ kind: "blocks" }).model.logOff(2).waitMs, "for-ever");
    const { model, advance } = hostWith({ kind: "blocks", closesAfterMs: 10 });
    assert.equal(model.logOff(2).waitMs, "for-ever");
    advance(10);
    assert.equal(model.session(2), undefined);
  });

  it("can be scripted again", () => {
    const { model } = hostWith({ kind: "denied" });
    model.logOff(2);
    model.onLogoff(2, { kind: "instant" });
    assert.equal(model.logOff(2).error, 0);
  });
});

it("resetting a listener resets all its sessions", () => {
  const model = createWindowsModel({
    name: "rdsh01",
    sessions: [{ user: "a" }, { user: "b" }, { user: "c", name: "ica-tcp#0" }],
  });
  model.reset(65536);
  assert.deepEqual(model.people(), ["c"]);
  assert.equal(model.session(65536)?.state, "listen");
});
