import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../../provider/base/clock";
import { LogoffError } from "../../../provider/base/errors";
import type { Known } from "../../../provider/pulumi/resource/state";
import { listenTo, type Told } from "../../../provider/pulumi/resource/told";
import type { HostReport } from "../../../provider/report/report";
import type { Session } from "../../../provider/session/session";
import { without } from "../../session/sample";
import { noSessions } from "./sample";

const alice: Session = {
  id: "2",
  user: "alice",
  userCertain: true,
  kind: "user",
  state: "active",
  stateText: "Active",
  logonTime: "x",
  own: false,
};
const nothing: Known = { hosts: new Map(), finishedAt: "", resume: new Map() };
const minute = 60_000;
const error = new LogoffError("aborted", "Stopped");
const at = new Date("2026-11-23T22:00:00Z");

function listen(known = nothing): Told {
  return listenTo(["a:22", "b:22"], known, { ...systemClock, date: () => at });
}

function first(told: Told): HostReport {
  return told.reports(error)[0] ?? assert.fail();
}

describe("the record of an abandoned run", () => {
  it("reports hosts that did not start as skipped", () => {
    const told = listen();
    told.hear({ type: "host-started", host: "a:22" });
    assert.deepEqual(
      told.reports(error).map(({ host, status, contacted }) => [host, status, contacted]),
      [
        ["a:22", "failed", true],
        ["b:22", "skipped", false],
      ],
    );
  });

  it("contains the report of a finished host", () => {
    const told = listen();
    const report = { ...first(told), status: "ok" as const };
    told.hear({ type: "host-finished", host: "a:22", report });
    assert.equal(first(told), report);
  });

  it("contains our drain from the moment it may be in force", () => {
    const told = listen();
    told.hear({ type: "host-draining", host: "a:22", mode: "until-restart" });
    assert.equal(first(told).drained, "until-restart");
    told.hear({ type: "host-drained", host: "a:22", drained: "until-restart" });
    assert.equal(first(told).drained, "until-restart");
    told.hear({ type: "host-drained", host: "a:22", drained: "undrained" });
    assert.equal(first(told).drained, "undrained");
  });

  it("contains warnings with their times and reminders", () => {
    const told = listen();
    const warning = { type: "session-warning", host: "a:22", session: alice } as const;
    told.hear(warning);
    told.hear({ ...warning, session: { ...alice, id: "3" } });
    told.hear({ ...warning, reminderMs: minute });
    const of = { user: "alice", logonTime: "x", warnedAt: at.toISOString() };
    assert.deepEqual(first(told).warned, [
      { id: "3", ...of, remindersMs: [] },
      { id: "2", ...of, remindersMs: [minute] },
    ]);
  });

  it("contains no warning to a user who received the cancel message", () => {
    const told = listen();
    const bob = { ...alice, id: "3", user: "bob" };
    for (const session of [alice, bob]) told.hear({ type: "session-warning", host: "a:22", session });
    told.hear({ type: "warning-withdrawn", host: "a:22", session: { ...alice, user: "ALICE" } });
    assert.deepEqual(
      first(told).warned.map(({ user }) => user),
      ["bob"],
    );
  });

  it("contains no warning that the host did not show", () => {
    const told = listen();
    const bob = { ...alice, id: "3", user: "bob" };
    for (const [session, counts] of [
      [alice, false],
      [bob, true],
    ] as const) {
      told.hear({ type: "session-warning", host: "a:22", session });
      told.hear({
        type: "session-warned",
        host: "a:22",
        session,
        delivered: counts,
        counts,
        remainingMs: minute,
      });
    }
    assert.deepEqual(
      first(told).warned.map(({ user }) => user),
      ["bob"],
    );
  });

  it("contains logoffs that were sent but not verified", () => {
    const bob = { ...alice, id: "3", user: "bob" };
    const zoe = { id: "9", user: "zoe", logoffSent: true } as const;
    const told = listen({ ...nothing, resume: new Map([["a:22", [zoe]]]) });
    assert.deepEqual(first(told).asked, [zoe]);
    for (const session of [alice, bob, bob])
      told.hear({ type: "session-logoff-sent", host: "a:22", session });
    told.hear({ type: "session-gone", host: "a:22", session: { ...alice, user: "ALICE" } });
    assert.deepEqual(first(told).asked, [zoe, { id: "3", user: "bob", logonTime: "x", logoffSent: true }]);
    assert.deepEqual(first(told).warned, []);
  });

  it("contains the logon times that the host prints after its clock changes", () => {
    const bob = { ...alice, id: "3", user: "bob" };
    const told = listen();
    for (const session of [alice, bob]) told.hear({ type: "session-warning", host: "a:22", session });
    const sessions = [{ ...alice, user: "ALICE", logonTime: "y" }, without(bob, "logonTime")];
    told.hear({ type: "clock-changed", host: "a:22", sessions });
    assert.deepEqual(
      first(told).warned.map(({ logonTime }) => logonTime),
      ["y", "x"],
    );
  });

  it("contains the record of a previous run, unless this run replaced it", () => {
    const before = { id: "2", user: "ALICE", warnedAt: "2026-11-23T21:50:00Z", remindersMs: [] };
    const known: Known = {
      ...nothing,
      hosts: new Map([["a:22", { status: "failed", ...noSessions, drained: "until-destroy" }]]),
      resume: new Map([["a:22", [before]]]),
    };
    const told = listen(known);
    assert.deepEqual([first(told).drained, first(told).warned], ["until-destroy", [before]]);
    told.hear({ type: "session-warning", host: "a:22", session: alice, reminderMs: minute });
    assert.deepEqual(first(told).warned, [{ ...before, remindersMs: [minute] }]);
    told.hear({ type: "host-drained", host: "a:22", drained: "already" });
    assert.equal(first(told).drained, "already");
  });
});
