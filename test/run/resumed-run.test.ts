import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { LogoffError } from "../../provider/base/errors";
import type { Plan, WarnPlan } from "../../provider/plan/plan";
import type { HostReport } from "../../provider/report/report";
import type { Journal, Note } from "../../provider/run/journal";
import { resumedFrom, type Resumed } from "../../provider/run/resumed";
import type { RolloutDeps } from "../../provider/run/rollout";
import type { Session } from "../../provider/session/session";
import { fleetOf, type Fleet } from "./memory-fleet";

let fleet: Fleet;
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0);
});

function keeping(): { readonly notes: Note[]; readonly journal: Journal } {
  const notes: Note[] = [];
  const add = (note: Note): void => void notes.push(note);
  return {
    notes,
    journal: {
      add,
      write: (note) => {
        add(note);
        return Promise.resolve();
      },
    },
  };
}

function session(id: string, user: string): Session {
  const rest = { state: "active", stateText: "Active", kind: "user", own: false, userCertain: true } as const;
  return { id, name: `rdp-tcp#${id}`, user, ...rest };
}

const warn: WarnPlan = {
  message: "Go",
  gracePeriodMs: 60_000,
  remindersMs: [],
  ifUndelivered: "continue",
};
const oneByOne: Partial<Plan> = {
  rollout: { parallel: 1, waves: [{ hosts: 1 }], pauseMs: 0, maxFailures: { hosts: 0 } },
};

describe("a resumed run that may not go on", () => {
  it("undrains the hosts that the killed process drained, and says who has gone", async () => {
    fleet = fleetOf({ sessions: [{ user: "bob" }] });
    const [host] = fleet.hosts;
    assert.ok(host);
    host.model.setDrain("drain");
    const about = { host: "host1:22" };
    const resumed = resumedFrom([
      { ...about, note: "drain", mode: "until-destroy" },
      { ...about, note: "selected", sessions: [session("2", "bob"), session("3", "alice")] },
      { ...about, note: "logoff", session: { id: "3", user: "alice" } },
    ]);
    fleet.stop.abort();
    const { notes, journal } = keeping();
    const report = await fleet.runOne({ ...oneByOne, drain: "until-destroy" }, { resumed, journal });
    assert.equal(report.status, "skipped");
    assert.equal(report.drained, "undrained");
    assert.equal(host.model.drain(), "open");
    assert.deepEqual(host.model.people(), ["bob"]);
    assert.deepEqual(
      report.sessions.map(({ session: { user }, outcome }) => `${user ?? ""} ${outcome}`),
      ["bob failed", "alice logged-off"],
    );
    assert.ok(notes.some((note) => note.note === "drained" && note.drained === "undrained"));
  });

  it("contacts no host that the killed process left as it was", async () => {
    fleet = fleetOf({ sessions: [{ user: "bob" }] });
    const resumed = resumedFrom([{ host: "host1:22", note: "selected", sessions: [session("2", "bob")] }]);
    fleet.stop.abort();
    const report = await fleet.runOne({}, { resumed, journal: keeping().journal });
    assert.equal(report.status, "skipped");
    assert.deepEqual(fleet.hosts[0]?.commands, []);
  });
});

/** What another process reads of the notes. */
function readAgain(notes: readonly Note[]): Resumed {
  return resumedFrom(JSON.parse(JSON.stringify(notes)) as Note[]);
}

function outcomes({ sessions }: HostReport): readonly string[] {
  return sessions.flatMap(({ session: { user }, outcome }) =>
    user === undefined ? [] : [`${user} ${outcome}`],
  );
}

/** Runs a plan until it is stopped at a time. */
function stoppedAt(ms: number, plan: Partial<Plan>, deps: Partial<RolloutDeps>): Promise<HostReport> {
  const stop = new AbortController();
  fleet.clock.after(ms, () => stop.abort(new LogoffError("aborted", "stopped")));
  return fleet.runOne(plan, { ...deps, stop: stop.signal });
}

describe("the report of a resumed run", () => {
  it("has the people who had gone before the first process was stopped, after any number of processes", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }, { user: "bob" }] });
    const [host] = fleet.hosts;
    const { notes, journal } = keeping();
    fleet.clock.after(70_000, () => host?.model.leave(2));
    const long = { ...warn, gracePeriodMs: 600_000 };
    const first = await stoppedAt(130_000, { warn: long }, { journal });
    assert.deepEqual(outcomes(first), ["alice left", "bob failed"]);
    const stop = new AbortController();
    stop.abort(new LogoffError("aborted", "stopped"));
    const second = await fleet.runOne(
      { warn: long },
      { journal, resumed: readAgain(notes), stop: stop.signal },
    );
    assert.deepEqual(outcomes(second), ["alice left"]);
    const third = await fleet.runOne({ warn: long }, { journal, resumed: readAgain(notes) });
    assert.equal(third.status, "ok");
    assert.deepEqual(outcomes(third), ["alice left", "bob logged-off"]);
  });

  it("has the people whom the first process had logged off, and the host settles again", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }] });
    const { notes, journal } = keeping();
    const plan = { settleMs: 600_000 };
    const first = await stoppedAt(60_000, plan, { journal });
    assert.equal(first.status, "skipped");
    const startedAtMs = fleet.clock.now();
    const second = await fleet.runOne(plan, { journal, resumed: readAgain(notes) });
    assert.equal(second.status, "ok");
    assert.deepEqual(outcomes(second), ["alice logged-off"]);
    assert.ok(fleet.clock.now() - startedAtMs >= 600_000);
  });

  it("has the new session of a person who has logged on again, not the old one", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }] });
    const [host] = fleet.hosts;
    const { notes, journal } = keeping();
    await stoppedAt(60_000, { settleMs: 600_000 }, { journal });
    host?.model.logon({ id: 2, user: "alice" });
    const second = await fleet.runOne({}, { journal, resumed: readAgain(notes) });
    assert.deepEqual(outcomes(second), ["alice logged-off"]);
  });
});

describe("a host that a stopped run had not come to", () => {
  it("is selected by the resumed run itself", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }] }, { sessions: [{ user: "bob" }] });
    const { notes, journal } = keeping();
    await stoppedAt(30_000, { ...oneByOne, ifArrived: "ignore", warn }, { journal });
    const plan: Partial<Plan> = { ...oneByOne, ifArrived: "ignore" };
    const { hosts } = await fleet.run(plan, { journal, resumed: readAgain(notes) });
    assert.deepEqual(hosts.map(outcomes), [["alice logged-off"], ["bob logged-off"]]);
  });
});

describe("the notes of a run", () => {
  it("name the people who came after the first selection and are logged off too", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }] });
    const [host] = fleet.hosts;
    const { notes, journal } = keeping();
    void fleet.clock
      .sleep(30_000, new AbortController().signal)
      .then(() => host?.model.logon({ user: "bob" }));
    const report = await fleet.runOne({ warn }, { journal });
    assert.equal(report.status, "ok");
    const selected = notes.flatMap((note) =>
      note.note === "selected" ? [note.sessions.map(({ user }) => user)] : [],
    );
    assert.deepEqual(selected, [["alice"], ["alice", "bob"]]);
  });
});

describe("the note that a command was not sent", () => {
  it("is only about a command that was noted, since it takes back the note before it", async () => {
    const users = ["alice", "bob", "carol"];
    fleet = fleetOf({
      sessions: users.map((user) => ({ user })),
      faults: [{ on: "logoff.exe", times: 2, trouble: { delayMs: 10_000 } }],
    });
    const { notes, journal } = keeping();
    await stoppedAt(5_000, {}, { journal });
    const about = (kind: Note["note"]): readonly string[] =>
      notes.flatMap((one) => (one.note === kind && "session" in one ? [one.session.user] : []));
    assert.deepEqual([about("logoff"), about("unsent")], [["alice", "bob"], []]);
  });
});

describe("the cancel message", () => {
  it("is sent once it is noted that the user has to be warned again", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }] });
    const { notes, journal } = keeping();
    const seenBefore: number[] = [];
    const slow: Journal = {
      ...journal,
      write: async (note) => {
        await fleet.clock.sleep(5_000, new AbortController().signal);
        if (note.note === "withdrawn") seenBefore.push(fleet.hosts[0]?.model.messages().length ?? NaN);
        notes.push(note);
      },
    };
    const cancelMessage = "Never mind";
    await stoppedAt(40_000, { warn: { ...warn, cancelMessage } }, { journal: slow });
    assert.deepEqual(seenBefore, [1]);
    assert.equal(fleet.hosts[0]?.model.messages().at(-1)?.text, cancelMessage);
  });

  it("is sent although the journal cannot be written", async () => {
    fleet = fleetOf({ sessions: [{ user: "alice" }] });
    const { journal } = keeping();
    const broken: Journal = {
      ...journal,
      write: (note) =>
        note.note === "withdrawn"
          ? Promise.reject(new LogoffError("journal-failed", "no room"))
          : journal.write(note),
    };
    await stoppedAt(40_000, { warn: { ...warn, cancelMessage: "Never mind" } }, { journal: broken });
    assert.equal(fleet.hosts[0]?.model.messages().at(-1)?.text, "Never mind");
  });
});

describe("a grace period", () => {
  it("begins when the host has answered the warning, since a slow host shows it late", async () => {
    fleet = fleetOf({
      sessions: [{ user: "alice" }],
      faults: [{ on: "msg.exe", trouble: { delayMs: 10_000 } }],
    });
    const { notes, journal } = keeping();
    assert.equal((await fleet.runOne({ warn }, { journal })).status, "ok");
    const sentAtMs = (program: string): number =>
      fleet.hosts[0]?.commands.find(({ command }) => command.startsWith(program))?.atMs ?? NaN;
    assert.ok(sentAtMs("logoff.exe") - sentAtMs("msg.exe") >= 70_000);
    assert.equal(notes.filter(({ note }) => note === "warned").length, 1);
  });
});
