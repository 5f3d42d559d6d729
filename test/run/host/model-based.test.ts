import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import { matchesGlob } from "../../../provider/base/wildcard";
import type { Plan } from "../../../provider/plan/plan";
import type { HostReport } from "../../../provider/report/report";
import type { PreviousRun } from "../../../provider/run/host/state";
import { visit } from "../../../provider/run/host/visit";
import type { RolloutDeps } from "../../../provider/run/rollout";
import type { LabSession, LogoffBehavior } from "../../lab/windows/session-model";
import { aSelector } from "../../session/sample";
import { fleetOf, type Fleet, type MemoryHost } from "../memory-fleet";
import { visitOfAnotherProcess } from "../visit-of-another-process";

/** The number of sequences. SESSION_LOGOFF_SEQUENCES=5000 sets another one, SESSION_LOGOFF_SEED=1 repeats the same ones. */
const sequences = Number(process.env.SESSION_LOGOFF_SEQUENCES ?? 500);
const seed = Number(process.env.SESSION_LOGOFF_SEED ?? Math.floor(Math.random() * 2 ** 31));

const minute = 60_000;
const hostCount = 3;
const users = [
  "alice",
  "bob",
  "carol",
  "svc-backup",
  "guest",
  "CORP\\dave",
  "CORP\\svc-sql",
  "CORP\\guest",
] as const;
/** Users that must not be logged off. */
const excepted = ["svc-*", "guest"] as const;
const except = { ids: [], names: [], users: excepted };
const chosenIds = ["2", "3", "4"];
const selectors = { all: aSelector({ all: true, except }), ids: aSelector({ ids: chosenIds, except }) };

/** What a person or a host does at some time. */
type Event = { readonly atMs: number; readonly host: number } & (
  | { readonly does: "logon"; readonly user: (typeof users)[number]; readonly onLogoff: LogoffBehavior }
  | { readonly does: "leave" | "disconnect" | "reconnect"; readonly session: number }
  /** The same user under the same ID, with another logon time. */
  | { readonly does: "log-on-again"; readonly session: number; readonly minutes: number }
  /** A row that belongs to nobody: `Down`, or with a blank name and user. */
  | { readonly does: "show-odd-row"; readonly isDown: boolean }
  | { readonly does: "change-clock"; readonly hours: number }
  | { readonly does: "go-down" | "vanish" | "come-up" | "drop-commands" | "hang-command" }
  | { readonly does: "be-drained-by-somebody" }
);

const behavior: fc.Arbitrary<LogoffBehavior> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<LogoffBehavior>({ kind: "instant" }) },
  { weight: 3, arbitrary: fc.constant<LogoffBehavior>({ kind: "closes", ms: 8_000 }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehavior>({ kind: "ignored" }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehavior>({ kind: "stuck", shows: "user" }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehavior>({ kind: "stuck", shows: "blank" }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehavior>({ kind: "closes", ms: 120_000 }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehavior>({ kind: "blocks", closesAfterMs: 3_000 }) },
  { weight: 1, arbitrary: fc.constant<LogoffBehavior>({ kind: "busy", ms: 20_000 }) },
);

const event: fc.Arbitrary<Event> = fc
  .tuple(
    // Never at the same time as our own commands; during the grace period or shortly after it.
    fc.integer({ min: 0, max: 1_500 }).map((tenths) => tenths * 500 + 7),
    fc.nat({ max: hostCount - 1 }),
    fc.oneof(
      fc.record({
        does: fc.constant("logon" as const),
        user: fc.constantFrom(...users),
        onLogoff: behavior,
      }),
      fc.record({
        does: fc.constantFrom("leave" as const, "disconnect" as const, "reconnect" as const),
        session: fc.nat({ max: 9 }),
      }),
      fc.record({
        does: fc.constant("log-on-again" as const),
        session: fc.nat({ max: 9 }),
        minutes: fc.integer({ min: 1, max: 59 }),
      }),
      fc.record({ does: fc.constant("show-odd-row" as const), isDown: fc.boolean() }),
      fc.record({ does: fc.constant("change-clock" as const), hours: fc.constantFrom(-1, 1, 7) }),
      fc.record({
        does: fc.constantFrom(
          "go-down" as const,
          "vanish" as const,
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
    fc.record({ host: fc.nat({ max: hostCount - 1 }), user: fc.constantFrom(...users), onLogoff: behavior }),
    { maxLength: 8 },
  ),
  events: fc.array(event, { maxLength: 14 }),
  drain: fc.constantFrom("none" as const, "until-restart" as const),
  graceMinutes: fc.constantFrom(0, 5, 10),
  ifStuck: fc.constantFrom("fail" as const, "reset" as const),
  maxFailures: fc.constantFrom(null, { hosts: 0 }),
  /** Whether the process ends four seconds after the stop, as a provider does, and saves a snapshot. */
  isKilled: fc.boolean(),
  stopAtMs: fc.option(fc.integer({ min: 0, max: 700_000 }), { nil: undefined, freq: 2 }),
  runs: fc.integer({ min: 1, max: 3 }),
  healsBetweenRuns: fc.boolean(),
  /** For each visit, whether the process has restarted and knows only the host's state as JSON. The list repeats. */
  restarts: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  chosenBy: fc.constantFrom("all" as const, "all" as const, "ids" as const),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function play(fleet: Fleet, { events }: Scenario): void {
  for (const one of events) {
    const host = fleet.hosts[one.host];
    if (host !== undefined) fleet.clock.at(one.atMs, () => happen(one, host, fleet.clock.now()));
  }
}

function happen(one: Event, host: MemoryHost, nowMs: number): void {
  const { model, faults } = host;
  switch (one.does) {
    case "logon":
      if (model.drain() === "open") model.logon({ user: one.user, onLogoff: one.onLogoff });
      return;
    case "leave":
    case "disconnect":
    case "log-on-again":
    case "reconnect": {
      const people = model.sessions().filter(({ id, user }) => user !== null && id > 1);
      const session = people[one.session % Math.max(1, people.length)];
      if (session === undefined || session.closing) return;
      if (one.does === "leave") model.leave(session.id);
      if (one.does === "log-on-again") {
        model.moveLogonTime(one.minutes * minute, session.id);
        historyOf(host).push({ what: "repeated logon", id: session.id, atMs: nowMs });
      }
      if (one.does === "disconnect" && session.name !== null) model.disconnect(session.id);
      if (one.does === "reconnect" && session.name === null && model.drain() !== "disabled")
        model.reconnect(session.id);
      return;
    }
    case "show-odd-row": {
      const id = Math.max(1, ...model.sessions().flatMap(({ id }) => (id < 65536 ? [id] : []))) + 50;
      model.logon(
        one.isDown
          ? { id, user: null, name: `rdp-tcp#${id}`, state: "down" }
          : { id, user: null, name: null, state: "disconnected" },
        { admin: true },
      );
      return;
    }
    case "change-clock":
      model.moveLogonTime(one.hours * 60 * minute);
      historyOf(host).push({ what: "clock", atMs: nowMs });
      return;
    case "vanish":
      faults.add({ times: 3, trouble: "drop-before" });
      host.down = new LogoffError("host-unreachable", "Cannot reach it");
      return;
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
  return !excepted.some((glob) => matchesGlob(glob, user.slice(user.lastIndexOf("\\") + 1)));
}

/** Checks what must hold when a host's report arrives, whatever happened before. */
function checkHost(
  host: MemoryHost,
  report: HostReport,
  { chosenBy }: Scenario,
  runStartedAtMs: number,
): void {
  if (report.status === "ok") {
    const stillClosing = host.model.sessions().filter(({ closing, owner }) => closing && owner !== null);
    assert.deepEqual(
      stillClosing,
      [],
      `${report.host} is ok, but a session that was logged off is still closing`,
    );
    const odd = oddRows(host).filter(({ id }) => arrivalOf(host, id).cameAtMs < runStartedAtMs);
    const named = report.warnings.join();
    for (const { id } of odd)
      assert.match(
        named,
        new RegExp(`without a user \\(ID [0-9, ]*\\b${id}\\b`, "u"),
        "an odd row causes a warning",
      );
    const lastListingMs =
      host.commands.filter(({ command }) => command.includes("qwinsta")).at(-1)?.atMs ?? 0;
    const isMeant = (id: number): boolean => {
      const { cameAtMs, logonAtMs } = arrivalOf(host, id);
      // A later logon under a chosen ID is not selected, but a repeated logon of the same user is.
      const isChosen = chosenBy === "all" || (chosenIds.includes(String(id)) && cameAtMs < runStartedAtMs);
      return isChosen && logonAtMs < lastListingMs;
    };
    const left = host.model
      .sessions()
      .filter(({ id, user }) => id > 1 && user !== null && mayGo(user) && isMeant(id));
    assert.deepEqual(
      left.map(({ user }) => user),
      [],
      `${report.host} is ok, but a selected session is left`,
    );
  } else if (host.down === undefined && report.drained !== "until-restart") {
    assert.notEqual(
      host.model.drain(),
      "until-restart",
      `${report.host} is ${report.status}, but our drain is still in force`,
    );
  }
  if (report.drained === "until-restart" && report.status !== "ok") {
    assert.match(
      report.warnings.join("\n"),
      /(still refuses|may still refuse) new logons|Could not clean up/,
      "a drain that is left behind is named",
    );
  }
}

/** An event that a host's model does not record. IDs are never reused. */
type Past =
  | { readonly what: "logon" | "repeated logon"; readonly id: number; readonly atMs: number }
  | { readonly what: "clock" | "run"; readonly atMs: number };
const histories = new Map<MemoryHost, Past[]>();

function historyOf(host: MemoryHost): Past[] {
  const history = histories.get(host) ?? [];
  histories.set(host, history);
  return history;
}

/** When a user arrived, and when the latest logon of the session took place; 0 if the user was there from the start. */
function arrivalOf(host: MemoryHost, id: number): { readonly cameAtMs: number; readonly logonAtMs: number } {
  const logons = historyOf(host).filter((one) => "id" in one && one.id === id);
  const latest = (some: readonly Past[]): number => Math.max(0, ...some.map(({ atMs }) => atMs));
  return { cameAtMs: latest(logons.filter(({ what }) => what === "logon")), logonAtMs: latest(logons) };
}

function oddRows({ model }: MemoryHost): readonly LabSession[] {
  return model.sessions().filter(({ id, owner }) => owner === null && id > 1 && id < 65536);
}

async function check(given: Scenario): Promise<void> {
  histories.clear();
  const fleet = fleetOf(
    ...Array.from({ length: hostCount }, (_, index) => ({
      sessions: given.people
        .filter(({ host }) => host === index)
        .map(({ user, onLogoff }) => ({ user, onLogoff })),
      console: { user: "operator" },
      selector: selectors[given.chosenBy],
    })),
  );
  for (const host of fleet.hosts) {
    const { model } = host;
    const logon = model.logon.bind(model);
    model.logon = (...args) => {
      const session = logon(...args);
      historyOf(host).push({ what: "logon", id: session.id, atMs: fleet.clock.now() });
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
  let earlier: ReadonlyMap<string, PreviousRun> = new Map();
  let pending: ReadonlySet<string> | undefined;
  for (let run = 0; run < given.runs; run += 1) {
    const [stop, kill] = [new AbortController(), new AbortController()];
    let saved: readonly HostReport[] | undefined;
    const runStartedAtMs = fleet.clock.now();
    for (const host of fleet.hosts) {
      historyOf(host).push({ what: "run", atMs: runStartedAtMs });
      if (run === 0 || !given.healsBetweenRuns) continue;
      host.down = undefined;
      host.faults.clear();
    }
    if (given.stopAtMs !== undefined && run === 0) {
      fleet.clock.at(given.stopAtMs, () => stop.abort());
      fleet.clock.at(given.stopAtMs + 4_000, () => {
        if (!given.isKilled) return;
        saved = rollout.snapshot(new LogoffError("aborted", "Stopped before it was finished")).hosts;
        kill.abort();
      });
    }
    let visits = 0;
    const deps: Partial<RolloutDeps> = {
      stop: stop.signal,
      previous: earlier,
      visit: (...args) => {
        visits += 1;
        const restarts = given.restarts[visits % given.restarts.length] === true;
        return restarts ? visitOfAnotherProcess(...args) : visit(...args);
      },
      ...(pending === undefined ? {} : { hosts: pending }),
      onProgress: (progress) => {
        if (progress.type !== "host-finished") return;
        const host = fleet.hosts[Number(/^host(\d+)/.exec(progress.host)?.[1]) - 1];
        assert.ok(host);
        checkHost(host, progress.report, given, runStartedAtMs);
      },
    };
    const rollout = fleet.start(plan, deps, kill.signal);
    const { hosts } = await rollout.report;
    const reports: readonly HostReport[] = saved ?? hosts;
    pending = new Set(reports.filter(({ status }) => status !== "ok").map(({ host }) => host));
    earlier = new Map(
      reports.map(({ host, warned, asked = [], drained }) => [
        host,
        { warned, asked, ...(drained === "until-restart" ? { drained } : {}) } satisfies PreviousRun,
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

/** Checks what must hold over all runs together. */
function checkPeople(host: MemoryHost, graceMs: number): void {
  const { model, commands } = host;
  for (const { by, user } of model.departures()) {
    if (by !== "logoff" && by !== "reset") continue;
    assert.ok(user !== null && mayGo(user) && user !== "operator", `${String(user)} was logged off`);
  }
  assert.ok(model.people().includes("operator"), "the console's user is gone");
  const seen = new Map<string, number>();
  for (const { id, text, atMs } of model.messages()) {
    const step = `${id} ${text}`;
    const before = seen.get(step);
    // A later run may warn again once the grace period is over, and a repeated logon is warned again.
    // A reminder may be late by half its time, so the one of a later run may follow somewhat sooner.
    const leastMs = text.startsWith("1 ") ? graceMs - minute / 2 : graceMs;
    if (before !== undefined && !mayBeWarnedAgain(host, id, before, atMs))
      assert.ok(atMs - before >= leastMs, `warned twice: ${step} at ${before} and ${atMs}`);
    seen.set(step, atMs);
  }
  const untouchable = ["0", "1", "6553\\d", ...oddRows(host).map(({ id }) => String(id))].join("|");
  const touches = new RegExp(`^(logoff|rwinsta|msg)\\.exe (${untouchable})\\b`, "u");
  for (const { command } of commands) assert.doesNotMatch(command, touches);
}

/**
 * Whether a user may be warned again: after a repeated logon, or after a clock change between two runs, which may look like one. The next
 * run knows only the users that were warned, and a single one does not prove a clock change. Within a run the console's user is also known.
 */
function mayBeWarnedAgain(host: MemoryHost, id: number, fromMs: number, toMs: number): boolean {
  const between = historyOf(host).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const is = (what: Past["what"]): boolean => between.some((one) => one.what === what);
  return between.some((one) => "id" in one && one.id === id) || (is("run") && is("clock"));
}

it(`keeps its promises in ${sequences} sequences (seed ${seed}) of random events`, async () => {
  await fc.assert(fc.asyncProperty(scenario, check), {
    numRuns: sequences,
    seed,
    includeErrorInReport: true,
  });
});
