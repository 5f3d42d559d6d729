import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bootIdOf } from "../../../provider/backend/boot-id";
import { KeyedMutex } from "../../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../../provider/base/connection-slots";
import { LogoffError } from "../../../provider/base/errors";
import { awaitHosts, type AwaitedHost, type AwaitOutcome } from "../../../provider/run/undrain/await-hosts";
import { fleetOf, planFor, type Fleet, type MemoryHostOptions } from "../memory-fleet";
import type { MemoryHost, MemoryRestart } from "../memory-host";

const minute = 60_000;

interface Given {
  readonly lifts?: AwaitedHost["lifts"];
  /** Default: true. */
  readonly mustRestart?: boolean;
  /** Default: the boot ID at the start of the wait. */
  readonly restartedSince?: string | null;
  readonly totalMs?: number;
  readonly parallel?: number;
  readonly stop?: AbortSignal;
}

function bootIdNow({ model }: MemoryHost): string {
  const { shutdownTime, bootId } = model.bootIds();
  return (
    bootIdOf({
      ShutdownTime: shutdownTime ?? undefined,
      BootId: bootId === null ? undefined : `0x${bootId.toString(16)}`,
    }) ?? ""
  );
}

/** Waits for all hosts of a fleet, which must have restarted since now unless `given` says otherwise. */
function awaitFleet(fleet: Fleet, given: Given = {}): Promise<readonly AwaitOutcome[]> {
  const { lifts = ["until-destroy"], mustRestart = true, totalMs = 30 * minute, parallel = 20, stop } = given;
  const { clock, connect, events } = fleet;
  const hosts = fleet.hosts.map((host): AwaitedHost => {
    const { restartedSince = bootIdNow(host) } = given;
    return {
      host: planFor({}, host.model.name).host,
      lifts,
      ...(mustRestart ? { restartedSince } : {}),
    };
  });
  return awaitHosts(
    hosts,
    { parallel, commandMs: 30_000, totalMs },
    {
      clock,
      connect: (host, ...rest) => {
        assert.equal(host.awaited, true, "a host that starts must not have its account locked");
        return connect(host, ...rest);
      },
      slots: new ConnectionSlots(unlimitedFiles),
      turns: new KeyedMutex(),
      onProgress: (event) => events.push(event),
      ...(stop === undefined ? {} : { stop }),
    },
    new AbortController().signal,
  );
}

function drainedHost(options: MemoryHostOptions = {}): Fleet {
  return fleetOf({ drain: "drain", ...options });
}

function first(fleet: Fleet): MemoryHost {
  const [host] = fleet.hosts;
  assert.ok(host !== undefined);
  return host;
}

async function outcomeOf(fleet: Fleet, given?: Given): Promise<AwaitOutcome & { readonly text: string }> {
  const [outcome] = await awaitFleet(fleet, given);
  assert.ok(outcome !== undefined);
  const { status, drained, error } = outcome;
  return { ...outcome, text: `${status} ${drained}${error === undefined ? "" : ` ${error.code}`}` };
}

/** Restarts the host after `afterMs`, as a patch does. */
function restartLater(fleet: Fleet, how: MemoryRestart, afterMs = 0): void {
  fleet.clock.at(afterMs, () => first(fleet).restart(how));
}

function changes(host: MemoryHost): readonly string[] {
  return host.commands.map(({ command }) => command).filter((command) => command.startsWith("chglogon"));
}

describe("a host that restarts", () => {
  it("is undrained when it is back, and nothing else is changed on it", async () => {
    const fleet = drainedHost({ sessions: [{ user: "alice" }] });
    const before = bootIdNow(first(fleet));
    restartLater(fleet, { answersForMs: 20_000, downForMs: 3 * minute });
    const { text, bootId, durationMs } = await outcomeOf(fleet);
    assert.equal(text, "ok undrained");
    assert.equal(first(fleet).model.drain(), "open");
    assert.deepEqual(changes(first(fleet)), ["chglogon.exe /enable"]);
    assert.ok(bootId !== undefined && bootId !== before);
    assert.ok(durationMs > 3 * minute && durationMs < 5 * minute, String(durationMs));
    assert.deepEqual(fleet.unexpected, []);
  });

  it("is looked at on two connections at least 15 seconds apart before it counts as restarted", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: minute });
    await outcomeOf(fleet);
    const [{ upAtMs = 0 } = {}] = first(fleet).restarts();
    const looks = [
      ...new Set(
        first(fleet)
          .commands.filter(({ command }) => /BootId$/u.test(command))
          .map(({ atMs }) => atMs),
      ),
    ];
    const afterwards = looks.filter((atMs) => atMs > upAtMs);
    assert.equal(afterwards.length, 2);
    assert.ok((afterwards[1] ?? 0) - (afterwards[0] ?? 0) >= 15_000);
    assert.ok(
      (first(fleet).commands.find(({ command }) => command.startsWith("chglogon"))?.atMs ?? 0) >
        (afterwards[1] ?? 0),
    );
  });

  it("is not undrained while it still answers before it goes down", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { answersForMs: 5 * minute, downForMs: minute });
    await outcomeOf(fleet);
    const [{ downAtMs = 0 } = {}] = first(fleet).restarts();
    assert.ok(downAtMs >= 5 * minute);
    assert.ok(
      first(fleet).commands.every(({ command, atMs }) => !command.startsWith("chglogon") || atMs > downAtMs),
    );
  });

  it("is sent nothing if its drain ended with the restart", async () => {
    const fleet = drainedHost({ drain: "until-restart" });
    restartLater(fleet, { downForMs: minute });
    const { text } = await outcomeOf(fleet, { lifts: ["until-restart"] });
    assert.equal(text, "ok no");
    assert.deepEqual(changes(first(fleet)), []);
  });

  it("is awaited until it lists a listener", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: minute, listenersAfterMs: 4 * minute });
    const { text, durationMs } = await outcomeOf(fleet);
    assert.equal(text, "ok undrained");
    assert.ok(durationMs >= 5 * minute);
  });

  it("counts as restarted after a hard reset", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: minute, kind: "hard-reset" });
    assert.equal((await outcomeOf(fleet)).text, "ok undrained");
  });

  it("is awaited through a second restart of its own", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: minute, next: { answersForMs: 10_000, downForMs: 2 * minute } });
    assert.equal((await outcomeOf(fleet)).text, "ok undrained");
    const [, { upAtMs = 0 } = {}] = first(fleet).restarts();
    const sent = first(fleet).commands.find(({ command }) => command.startsWith("chglogon"));
    assert.ok((sent?.atMs ?? 0) > upAtMs && upAtMs > 0);
  });

  it("may reject logins for a while if the credential was accepted before", async () => {
    const loginError = new LogoffError("auth-rejected", "rejected", { isProven: true });
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: minute, rejectsLoginsForMs: 3 * minute, loginError });
    assert.equal((await outcomeOf(fleet)).text, "ok undrained");
  });

  it("is not offered a credential again before its time", async () => {
    const loginError = new LogoffError("auth-rejected", "not tried", { untried: true, retryInMs: minute });
    const fleet = drainedHost();
    restartLater(fleet, { rejectsLoginsForMs: 3 * minute, loginError });
    assert.equal((await outcomeOf(fleet)).text, "ok undrained");
    const attempts = first(fleet).attemptsMs.filter((atMs) => atMs < 3 * minute);
    assert.ok(attempts.every((atMs, index) => index === 0 || atMs - (attempts[index - 1] ?? 0) >= minute));
  });
});

describe("a host that does not come back", () => {
  it("fails as not-back when the time is over, and its drain is left", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: "for-ever" });
    const { text, error, durationMs } = await outcomeOf(fleet);
    assert.equal(text, "failed left not-back");
    assert.match(
      error?.message ?? "",
      /^Cannot undrain "host1:22": it was not back within 30m; last seen: "host1" is away$/,
    );
    assert.ok(durationMs >= 30 * minute && durationMs < 31 * minute, String(durationMs));
  });

  it("is visited with pauses that grow to half a minute", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: "for-ever" });
    await outcomeOf(fleet);
    const { attemptsMs } = first(fleet);
    const pauses = attemptsMs.slice(1).map((atMs, index) => atMs - (attemptsMs[index] ?? 0));
    assert.ok(
      pauses.every((ms) => ms <= 36_100),
      String(Math.max(...pauses)),
    );
    assert.ok((pauses[1] ?? 0) < 10_000 && (pauses[10] ?? 0) > 20_000);
    assert.ok(attemptsMs.length < 100, String(attemptsMs.length));
  });

  it("fails as not-restarted, and stays closed, if only the network was away", async () => {
    const fleet = drainedHost({ sessions: [{ user: "alice" }] });
    restartLater(fleet, { downForMs: minute, kind: "network-loss" });
    const { text, error } = await outcomeOf(fleet);
    assert.equal(text, "failed left not-restarted");
    assert.match(
      error?.message ?? "",
      /did not restart within 30m; it has not restarted: its boot ID is unchanged/,
    );
    assert.equal(first(fleet).model.drain(), "drain");
    assert.deepEqual(changes(first(fleet)), []);
  });

  it("fails at once if its host key has changed", async () => {
    const fleet = drainedHost();
    restartLater(fleet, { downForMs: minute, hasOtherHostKey: true });
    const { text, durationMs } = await outcomeOf(fleet);
    assert.equal(text, "failed left host-key-changed");
    assert.ok(durationMs < 3 * minute, String(durationMs));
  });

  it("fails at once if it rejects a login that nobody accepted before", async () => {
    const fleet = drainedHost();
    first(fleet).down = new LogoffError("auth-rejected", "no");
    const { text } = await outcomeOf(fleet);
    assert.equal(text, "failed left auth-rejected");
    assert.equal(first(fleet).attemptsMs.length, 1);
  });

  it("fails at once if a jump host rejects the login", async () => {
    const cause = new LogoffError("auth-rejected", "no", { isProven: true });
    const fleet = drainedHost();
    first(fleet).down = new LogoffError("jump-host-failed", "no way", { cause });
    assert.equal((await outcomeOf(fleet)).text, "failed left jump-host-failed");
  });

  it("is awaited while a jump host is down", async () => {
    const cause = new LogoffError("host-unreachable", "down");
    const fleet = drainedHost();
    first(fleet).down = new LogoffError("jump-host-failed", "no way", { cause });
    fleet.clock.at(5 * minute, () => (first(fleet).down = undefined));
    assert.equal((await outcomeOf(fleet, { mustRestart: false })).text, "ok undrained");
  });
});

describe("a restart that cannot be proven", () => {
  it("fails without a boot ID from before it, and the host is not contacted", async () => {
    const fleet = drainedHost();
    const { text, error } = await outcomeOf(fleet, { restartedSince: null });
    assert.equal(text, "skipped left not-restarted");
    assert.match(error?.message ?? "", /its boot ID from before the restart is not known/);
    assert.equal(first(fleet).attemptsMs.length, 0);
  });

  it("fails if the host's values can no longer be read", async () => {
    const fleet = drainedHost();
    const { text, error } = await outcomeOf(fleet, {
      restartedSince: "3f1c2a9e-7c0d-4a55-9b1e-0a2b3c4d5e6f",
      totalMs: minute,
    });
    assert.equal(text, "failed left not-restarted");
    assert.match(error?.message ?? "", /its boot ID cannot be read/);
  });

  it("is not asked for where none is required", async () => {
    const fleet = drainedHost();
    assert.equal((await outcomeOf(fleet, { mustRestart: false })).text, "ok undrained");
  });
});

describe("a host that somebody else has closed", () => {
  for (const drain of ["drain", "disabled"] as const) {
    it(`is left as it is in mode ${drain}`, async () => {
      const fleet = drainedHost({ drain: "until-restart" });
      restartLater(fleet, { downForMs: minute, drain });
      const { text, error } = await outcomeOf(fleet, { lifts: ["until-restart"] });
      assert.equal(text, "failed already drain-failed");
      assert.match(error?.message ?? "", /somebody else has closed it/);
      assert.equal(first(fleet).model.drain(), drain);
      assert.deepEqual(changes(first(fleet)), []);
    });

    it(`is opened in mode ${drain} where that is wanted`, async () => {
      const fleet = drainedHost({ drain: "until-restart" });
      restartLater(fleet, { downForMs: minute, drain });
      assert.equal((await outcomeOf(fleet, { lifts: "forced" })).text, "ok undrained");
      assert.equal(first(fleet).model.drain(), "open");
    });
  }

  it("fails if the host does not do what it is told", async () => {
    const fleet = drainedHost({ faults: [{ on: "chglogon", trouble: { instead: true, code: 0 } }] });
    const { text, error } = await outcomeOf(fleet, { mustRestart: false });
    assert.equal(text, "failed left drain-failed");
    assert.match(error?.message ?? "", /its mode is still "until-destroy"/);
  });

  it("counts as opened if the answer was lost and the host is open", async () => {
    const fleet = drainedHost({ faults: [{ on: "chglogon", trouble: "drop-after" }] });
    assert.equal((await outcomeOf(fleet, { mustRestart: false })).text, "ok undrained");
    assert.deepEqual(changes(first(fleet)), ["chglogon.exe /enable"]);
  });

  it("is asked again later if the answer was lost and the host is closed", async () => {
    for (const trouble of ["drop-before", "hang"] as const) {
      const fleet = drainedHost({ faults: [{ on: "chglogon", trouble }] });
      assert.equal((await outcomeOf(fleet, { mustRestart: false })).text, "ok undrained");
      assert.equal(changes(first(fleet)).length, 2);
    }
  });
});

describe("many awaited hosts", () => {
  const many = (count: number): Fleet =>
    fleetOf(...Array.from({ length: count }, () => ({ drain: "drain" as const })));

  it("hold no slot while they are away: the last is back as soon as the first", async () => {
    const fleet = many(40);
    for (const host of fleet.hosts) host.restart({ downForMs: 4 * minute });
    const outcomes = await awaitFleet(fleet, { parallel: 2 });
    assert.ok(outcomes.every(({ status }) => status === "ok"));
    assert.ok(outcomes.every(({ durationMs }) => durationMs < 6 * minute));
    assert.ok(fleet.mostOpen() <= 2, String(fleet.mostOpen()));
  });

  it("tell what is missing once, not at every look", async () => {
    const fleet = many(3);
    for (const host of fleet.hosts) host.restart({ downForMs: 20 * minute });
    await awaitFleet(fleet);
    const told = fleet.events.filter(({ type }) => type === "host-awaited");
    assert.equal(told.length, 6);
    const back = fleet.events.filter(({ type }) => type === "host-back");
    assert.equal(back.length, 3);
  });

  it("are left as they are when the run is stopped", async () => {
    const fleet = many(2);
    const [one, other] = fleet.hosts;
    one?.restart({ downForMs: 10 * minute });
    other?.restart({ downForMs: minute });
    const stop = new AbortController();
    fleet.clock.at(4 * minute, () => stop.abort(new LogoffError("aborted", "Ctrl-C")));
    const outcomes = await awaitFleet(fleet, { stop: stop.signal });
    assert.deepEqual(
      outcomes.map(({ status, drained, error }) => [status, drained, error?.code]),
      [
        ["failed", "left", "aborted"],
        ["ok", "undrained", undefined],
      ],
    );
    assert.match(
      outcomes[0]?.error?.message ?? "",
      /^Stopped waiting for "host1:22": .*; last seen: "host1" is away$/,
    );
  });
});
