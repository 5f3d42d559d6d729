import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Plan } from "../../../provider/plan/plan";
import type { ProgressEvent } from "../../../provider/report/events";
import type { Report } from "../../../provider/report/report";
import type { PreviousRun } from "../../../provider/run/host/state";
import type { LogoffBehavior } from "../../lab/windows/session-model";
import { fleetOf, type Fleet, type MemoryHost } from "../memory-fleet";
import { proveStopped } from "../stopped";

const minute = 60_000;
const cancelMessage = "The maintenance is cancelled.";
/** More people than concurrent logoffs. */
const people = ["alice", "bob", "carol", "dave"];

/** A plan with every step. Its two hosts share one host slot. */
function plan(withCancelMessage: boolean): Partial<Plan> {
  return {
    drain: "until-restart",
    ifStuck: "reset",
    timeouts: { commandMs: 30_000, logoffMs: minute, totalMs: null },
    rollout: { parallel: 1, waves: [], pauseMs: 0, maxFailures: null },
    warn: {
      message: "Maintenance in {minutes} minutes",
      gracePeriodMs: 10 * minute,
      remindersMs: [minute],
      ifUndelivered: "continue",
      ...(withCancelMessage ? { cancelMessage } : {}),
    },
  };
}

/** One session takes a while to close, another needs a reset. */
const slowAndStuck: readonly LogoffBehavior[] = [
  { kind: "closes", ms: 8_000 },
  { kind: "stuck", shows: "user" },
  { kind: "blocks", closesAfterMs: 3_000 },
];
/** Without a stuck session, which a second run does not reset because the host says that it is busy. */
const slow: readonly LogoffBehavior[] = [
  { kind: "closes", ms: 8_000 },
  { kind: "closes", ms: 3_000 },
  { kind: "blocks", closesAfterMs: 3_000 },
];

function fleet(onLogoff: readonly LogoffBehavior[]): Fleet {
  const sessions = people.map((user, index) => ({ user, onLogoff: onLogoff[index] ?? { kind: "instant" } }));
  return fleetOf({ sessions }, { sessions });
}

interface Stopped {
  readonly fleet: Fleet;
  readonly report: Report;
  readonly eventsBefore: readonly ProgressEvent[];
  /** The commands that each host had received before the stop. */
  readonly commandsBefore: readonly (readonly string[])[];
}

function commandsOf({ commands }: MemoryHost): readonly string[] {
  return commands.map(({ command }) => command);
}

async function runStoppedAt(started: Fleet, atMs: number, asked: Partial<Plan>): Promise<Stopped> {
  const now = (): Pick<Stopped, "eventsBefore" | "commandsBefore"> => ({
    eventsBefore: [...started.events],
    commandsBefore: started.hosts.map(commandsOf),
  });
  let before: ReturnType<typeof now> | undefined;
  started.clock.at(atMs, () => {
    before = now();
    started.stop.abort();
  });
  const report = await started.run(asked);
  return { fleet: started, report, ...(before ?? now()) };
}

/** The moments to stop at: right before and after each command of an undisturbed run, and between two commands. */
async function moments(undisturbed: Fleet, asked: Partial<Plan>): Promise<readonly number[]> {
  const { hosts } = await undisturbed.run(asked);
  assert.deepEqual(
    hosts.map(({ status }) => status),
    ["ok", "ok"],
  );
  const times = undisturbed.hosts.flatMap(({ commands }) => commands.map(({ atMs }) => atMs));
  const ordered = [...new Set(times)].sort((a, b) => a - b);
  return ordered.flatMap((atMs, index) => {
    const next = ordered[index + 1] ?? atMs + 2_000;
    return [atMs - 0.5, atMs + 0.5, (atMs + next) / 2];
  });
}

/** The type of the last event before the stop. */
function phaseOf({ eventsBefore }: Stopped): string {
  return eventsBefore.at(-1)?.type ?? "run-started";
}

describe("a run that is stopped", () => {
  it("starts nothing new, verifies what was sent and undrains, at any moment", async () => {
    const asked = plan(true);
    const phases = new Set<string>();
    for (const atMs of await moments(fleet(slowAndStuck), asked)) {
      const stopped = await runStoppedAt(fleet(slowAndStuck), atMs, asked);
      phases.add(phaseOf(stopped));
      stopped.report.hosts.forEach((report, index) => {
        const host = stopped.fleet.hosts[index];
        assert.ok(host);
        const { model } = host;
        const [commands, commandsBefore = []] = [commandsOf(host), stopped.commandsBefore[index]];
        try {
          proveStopped({ model, commands, commandsBefore, report, people, cancelMessage });
          assert.equal(host.open, 0, "a connection was left open");
        } catch (thrown) {
          throw new Error(`stopped at ${atMs} ms, ${report.host}, after ${phaseOf(stopped)}`, {
            cause: thrown,
          });
        }
      });
      assert.deepEqual(stopped.fleet.unexpected, []);
    }
    for (const phase of [
      "host-started",
      "host-listed",
      "host-drained",
      "session-warned",
      "grace-started",
      "session-logoff-sent",
      "host-waiting",
      "session-reset",
    ])
      assert.ok(phases.has(phase), `no stop came right after ${phase}: ${[...phases].join(", ")}`);
  });

  it("is completed by the next run, which warns nobody twice within the grace period", async () => {
    const asked = plan(false);
    for (const atMs of await moments(fleet(slow), asked)) {
      const { fleet: stopped, report } = await runStoppedAt(fleet(slow), atMs, asked);
      const pending = report.hosts.filter(({ status }) => status !== "ok");
      const earlier = new Map(pending.map(({ host, warned }): [string, PreviousRun] => [host, { warned }]));
      const rest = await stopped.run(asked, {
        stop: new AbortController().signal,
        previous: earlier,
        hosts: new Set(earlier.keys()),
      });
      assert.deepEqual(
        rest.hosts.filter(({ host, status }) => earlier.has(host) && status !== "ok"),
        [],
      );
      for (const { model } of stopped.hosts) {
        assert.deepEqual([model.people(), model.drain()], [[], "until-restart"]);
        const latest = new Map<string, number>();
        for (const { id, text, atMs: shownMs } of model.messages()) {
          const before = latest.get(`${id} ${text}`) ?? -Infinity;
          // After the promised grace period a user is warned again, with a new one.
          assert.ok(
            shownMs - before >= 10 * minute,
            `stopped at ${atMs} ms: ${id} was warned twice: ${text}`,
          );
          latest.set(`${id} ${text}`, shownMs);
        }
      }
    }
  });
});
