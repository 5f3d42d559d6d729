import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { WarnPlan } from "../../../provider/plan/plan";
import type { PreviousRun } from "../../../provider/run/host/state";
import { fleetOf, type Fleet } from "../memory-fleet";

let fleet: Fleet;
afterEach(() => {
  assert.deepEqual(fleet.unexpected, []);
  for (const host of fleet.hosts) assert.equal(host.open, 0, `${host.model.name} has an open connection`);
});

const minute = 60_000;
const hour = 60 * minute;
const warn: WarnPlan = {
  message: "Maintenance in {minutes} minutes.",
  gracePeriodMs: 15 * minute,
  remindersMs: [5 * minute, minute],
  ifUndelivered: "continue",
};

/** What the users of a run have seen, by the ID of their sessions; times are on the monotonic clock. */
interface Seen {
  readonly users: ReadonlyMap<string, User>;
  /** When the run ended. */
  readonly endedAtMs: number;
}
interface User {
  /** The messages, in order. */
  readonly texts: readonly string[];
  readonly warnedAtMs: number;
  readonly askedAtMs: number;
}

/** Alice and Bob are there from the beginning, Carol logs on in their grace period and has one of her own. */
async function run(atMs: number, stepMs: number, previous?: PreviousRun): Promise<Seen> {
  fleet = fleetOf({
    sessions: [
      { id: 2, user: "alice" },
      { id: 3, user: "bob" },
    ],
  });
  const { clock, hosts } = fleet;
  const [host] = hosts;
  assert.ok(host !== undefined);
  const { model, commands } = host;
  clock.at(7 * minute, () => model.logon({ id: 4, user: "carol" }));
  clock.at(atMs, () => clock.setDateBy(stepMs));
  const report = await fleet.runOne(
    { warn },
    previous === undefined ? {} : { previous: new Map([["host1:22", previous]]) },
  );
  assert.deepEqual([report.status, report.warnings, model.people()], ["ok", [], []]);
  assert.ok(clock.now() > atMs, "the step came after the end");
  const users = ["2", "3", "4"].map((id): [string, User] => {
    const asked = commands.filter(({ command }) => command === `logoff.exe ${id}`);
    assert.equal(asked.length, 1, `logoffs of ${id}`);
    const texts = model.messages().flatMap((message) => (String(message.id) === id ? [message.text] : []));
    const [told] = commands.filter(({ command }) => command.startsWith(`msg.exe ${id} `));
    return [id, { texts, warnedAtMs: told?.atMs ?? NaN, askedAtMs: asked[0]?.atMs ?? NaN }];
  });
  return { users: new Map(users), endedAtMs: clock.now() };
}

const allTexts = [15, 5, 1].map((minutes) => `Maintenance in ${minutes} minutes.`);

/** Moments of the run, on the monotonic clock. */
const moments: Readonly<Record<string, (undisturbed: Seen) => number>> = {
  "before the host is contacted": () => 10,
  "before the first warning is sent": ({ users }) => (users.get("2")?.warnedAtMs ?? NaN) - 1,
  "before the first warning is answered": ({ users }) => (users.get("2")?.warnedAtMs ?? NaN) + 10,
  "in the middle of the grace period": () => 6.5 * minute,
  "right before the first reminder": () => 10 * minute,
  "between two reminders": () => 12 * minute,
  "right before the end of the grace period": () => 15 * minute,
  "before a newcomer's warning is answered": ({ users }) => (users.get("4")?.warnedAtMs ?? NaN) + 10,
  "in the grace period of a newcomer": () => 20 * minute,
  "between two reminders of a newcomer": () => 27 * minute,
};

describe("a clock that is set", () => {
  for (const [step, stepMs] of [
    ["forward by an hour", hour],
    ["back by an hour", -hour],
    ["forward by five minutes", 5 * minute],
    ["back by five minutes", -5 * minute],
  ] as const) {
    for (const [moment, momentOf] of Object.entries(moments)) {
      it(`${step} ${moment} changes nobody's grace period and repeats no reminder`, async () => {
        const undisturbed = await run(0, 0);
        const { users, endedAtMs } = await run(momentOf(undisturbed), stepMs);
        for (const [id, { texts, warnedAtMs, askedAtMs }] of users) {
          const hadMs = askedAtMs - warnedAtMs;
          assert.ok(hadMs >= warn.gracePeriodMs, `session ${id} had ${hadMs} ms`);
          const lateMs = askedAtMs - (undisturbed.users.get(id)?.askedAtMs ?? NaN);
          assert.ok(lateMs <= minute, `the logoff of session ${id} came ${lateMs} ms late`);
          assert.deepEqual(texts, allTexts, `messages to session ${id}`);
        }
        assert.ok(endedAtMs <= undisturbed.endedAtMs + minute);
      });
    }

    for (const [when, atMs] of [
      ["right after the run has started, in the rest", 10],
      ["in the rest", 6 * minute],
    ] as const) {
      it(`${step} ${when} of a grace period that a previous run began changes nothing`, async () => {
        // The clock of the fleet begins at ten o'clock.
        const warnedAt = "2026-11-23T21:55:00.000Z";
        const warned = ["alice", "bob"].map((user, index) => {
          return { id: String(index + 2), user, warnedAt, remindersMs: [] };
        });
        const { users } = await run(atMs, stepMs, { warned });
        for (const id of ["2", "3"]) {
          const user = users.get(id);
          assert.deepEqual(user?.texts, allTexts.slice(1), `messages to session ${id}`);
          assert.ok(user.askedAtMs >= 10 * minute && user.askedAtMs <= 11 * minute, `${user.askedAtMs}`);
        }
      });
    }
  }
});
