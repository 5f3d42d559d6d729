import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../../provider/base/errors";
import type { ProgressLines } from "../../../provider/pulumi/progress/lines";
import { progressLines } from "../../../provider/pulumi/progress/progress-lines";
import { undrainLines } from "../../../provider/pulumi/progress/undrain-lines";
import { namedVoice } from "../../../provider/pulumi/progress/voice";
import type { ProgressEvent } from "../../../provider/report/events";
import type { DrainOutcome, HostReport } from "../../../provider/report/report";
import type { Session } from "../../../provider/session/session";
import { hostReport } from "../../report/sample";
import { handClock } from "../process/hand-clock";

const alice: Session = {
  id: "2",
  user: "alice\u001b[2J",
  userCertain: true,
  kind: "user",
  state: "active",
  stateText: "Active",
  own: false,
};
const done = hostReport({
  host: "a:22",
  durationMs: 1,
  warnings: ["no TERM04"],
  sessions: [{ session: alice, outcome: "logged-off" }],
});
const failed: HostReport = {
  ...done,
  status: "failed",
  warnings: [],
  sessions: [],
  error: { code: "timed-out", message: "no answer" },
};

function printed(
  hosts: number,
  status?: (line: string) => void,
): {
  lines: string[];
  tell: ProgressLines["hear"];
  end: () => void;
  pass: (ms: number) => void;
  waiting: () => number;
} {
  const lines: string[] = [];
  const clock = handClock();
  const print = (line: string): void => void lines.push(line);
  const { hear, end } = progressLines({ hosts, clock, voice: namedVoice("pre-patch", print, status) });
  return { lines, tell: hear, end, pass: clock.pass, waiting: clock.waiting };
}

const finished = (host: string, more: Partial<HostReport> = {}): ProgressEvent => ({
  type: "host-finished",
  host,
  report: { ...done, host, warnings: [], ...more },
});
const skipped = (host: string, code: ErrorCode): ProgressEvent =>
  finished(host, { status: "skipped", sessions: [], error: { code, message: "Stopped" } });

describe("progress", () => {
  it("of a few hosts prints every step without control characters", () => {
    const { lines, tell } = printed(2);
    tell({ type: "run-started", hosts: 2 });
    tell({ type: "host-started", host: "a:22" });
    tell({ type: "host-connected", host: "a:22", platform: "windows" });
    tell({ type: "host-listed", host: "a:22", sessions: 1, selected: 1 });
    tell({ type: "session-logoff-sent", host: "a:22", session: alice });
    tell({ type: "host-waiting", host: "a:22", sessions: Array<Session>(7).fill({ ...alice, user: "x" }) });
    tell({ type: "session-gone", host: "a:22", session: alice });
    tell({ type: "host-finished", host: "a:22", report: done });
    tell({ type: "host-finished", host: "b:22", report: failed });
    tell({ type: "run-finished" });
    assert.deepEqual(lines, [
      "pre-patch: a:22: connected (windows)",
      "pre-patch: a:22: 1 session, 1 selected",
      "pre-patch: a:22: logging off 2 (alice [2J)",
      "pre-patch: a:22: waiting for 2 (x), 2 (x), 2 (x), 2 (x), 2 (x) and 2 more to end",
      "pre-patch: a:22: 2 (alice [2J) is gone",
      "pre-patch: a:22: warning: no TERM04",
      "pre-patch: a:22: done, 1 logged off",
      "pre-patch: b:22: failed: timed-out: no answer",
    ]);
  });

  it("of a few hosts prints a shared error once", () => {
    const { lines, tell } = printed(3);
    const lost = (host: string): ProgressEvent =>
      finished(host, { ...failed, host, error: { code: "host-unreachable", message: `Lost "${host}"` } });
    for (const host of ["a:22", "b:22"]) tell(lost(host));
    assert.deepEqual(lines, [
      'pre-patch: a:22: failed: host-unreachable: Lost "a:22"',
      "pre-patch: b:22: failed: host-unreachable, as on a:22",
    ]);
  });

  it("prints the awaited sessions when they change, otherwise every 30 s", () => {
    const { lines, tell, pass } = printed(1);
    const waitFor = (...ids: readonly string[]): void =>
      tell({ type: "host-waiting", host: "a:22", sessions: ids.map((id) => ({ ...alice, id, user: "x" })) });
    for (let second = 0; second < 40; second += 1) {
      waitFor("2", "3");
      pass(1000);
    }
    waitFor("3");
    assert.deepEqual(lines, [
      "pre-patch: a:22: waiting for 2 (x), 3 (x) to end",
      "pre-patch: a:22: waiting for 2 (x), 3 (x) to end",
      "pre-patch: a:22: waiting for 3 (x) to end",
    ]);
  });

  it("prints nothing after its end", () => {
    const { lines, tell, end } = printed(1);
    end();
    tell(finished("a:22"));
    assert.deepEqual(lines, []);
  });
});

describe("progress of many hosts", () => {
  it("prints every error and warning, and a count every few seconds", () => {
    const { lines, tell, pass, end } = printed(100);
    tell({ type: "host-connected", host: "a:22", platform: "windows" });
    for (let second = 0; second < 12; second += 1) {
      tell(finished(`h${second}:22`));
      pass(1000);
    }
    tell({ type: "host-finished", host: "b:22", report: failed });
    tell({ type: "host-finished", host: "c:22", report: done });
    tell({ type: "run-finished" });
    end();
    assert.deepEqual(lines, [
      "pre-patch: 5 of 100 hosts done, 5 sessions logged off",
      "pre-patch: 10 of 100 hosts done, 10 sessions logged off",
      "pre-patch: b:22: failed: timed-out: no answer",
      "pre-patch: c:22: warning: no TERM04",
      "pre-patch: 13 of 100 hosts done, 1 failed, 13 sessions logged off",
    ]);
  });

  it("continues while nothing happens, and ends with the run, even a failed one", () => {
    const { lines, pass, end, waiting } = printed(100);
    pass(11_000);
    end();
    pass(60_000);
    const line = "pre-patch: 0 of 100 hosts done, 0 sessions logged off";
    assert.deepEqual(lines, [line, line, line]);
    assert.equal(waiting(), 0);
  });

  it("counts hosts in their grace period and names other slow hosts", () => {
    const { lines, tell, pass, end } = printed(100);
    for (const host of ["a:22", "b:22", "c:22"]) tell({ type: "host-started", host });
    pass(4000);
    tell({ type: "grace-started", host: "b:22", gracePeriodMs: 60_000 });
    tell({ type: "grace-started", host: "c:22", gracePeriodMs: 60_000 });
    pass(21_000);
    tell({ type: "session-left", host: "b:22", session: alice });
    tell({ type: "session-logoff-sent", host: "c:22", session: alice });
    pass(25_000);
    pass(35_000);
    end();
    const line = (more: string): string =>
      `pre-patch: 0 of 100 hosts done${more.replace(";", ", 0 sessions logged off;")}`;
    assert.deepEqual(
      [lines[4], lines[9], lines.at(-1)],
      [
        line(", 2 in their grace period; longest at work: a:22 (25s)"),
        line(", 1 in their grace period; longest at work: a:22 (50s), c:22 (25s)"),
        line("; longest at work: a:22 (1m25s), c:22 (1m), b:22 (21s)"),
      ],
    );
  });

  it("names the slowest hosts at the end, not counting their grace periods", () => {
    const { lines, tell, end } = printed(100);
    tell(finished("a:22", { durationMs: 30_000 }));
    const phases = [
      { phase: "connected", fromMs: 0, toMs: 1000 },
      { phase: "warned", fromMs: 1000, toMs: 901_000 },
      { phase: "warned", fromMs: 910_000, toMs: 1_800_000 },
    ] as const;
    tell(finished("b:22", { durationMs: 1_815_000, phases }));
    tell(finished("c:22", { durationMs: 1_811_000, phases }));
    end();
    assert.equal(lines.at(-1), "pre-patch: slowest hosts: a:22 (30s), b:22 (25s), c:22 (21s)");
  });

  it("prints a shared error once, and at the end the number of other hosts with it", () => {
    const { lines, tell, end } = printed(1000);
    for (let index = 0; index < 1000; index += 1) {
      const host = `h${index}:22`;
      tell(
        finished(host, { ...failed, host, error: { code: "host-unreachable", message: `Lost "${host}"` } }),
      );
    }
    end();
    assert.deepEqual(lines, [
      'pre-patch: h0:22: failed: host-unreachable: Lost "h0:22"',
      "pre-patch: 999 more hosts failed: host-unreachable, as on h0:22",
      "pre-patch: 0 of 1000 hosts done, 1000 failed, 0 sessions logged off",
    ]);
  });

  it("prints each reason for skipping once, and counts the other hosts", () => {
    const { lines, tell, end } = printed(1000);
    tell({ type: "host-finished", host: "a:22", report: failed });
    for (let host = 0; host < 900; host += 1) tell(skipped(`h${host}:22`, "budget-exceeded"));
    for (let host = 0; host < 99; host += 1) tell(skipped(`w${host}:22`, "outside-window"));
    end();
    assert.deepEqual(lines, [
      "pre-patch: a:22: failed: timed-out: no answer",
      "pre-patch: h0:22: skipped: budget-exceeded: Stopped",
      "pre-patch: w0:22: skipped: outside-window: Stopped",
      "pre-patch: 899 more hosts skipped: budget-exceeded, as on h0:22",
      "pre-patch: 98 more hosts skipped: outside-window, as on w0:22",
      "pre-patch: 0 of 1000 hosts done, 1 failed, 999 skipped, 0 sessions logged off",
    ]);
  });

  it("names twenty hosts with the same warning and counts the others", () => {
    const { lines, tell, end } = printed(1000);
    for (let index = 0; index < 500; index += 1) {
      const host = `h${index}:22`;
      const own = index === 7 ? ["something else"] : [];
      tell(finished(host, { warnings: [`Could not look at "${host}"`, ...own] }));
    }
    end();
    const warnings = lines.filter((line) => line.includes("warning"));
    assert.equal(warnings.length, 22);
    assert.equal(warnings[0], 'pre-patch: h0:22: warning: Could not look at "h0:22"');
    assert.equal(warnings[8], "pre-patch: h7:22: warning: something else");
    assert.equal(warnings[21], 'pre-patch: warning: on 480 more hosts: Could not look at "…"');
  });

  it("uses the live status if there is one, and prints fewer lines", () => {
    const live: string[] = [];
    const { lines, tell, pass, end, waiting } = printed(100, (line) => live.push(line));
    for (let second = 0; second < 61; second += 1) {
      tell(finished(`h${second}:22`));
      pass(1000);
    }
    assert.equal(live.length, 30);
    assert.equal(live[0], "pre-patch: 2 of 100 hosts done, 2 sessions logged off");
    assert.deepEqual(lines, ["pre-patch: 60 of 100 hosts done, 60 sessions logged off"]);
    end();
    assert.equal(waiting(), 0);
  });
});

describe("progress of undraining", () => {
  const undraining = (
    hosts: number,
    outcomes: readonly DrainOutcome[],
  ): { lines: string[]; live: string[]; waiting: () => number } => {
    const lines: string[] = [];
    const live: string[] = [];
    const clock = handClock();
    const print = (line: string): void => void lines.push(line);
    const status = (line: string): void => void live.push(line);
    const { hear, end } = undrainLines({ hosts, clock, voice: namedVoice("pre-patch", print, status) });
    outcomes.forEach((drained, index) => {
      hear({ type: "host-drained", host: `h${index}:22`, drained });
      clock.pass(1000);
    });
    end();
    hear({ type: "host-drained", host: "late:22", drained: "undrained" });
    return { lines, live, waiting: clock.waiting };
  };

  it("of a few hosts names every host", () => {
    assert.deepEqual(undraining(2, ["undrained", "undrained"]).lines, [
      "pre-patch: h0:22: accepts new logons again",
      "pre-patch: h1:22: accepts new logons again",
    ]);
  });

  it("of many hosts counts undrained hosts, live and again at the end", () => {
    const { lines, live, waiting } = undraining(1000, [
      ...Array<DrainOutcome>(70).fill("undrained"),
      "already",
    ]);
    assert.equal(live[0], "pre-patch: 2 of 1000 hosts accept new logons again");
    assert.deepEqual(lines, [
      "pre-patch: 60 of 1000 hosts accept new logons again",
      "pre-patch: 70 of 1000 hosts accept new logons again, 1 in a mode that somebody else has set",
    ]);
    assert.equal(waiting(), 0);
  });
});
