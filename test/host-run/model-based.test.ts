import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { LogoffError } from "../../provider/errors";
import type { EarlierRun } from "../../provider/host-run/context";
import type { Plan } from "../../provider/plan";
import type { HostReport, Report } from "../../provider/report/report";
import { matchesGlob } from "../../provider/session/selector";
import type { LogoffBehaviour } from "../lab/session-model";
import { aSelector } from "../session/sample";
import { fleetOf, type Fleet, type MemoryHost } from "./memory-fleet";

/** So many sequences; more by hand: SESSION_LOGOFF_SEQUENCES=5000. */
const sequences = Number(process.env.SESSION_LOGOFF_SEQUENCES ?? 400);

const minute = 60_000;
const hostCount = 3;
const users = ["alice", "bob", "carol", "svc-backup", "guest"] as const;
/** Everybody but these may be logged off. */
const excepted = ["svc-*", "guest"] as const;
const selector = aSelector({ all: true, except: { ids: [], names: [], users: excepted } });

/** What people and hosts do, at a time of their own. */
type Event = { readonly atMs: number; readonly host: number } & (
  | { readonly does: "logon"; readonly user: (typeof users)[number]; readonly onLogoff: LogoffBehaviour }
  | { readonly does: "leave" | "disconnect" | "reconnect"; readonly session: number }
  | { readonly does: "go-down" | "come-up" | "drop-commands" | "hang-command" }
  | { readonly does: "be-drained-by-somebody" }
);

const behaviour: fc.Arbitrary<LogoffBehaviour> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<LogoffBehaviour>({ kind: "instant" }) },
  { weight: 3, arbitrary: fc.constant<LogoffBehaviour>({ kind: "closes", ms: 8_000 }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehaviour>({ kind: "ignored" }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehaviour>({ kind: "stuck", shows: "user" }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehaviour>({ kind: "blocks", closesAfterMs: 3_000 }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehaviour>({ kind: "busy", ms: 20_000 }) },
);

const event: fc.Arbitrary<Event> = fc
  .tuple(
    // Off the grid of our own commands, and within the grace period and somewhat after it.
    fc.integer({ min: 0, max: 1_500 }).map((tenths) => tenths * 500 + 7),
    fc.nat({ max: hostCount - 1 }),
    fc.oneof(
      fc.record({
        does: fc.constant("logon" as const),
        user: fc.constantFrom(...users),
        onLogoff: behaviour,
      }),
      fc.record({
        does: fc.constantFrom("leave" as const, "disconnect" as const, "reconnect" as const),
        session: fc.nat({ max: 9 }),
      }),
      fc.record({
        does: fc.constantFrom(
          "go-down" as const,
          "come-up" as const,
          "drop-commands" as const,
          "hang-command" as const,
        ),
      }),
      fc.record({ does: fc.constant("be-drained-by-somebody" as const) }),
    ),
  )
  .map(([atMs, host, what]) => ({ atMs, host, ...what }));

const scenario = fc.record({
  people: fc.array(
    fc.record({ host: fc.nat({ max: hostCount - 1 }), user: fc.constantFrom(...users), onLogoff: behaviour }),
    { maxLength: 8 },
  ),
  events: fc.array(event, { maxLength: 14 }),
  drain: fc.constantFrom("none" as const, "until-restart" as const),
  graceMinutes: fc.constantFrom(0, 5, 10),
  ifStuck: fc.constantFrom("fail" as const, "reset" as const),
  maxFailures: fc.constantFrom(null, { hosts: 0 }),
  stopAtMs: fc.option(fc.integer({ min: 0, max: 700_000 }), { nil: undefined, freq: 2 }),
  runs: fc.integer({ min: 1, max: 3 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function play(fleet: Fleet, { events }: Scenario): void {
  for (const one of events) {
    const host = fleet.hosts[one.host];
    if (host !== undefined) fleet.clock.at(one.atMs, () => happen(one, host));
  }
}

function happen(one: Event, host: MemoryHost): void {
  const { model, faults } = host;
  switch (one.does) {
    case "logon":
      if (model.drain() === "open") model.logon({ user: one.user, onLogoff: one.onLogoff });
      return;
    case "leave":
    case "disconnect":
    case "reconnect": {
      const people = model.sessions().filter(({ id, user }) => user !== null && id > 1);
      const session = people[one.session % Math.max(1, people.length)];
      if (session === undefined || session.closing) return;
      if (one.does === "leave") model.leave(session.id);
      if (one.does === "disconnect" && session.name !== null) model.disconnect(session.id);
      if (one.does === "reconnect" && session.name === null && model.drain() !== "disabled")
        model.reconnect(session.id);
      return;
    }
    case "go-down":
      host.down = new LogoffError("host-unreachable", "Cannot reach it");
      return;
    case "come-up":
      host.down = undefined;
      return;
    case "drop-commands":
      faults.add({ times: 2, trouble: "drop-after" });
      return;
    case "hang-command":
      faults.add({ times: 1, trouble: "hang" });
      return;
    case "be-drained-by-somebody":
      if (model.drain() === "open") model.setDrain("disabled");
  }
}

function mayGo(user: string): boolean {
  return !excepted.some((glob) => matchesGlob(glob, user));
}

/** What must hold whatever happened. `now` is when the host's report came. */
function checkHost(host: MemoryHost, report: HostReport, drainedBefore: string): void {
  if (report.status === "ok") {
    const lastLookMs = host.commands.filter(({ command }) => command.startsWith("qwinsta")).at(-1)?.atMs ?? 0;
    const left = host.model
      .sessions()
      .filter(
        ({ id, user, logonTime }) =>
          id > 1 && user !== null && mayGo(user) && (arrivals.get(logonTime) ?? 0) < lastLookMs,
      );
    assert.deepEqual(
      left.map(({ user }) => user),
      [],
      `${report.host} is ok, and somebody selected is left`,
    );
  } else if (drainedBefore === "open" && host.down === undefined && report.drained !== "until-restart") {
    assert.notEqual(
      host.model.drain(),
      "until-restart",
      `${report.host} is ${report.status} and our drain is left on it`,
    );
  }
  if (report.drained === "until-restart" && report.status !== "ok") {
    assert.match(
      report.warnings.join("\n"),
      /(still refuses|may still refuse) new logons|Could not clean up/,
      "a drain left behind is named",
    );
  }
}

const arrivals = new Map<Date | null, number>();

async function check(given: Scenario): Promise<void> {
  arrivals.clear();
  const fleet = fleetOf(
    ...Array.from({ length: hostCount }, (_, index) => ({
      sessions: given.people
        .filter(({ host }) => host === index)
        .map(({ user, onLogoff }) => ({ user, onLogoff })),
      console: { user: "operator" },
      selector,
    })),
  );
  // When somebody logged on is known by the time they logged on.
  for (const { model } of fleet.hosts) {
    const logon = model.logon.bind(model);
    model.logon = (...args) => {
      const session = logon(...args);
      arrivals.set(session.logonTime, fleet.clock.now());
      return session;
    };
  }
  play(fleet, given);
  const grace = given.graceMinutes * minute;
  const plan: Partial<Plan> = {
    drain: given.drain,
    ifStuck: given.ifStuck,
    rollout: { parallel: 2, waves: [], pauseMs: 0, maxFailures: given.maxFailures },
    warn:
      grace === 0
        ? null
        : {
            message: "{minutes} {user}",
            gracePeriodMs: grace,
            remindersMs: [minute],
            ifUndelivered: "continue",
          },
  };
  let earlier: ReadonlyMap<string, EarlierRun> = new Map();
  let pending: ReadonlySet<string> | undefined;
  for (let run = 0; run < given.runs; run += 1) {
    const stop = new AbortController();
    if (given.stopAtMs !== undefined && run === 0) fleet.clock.at(given.stopAtMs, () => stop.abort());
    const report: Report = await fleet.run(plan, {
      stop: stop.signal,
      earlier,
      ...(pending === undefined ? {} : { hosts: pending }),
      onProgress: (progress) => {
        if (progress.type !== "host-finished") return;
        const host = fleet.hosts[Number(/^host(\d+)/.exec(progress.host)?.[1]) - 1];
        assert.ok(host);
        checkHost(host, progress.report, "open");
      },
    });
    pending = new Set(report.hosts.filter(({ status }) => status !== "ok").map(({ host }) => host));
    earlier = new Map(
      report.hosts.map(({ host, warned, drained }) => [
        host,
        { warned, ...(drained === "until-restart" ? { drained } : {}) } satisfies EarlierRun,
      ]),
    );
    if (pending.size === 0) break;
  }
  for (const host of fleet.hosts) checkPeople(host, grace);
  assert.deepEqual(fleet.unexpected, []);
  assert.ok(
    fleet.hosts.every(({ open }) => open === 0),
    "a connection is left open",
  );
}

/** Over all runs together. */
function checkPeople({ model, commands }: MemoryHost, graceMs: number): void {
  for (const { by, user } of model.departures()) {
    if (by !== "logoff" && by !== "reset") continue;
    assert.ok(user !== null && mayGo(user) && user !== "operator", `${String(user)} was logged off`);
  }
  assert.ok(model.people().includes("operator"), "the console's user is gone");
  const seen = new Map<string, number>();
  for (const { id, text, atMs } of model.messages()) {
    const step = `${id} ${text}`;
    const before = seen.get(step);
    // A later run may begin anew once the grace period is over.
    if (before !== undefined)
      assert.ok(atMs - before >= graceMs, `warned twice: ${step} at ${before} and ${atMs}`);
    seen.set(step, atMs);
  }
  for (const { command } of commands)
    assert.doesNotMatch(command, /^(logoff|rwinsta|msg)\.exe (0|1|6553\d)\b/);
}

it(`holds what it promises in ${sequences} sequences of people and hosts doing what they like`, async () => {
  await fc.assert(fc.asyncProperty(scenario, check), { numRuns: sequences, includeErrorInReport: true });
});
