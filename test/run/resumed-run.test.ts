import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Plan, WarnPlan } from "../../provider/plan/plan";
import type { Journal, Note } from "../../provider/run/journal";
import { resumedFrom } from "../../provider/run/resumed";
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
  const write = (note: Note): Promise<void> => {
    add(note);
    return Promise.resolve();
  };
  return { notes, journal: { add, write } };
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
