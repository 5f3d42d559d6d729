import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOutcome } from "../../../provider/report/report";
import { sessionWork, type Answer, type Progress, type SessionWork } from "../../../provider/run/host/state";
import { verdict, type Limits, type Place } from "../../../provider/run/host/verdict";
import { aSession } from "../../session/sample";

const session = aSession({ id: "2", user: "alice", logonTime: "9:30" });
const label = "host1:22";
const timeoutMs = 300_000;
/** The step begins long before the command of the session is sent, so that no row can confuse the two. */
const startedAtMs = 1_000_000;
const sentAtMs = startedAtMs + 2 * timeoutMs;

// What the listing shows.
const gone: Place = { is: "gone" };
const reused: Place = { is: "gone", reusedBy: aSession({ id: "2", user: "bob" }) };
const returned: Place = { is: "returned", session: aSession({ id: "2", user: "alice", logonTime: "10:30" }) };
const leftover: Place = {
  is: "gone",
  leftover: aSession({ id: "2", kind: "leftover", stateText: "closing" }),
};
const closing: Place = { is: "closing" };
const present: Place = {
  is: "present",
  session: aSession({ id: "2", user: "alice", state: "disconnected" }),
};
const kept: Place = { is: "kept", session: aSession({ id: "2", user: "alice" }), reason: "excepted" };

// What the host has answered.
const answers = {
  accepted: { kind: "accepted" },
  absent: { kind: "absent" },
  busy: { kind: "busy" },
  denied: { kind: "denied", detail: "access is denied" },
  refused: { kind: "refused", detail: "Error 1 is unknown" },
  lost: { kind: "lost" },
  withheld: { kind: "withheld", error: { code: "aborted", message: "The run was stopped" } },
} as const satisfies Record<string, Answer>;
type Kind = keyof typeof answers;

// The progress so far.
function answered(kind: Kind | undefined): { readonly answer?: Answer } {
  return kind === undefined ? {} : { answer: answers[kind] };
}
function waiting(kind?: Kind): Progress {
  return { is: "waiting", ...answered(kind) };
}
function asked(kind?: Kind): Progress {
  return { is: "asked", atMs: sentAtMs, ...answered(kind) };
}
function reset(kind?: Kind): Progress {
  return { is: "reset", atMs: sentAtMs, ...answered(kind) };
}
function resetNotSent(kind?: Kind): Progress {
  return { is: "reset", atMs: null, ...answered(kind) };
}

/** What else decides. Unless a row says otherwise, nobody was warned, a stuck session fails and commands may still be sent. */
type More = Partial<Pick<SessionWork, "warning" | "askedBefore" | "waitOnly">> &
  Partial<Pick<Limits, "ifStuck" | "mayStillSend" | "timeoutMs">>;

const told = { at: "2026-11-23T22:00:00Z", atMs: 0, remindersMs: [] };
const isWarned: More = { warning: { is: "sent", ...told } };
const mayBeWarned: More = { warning: { is: "undelivered", ...told } };
const wasWarned: More = { warning: { is: "previous-logon" } };
const wasAsked: More = { askedBefore: true };
const isOnlyAwaited: More = { askedBefore: true, waitOnly: true };
const resets: More = { ifStuck: "reset" };
const tolerates: More = { ifStuck: "continue" };
const tooLate: More = { mayStillSend: false };
const resetsTooLate: More = { ...resets, ...tooLate };

// What follows; the outcomes without a message are in the rows.
const same = "same";
const still = (why: string): string =>
  `still-present session-stuck: it is still there 5m after the logoff was sent; ${why}`;
const stillClosing = still(
  "the host is still closing it: raise `timeouts.logoff` to give it more time, or restart the host",
);
const stillBusy = still(
  "the host answers that it is busy with it: raise `timeouts.logoff` to give it more time",
);
const stuck = still(
  "look at its programs on the host, raise `timeouts.logoff`, or use `ifStuck: reset` to end it",
);
const stuckAfterReset = still("the reset did not end it either: restart the host");
const notReset = still("no reset could be sent: run again, or restart the host");
const denied = "failed permission-denied: access is denied";
const refused = "failed command-failed: Error 1 is unknown";
const withheld = "failed aborted: The run was stopped";

/**
 * What a session does, the listing, the progress so far, the seconds since the command was sent (or else since the step began), what
 * follows, and what else decides.
 */
type Row = readonly [string, Place, Progress, number, string, More?];

// prettier-ignore
const tables: Readonly<Record<string, readonly Row[]>> = {
  "a session that is gone after its logoff was sent": [
    ["is logged off before the host answers", gone, asked(), 0, "logged-off"],
    ["is logged off if the host accepted", gone, asked("accepted"), 0, "logged-off"],
    ["is logged off if the host was busy with it", gone, asked("busy"), 0, "logged-off"],
    ["is logged off if the answer was lost", gone, asked("lost"), 0, "logged-off"],
    ["is logged off if the host refused", gone, asked("refused"), 0, "logged-off"],
    ["is logged off after any time", gone, asked("accepted"), 900, "logged-off"],
    ["is logged off if another user has its ID", reused, asked("accepted"), 0, "logged-off"],
    ["is logged off if its user was warned", gone, asked(), 0, "logged-off", isWarned],
    ["was gone already if the logoff found nobody", gone, asked("absent"), 0, "already-gone"],
    ["was gone already if the logoff was denied", gone, asked("denied"), 0, "already-gone"],
    ["has left if its warned user was not found", gone, asked("absent"), 0, "left", isWarned],
    ["has left if its user was warned and the logoff denied", gone, asked("denied"), 0, "left", isWarned],
    ["is logged off by the previous run if it was not found", gone, asked("absent"), 0, "logged-off", wasAsked],
  ],
  "a session that is gone before its logoff was sent": [
    ["was gone already", gone, waiting(), 0, "already-gone"],
    ["was gone already if another user has its ID", reused, waiting(), 0, "already-gone"],
    ["was gone already if others were denied", gone, waiting("denied"), 0, "already-gone"],
    ["was gone already if its logoff was withheld", gone, waiting("withheld"), 0, "already-gone"],
    ["was gone already if its logoff could not be sent", gone, waiting("refused"), 0, "already-gone"],
    ["was gone already if its user was warned in a previous logon", gone, waiting(), 0, "already-gone", wasWarned],
    ["has left if its user was warned", gone, waiting(), 0, "left", isWarned],
    ["has left if its user may have seen the warning", gone, waiting(), 0, "left", mayBeWarned],
    ["has left if its user was warned and the previous run asked it", gone, waiting(), 0, "left", { ...isWarned, ...wasAsked }],
    ["is logged off if the previous run asked it", gone, waiting(), 0, "logged-off", wasAsked],
    ["is logged off if it was only waited for", gone, waiting(), 0, "logged-off", isOnlyAwaited],
  ],
  "a session that is gone when a reset is due": [
    ["is logged off before the reset is sent", gone, resetNotSent(), 0, "logged-off"],
    ["is logged off if the reset was withheld", gone, resetNotSent("withheld"), 0, "logged-off"],
    ["is logged off after the reset", gone, reset(), 0, "logged-off"],
    ["is logged off if the reset found nobody", gone, reset("absent"), 0, "logged-off"],
    ["is logged off if the reset was denied", gone, reset("denied"), 0, "logged-off"],
    ["is logged off if its user was warned", gone, reset("accepted"), 0, "logged-off", isWarned],
  ],
  "a session whose user has logged on again": [
    ["is logged off if it was asked", returned, asked("accepted"), 0, "logged-off"],
    ["was gone already if the logoff found nobody", returned, asked("absent"), 0, "already-gone"],
    ["was gone already if it was not asked", returned, waiting(), 0, "already-gone"],
    ["has left if its user was warned", returned, waiting(), 0, "left", isWarned],
    ["is logged off if the previous run asked it", returned, waiting(), 0, "logged-off", wasAsked],
    ["is logged off after a reset", returned, reset("accepted"), 0, "logged-off"],
  ],
  "a session that left processes behind": [
    ["is awaited for 10 s", leftover, asked("accepted"), 9.999, same],
    ["is logged off after 10 s", leftover, asked("accepted"), 10, "logged-off"],
    ["is awaited for 10 s if a stuck one is tolerated", leftover, asked("accepted"), 9.999, same, tolerates],
    ["is logged off after 10 s if a stuck one is tolerated", leftover, asked("accepted"), 10, "logged-off", tolerates],
    ["is awaited no longer than a logoff", leftover, asked("accepted"), 4, "logged-off", { timeoutMs: 4_000 }],
    ["is awaited within the time of a short logoff", leftover, asked("accepted"), 3.999, same, { timeoutMs: 4_000 }],
    ["is awaited as long as a logoff if a reset follows", leftover, asked("accepted"), 299.999, same, resets],
    ["is logged off when the reset may follow", leftover, asked("accepted"), 300, "logged-off", resets],
    ["is awaited if the logoff found nobody", leftover, asked("absent"), 9.999, same],
    ["was gone already if the logoff found nobody in time", leftover, asked("absent"), 10, "already-gone"],
    ["was gone already if it was not asked", leftover, waiting(), 0, "already-gone"],
    ["has left if it was not asked and its user was warned", leftover, waiting(), 0, "left", isWarned],
    ["waits for its reset", leftover, resetNotSent(), 0, same, resets],
    ["waits for its reset while others have their turn", leftover, resetNotSent(), 900, same, resets],
    ["is logged off if its reset can no longer be sent", leftover, resetNotSent(), 300, "logged-off", resetsTooLate],
    ["is logged off if its reset was withheld", leftover, resetNotSent("withheld"), 0, "logged-off", resets],
    ["is awaited after its reset", leftover, reset("accepted"), 299.999, same, resets],
    ["is logged off if the reset did not end them", leftover, reset("accepted"), 300, "logged-off", resets],
  ],
  "a session that is closing": [
    ["is awaited", closing, asked("accepted"), 299.999, same],
    ["is awaited before the host answers", closing, asked(), 299.999, same],
    ["is awaited if the logoff was denied", closing, asked("denied"), 299.999, same],
    ["is awaited if the host refused", closing, asked("refused"), 299.999, same],
    ["is awaited if it was not asked", closing, waiting(), 299.999, same],
    ["is awaited if the previous run asked it", closing, waiting(), 299.999, same, isOnlyAwaited],
    ["is awaited after its reset", closing, reset("accepted"), 299.999, same],
    ["is awaited before its reset", closing, resetNotSent(), 299.999, same],
    ["is still there when the time is up", closing, asked("accepted"), 300, stillClosing],
    ["is still there if the host is busy with it", closing, asked("busy"), 300, stillClosing],
    ["is still there if it was not asked", closing, waiting(), 300, stillClosing],
    ["is still there if it was only waited for", closing, waiting(), 300, stillClosing, isOnlyAwaited],
    ["is still there after its reset", closing, reset("accepted"), 300, stillClosing],
    ["is still there if its reset could not be sent", closing, resetNotSent(), 300, stillClosing],
  ],
  "a session that is present": [
    ["is awaited before the host answers", present, asked(), 299.999, same],
    ["is awaited if the host accepted", present, asked("accepted"), 299.999, same],
    ["is awaited if the host did not find it", present, asked("absent"), 299.999, same],
    ["is awaited if the host is busy with it", present, asked("busy"), 299.999, same],
    ["is awaited if the answer was lost", present, asked("lost"), 299.999, same],
    ["waits for its turn", present, waiting(), 299.999, same],
    ["may still end if it can no longer be asked", present, waiting(), 299.999, same, tooLate],
    ["is awaited after its reset", present, reset("accepted"), 299.999, same],
    ["waits for its reset", present, resetNotSent(), 299.999, same],
    ["is kept if it was only waited for", present, waiting(), 0, "kept no-longer-matches", { waitOnly: true }],
  ],
  "a session that is present and may not be logged off": [
    ["fails at once if its logoff was denied", present, asked("denied"), 0, denied],
    ["fails at once if the logoff of another was denied", present, waiting("denied"), 0, denied],
    ["fails at once if its reset was denied", present, reset("denied"), 0, denied],
    ["fails at once if its logoff was withheld", present, waiting("withheld"), 0, withheld],
    ["fails at once if its reset was withheld", present, resetNotSent("withheld"), 0, withheld],
    ["may still end within 5 s if the host refused", present, asked("refused"), 4.999, same],
    ["fails after 5 s if the host refused", present, asked("refused"), 5, refused],
    ["may still end within 5 s if its logoff could not be sent", present, waiting("refused"), 4.999, same],
    ["fails after 5 s if its logoff could not be sent", present, waiting("refused"), 5, refused],
    ["may still end within 5 s if the host refused the reset", present, reset("refused"), 4.999, same],
    ["fails after 5 s if the host refused the reset", present, reset("refused"), 5, refused],
  ],
  "a session that is present when the time is up": [
    ["is stuck", present, asked("accepted"), 300, stuck],
    ["is stuck if the host never answered", present, asked(), 300, stuck],
    ["is stuck if the answer was lost", present, asked("lost"), 300, stuck],
    ["is stuck if the host did not find it", present, asked("absent"), 300, stuck],
    ["is stuck if that is tolerated", present, asked("accepted"), 300, stuck, tolerates],
    ["is stuck if nothing may be sent any more", present, asked("accepted"), 300, stuck, tooLate],
    ["is stuck if a reset may follow", present, asked("accepted"), 300, notReset, resets],
    ["is stuck because the host is busy with it", present, asked("busy"), 300, stillBusy],
    ["is stuck because the host is busy with it, even if a reset may follow", present, asked("busy"), 300, stillBusy, resets],
    ["is stuck after its reset", present, reset("accepted"), 300, stuckAfterReset, resets],
    ["is stuck because the host is busy with its reset", present, reset("busy"), 300, stillBusy, resets],
    ["is stuck if its reset can no longer be sent", present, resetNotSent(), 300, notReset, resetsTooLate],
    ["waits for its reset while it may be sent", present, resetNotSent(), 900, same, resets],
    ["waits for its turn while it may be asked", present, waiting(), 900, same],
    ["fails if it can no longer be asked", present, waiting(), 300, "failed command-failed: no logoff could be sent within 5m; run again", tooLate],
  ],
  "a session that is back and no longer selected": [
    ["is kept", kept, waiting(), 0, "kept excepted"],
    ["is kept when the time is up", kept, waiting(), 900, "kept excepted", tooLate],
    ["is kept if its logoff was withheld", kept, waiting("withheld"), 0, "kept excepted"],
  ],
};

function judge(row: Row): { readonly one: SessionWork; readonly next: Progress } {
  const [, place, progress, waitedSeconds, , { ifStuck, mayStillSend, timeoutMs: otherMs, ...fields } = {}] =
    row;
  const isSent = "atMs" in progress && progress.atMs !== null;
  const nowMs = (isSent ? sentAtMs : startedAtMs) + waitedSeconds * 1000;
  const one: SessionWork = { ...sessionWork(session), progress, ...fields };
  const limits: Limits = {
    label,
    ifStuck: ifStuck ?? "fail",
    startedAtMs,
    timeoutMs: otherMs ?? timeoutMs,
    mayStillSend: mayStillSend ?? true,
  };
  return { one, next: verdict(one, place, nowMs, limits) };
}

function textOf(outcome: SessionOutcome): string {
  if (outcome.outcome === "kept") return `kept ${outcome.reason}`;
  if (!("message" in outcome)) return outcome.outcome;
  const start = `Cannot log off session 2 (alice) on "${label}": `;
  assert.ok(outcome.message.startsWith(start), outcome.message);
  return `${outcome.outcome} ${outcome.code}: ${outcome.message.slice(start.length)}`;
}

/** The commands that were sent, as the progress tells. */
function sentIn(progress: Progress): string {
  if (progress.is === "waiting") return "nothing";
  return progress.is === "reset" && progress.atMs !== null ? "reset" : "logoff";
}

for (const [subject, rows] of Object.entries(tables)) {
  describe(subject, () => {
    for (const row of rows) {
      const [name, place, progress, , expected] = row;
      it(name, () => {
        const { one, next } = judge(row);
        assert.equal(one.progress, progress, "verdict changes nothing");
        if (next.is !== "done") {
          assert.equal(expected, same);
          assert.equal(next, progress);
          return;
        }
        assert.equal(textOf(next.outcome), expected);
        assert.equal(next.outcome.session, place.is === "kept" ? place.session : session);
        assert.deepEqual([next.sent, next.answer], [sentIn(progress), progress.answer]);
      });
    }
  });
}

describe("a session that is done", () => {
  const places = { gone, reused, returned, leftover, closing, present, kept };
  for (const [name, place] of Object.entries(places)) {
    it(`stays done if the listing shows it as ${name}`, () => {
      const done: Progress = {
        is: "done",
        outcome: { session, outcome: "kept", reason: "not-warned" },
        sent: "nothing",
        answer: answers.denied,
      };
      const { next } = judge([name, place, done, 900, same, { waitOnly: true, mayStillSend: false }]);
      assert.equal(next, done);
    });
  }
});

describe("the table of verdicts", () => {
  it("has a row for every place with every progress, and for every answer", () => {
    const rows = Object.values(tables).flat();
    const seen = new Set(rows.map(([, place, progress]) => `${place.is} ${progress.is}`));
    for (const place of ["gone", "returned", "closing", "present"])
      for (const progress of ["waiting", "asked", "reset"])
        assert.ok(seen.has(`${place} ${progress}`), `no row for ${place} ${progress}`);
    const kinds = new Set(rows.map(([, , progress]) => progress.answer?.kind));
    assert.deepEqual(kinds, new Set([undefined, ...Object.keys(answers)]));
  });
});
