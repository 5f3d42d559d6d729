import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostReport, ReportedError } from "../../provider/report/report";
import type { PreviousRun } from "../../provider/run/host/state";
import type { HostNote, Note, NotedSession } from "../../provider/run/journal";
import { resumedFrom } from "../../provider/run/resumed";
import type { Session } from "../../provider/session/session";
import { hostReport } from "../report/sample";

const host = "h:22";
const alice: NotedSession = { id: "2", user: "alice", logonTime: "9:30" };
const at = "2026-11-28T22:00:00Z";
const row: Session = {
  id: "2",
  user: "alice",
  kind: "user",
  state: "active",
  stateText: "Active",
  own: false,
  userCertain: true,
};

type About<N> = N extends HostNote ? Omit<N, "host"> : never;

function previous(...notes: readonly About<HostNote>[]): PreviousRun | undefined {
  return resumedFrom(notes.map((note) => ({ host, ...note }))).previous.get(host);
}

function ended(changes: Partial<HostReport>): About<HostNote> {
  return { note: "done", run: { report: hostReport({ host, ...changes }), usedExceptions: [] } };
}

describe("what is known of a host that a killed run had begun", () => {
  it("is that a drain may be in force as soon as it was announced", () => {
    assert.equal(previous({ note: "drain", mode: "until-destroy" })?.drained, "until-destroy");
  });

  for (const [drained, expected] of [
    ["until-restart", "until-restart"],
    ["no", undefined],
    ["undrained", undefined],
    ["already", undefined],
  ] as const)
    it(`is ${expected ?? "no drain of ours"} after the answer ${drained}`, () => {
      const known = previous({ note: "drain", mode: "until-restart" }, { note: "drained", drained });
      assert.equal(known?.drained, expected);
    });

  it("is no warning if only the announcement was noted", () => {
    assert.deepEqual(previous({ note: "warn", session: alice })?.warned, []);
  });

  it("is a warning with its time once it was answered, and the reminders that were announced", () => {
    const known = previous(
      { note: "warn", session: alice },
      { note: "warned", session: alice, at },
      { note: "warn", session: alice, reminderMs: 60_000 },
    );
    assert.deepEqual(known?.warned, [{ ...alice, warnedAt: at, remindersMs: [60_000] }]);
  });

  it("is no warning after the user was told that the logoff is cancelled", () => {
    const known = previous({ note: "warned", session: alice, at }, { note: "withdrawn", session: alice });
    assert.deepEqual(known?.warned, []);
  });

  it("is a logoff as soon as it was announced, once per session", () => {
    const known = previous({ note: "logoff", session: alice }, { note: "reset", session: alice });
    assert.deepEqual(known?.asked, [{ ...alice, logoffSent: true }]);
  });

  it("is no logoff if the first one was not sent after all", () => {
    const known = previous({ note: "logoff", session: alice }, { note: "unsent", session: alice });
    assert.deepEqual(known?.asked, []);
  });

  it("is no logoff of a new session if only the one before it was logged off", () => {
    const back: NotedSession = { ...alice, logonTime: "10:15" };
    const known = previous(
      { note: "logoff", session: alice },
      { note: "logoff", session: back },
      { note: "unsent", session: back },
    );
    assert.deepEqual(known?.asked, []);
  });

  it("is still a logoff if only the second one was not sent", () => {
    const again = { note: "logoff", session: alice } as const;
    const known = previous(again, again, { note: "unsent", session: alice });
    assert.deepEqual(known?.asked, [{ ...alice, logoffSent: true }]);
  });

  it("is who was selected, as the last process noted it", () => {
    const known = previous({ note: "selected", sessions: [] }, { note: "selected", sessions: [row] });
    assert.deepEqual(known?.selected, [row]);
  });
});

describe("a host whose run had ended", () => {
  const error = (code: ReportedError["code"]): ReportedError => ({ code, message: "no" });

  for (const [what, changes, isDone] of [
    ["done", {}, true],
    ["failed by itself", { status: "failed", error: error("session-stuck") }, true],
    ["failed because the run was stopped", { status: "failed", error: error("aborted") }, false],
    [
      "failed because the journal could not be written",
      { status: "failed", error: error("journal-failed") },
      false,
    ],
    ["skipped", { status: "skipped", error: error("then-failed") }, false],
    ["skipped for the window", { status: "skipped", error: error("outside-window") }, false],
  ] as const)
    it(`${isDone ? "is finished" : "runs again"} if it is ${what}`, () => {
      const { done, previous: open } = resumedFrom([{ host, ...ended(changes) }]);
      assert.deepEqual([done.has(host), open.has(host)], [isDone, !isDone]);
    });

  it("keeps what it left behind for the run that goes on", () => {
    const warned = [{ ...alice, warnedAt: at, remindersMs: [] }];
    const stopped = ended({ status: "failed", error: error("aborted"), drained: "until-restart", warned });
    const known = previous({ note: "drain", mode: "until-destroy" }, stopped);
    assert.deepEqual([known?.drained, known?.warned], ["until-restart", warned]);
  });

  it("has the report of the wait for its restart, which came later", () => {
    const { done, back } = resumedFrom([
      { host, ...ended({ drained: "until-destroy" }) },
      { host, ...ended({ drained: "undrained" }) },
      { host, note: "back" },
    ] as Note[]);
    assert.deepEqual([done.get(host)?.report.drained, [...back]], ["undrained", [host]]);
  });
});

describe("the waves of a killed run", () => {
  it("have commands that began, or ended with success, for each of their hosts", () => {
    const { commands } = resumedFrom([
      { note: "command", wave: 1, hosts: ["a", "b"] },
      { note: "command-ended", wave: 1, hosts: ["a", "b"] },
      { note: "command", wave: 2, hosts: ["c"] },
    ]);
    assert.deepEqual(
      [...commands],
      [
        ["a", "ended"],
        ["b", "ended"],
        ["c", "began"],
      ],
    );
  });
});

describe("rejected passwords of a killed run", () => {
  it("count until one is accepted", () => {
    const rejected = (one: string): Note => ({ host: one, note: "rejected" });
    assert.deepEqual(resumedFrom([rejected("a"), rejected("b")]).rejectedBy, ["a", "b"]);
    const accepted: Note = { host: "c", note: "accepted" };
    assert.deepEqual(resumedFrom([rejected("a"), accepted, rejected("b")]).rejectedBy, ["b"]);
  });
});
