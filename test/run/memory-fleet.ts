import { KeyedMutex } from "../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../provider/base/connection-slots";
import type { Connect, Host } from "../../provider/connection";
import type { HostPlan, Plan } from "../../provider/plan/plan";
import type { ProgressEvent } from "../../provider/report/events";
import type { HostReport, Report } from "../../provider/report/report";
import { startRollout, type Rollout, type RolloutDeps } from "../../provider/run/rollout";
import { createClosedLog, type ClosedEvent } from "../lab/closed-log";
import type { Machine } from "../lab/windows/program";
import { aSelector } from "../session/sample";
import { connectTo, memoryHost, type MemoryHost, type MemoryHostOptions } from "./memory-host";
import { virtualClock, type VirtualClock } from "./virtual-clock";
import { howToVisit } from "./visit-of-another-process";

export type { MemoryHost, MemoryHostOptions } from "./memory-host";

export interface Fleet {
  readonly clock: VirtualClock;
  readonly hosts: readonly MemoryHost[];
  readonly events: ProgressEvent[];
  readonly stop: AbortController;
  readonly connect: Connect;
  /** @param signal drops everything; absent: never */
  start(plan?: Partial<Plan>, deps?: Partial<RolloutDeps>, signal?: AbortSignal): Rollout;
  /** Starts a run, and resolves with its report. */
  run(plan?: Partial<Plan>, deps?: Partial<RolloutDeps>, signal?: AbortSignal): Promise<Report>;
  /** Runs the plan and returns the first host's report. */
  runOne(plan?: Partial<Plan>, deps?: Partial<RolloutDeps>): Promise<HostReport>;
  /** The highest number of connections open at once, over all hosts. */
  mostOpen(): number;
  /** Every change of a drain mode and every restart, with the number of hosts that took no new logons then. */
  closedLog(): readonly ClosedEvent[];
  /** The most hosts that took no new logons at once: drained, away, or back without a listener. */
  mostClosed(): number;
  /** Everything that the simulated programs did not expect. */
  readonly unexpected: string[];
}

/** A plan without optional steps. */
export const plainPlan: Omit<Plan, "hosts"> = {
  drain: "none",
  warn: null,
  atDeadline: "logoff",
  ifStuck: "fail",
  settleMs: 0,
  ifMissing: "ignore",
  ifArrived: "include",
  limits: { sessionsPerHost: null, sessions: null },
  rollout: { parallel: 20, waves: [], pauseMs: 0, maxFailures: null },
  failOn: "any",
  window: null,
  timeouts: { commandMs: 30_000, logoffMs: 300_000, totalMs: null },
  mode: "once",
  reports: [],
  previewSessions: false,
  warnings: [],
};

export function fleetOf(...options: readonly MemoryHostOptions[]): Fleet {
  const clock = virtualClock();
  const unexpected: string[] = [];
  const closedLog = createClosedLog(() => clock.now());
  const hosts = options.map((one, index) =>
    memoryHost(one, `host${index + 1}`, { clock, closedLog, unexpected }),
  );
  const entries = new Map(hosts.map((entry) => [entry.host.model.name, entry]));
  const peer = (name: string): Machine | undefined => {
    const entry = entries.get(name.toLowerCase());
    return entry?.host.isUp() === true ? entry.machine : undefined;
  };
  const events: ProgressEvent[] = [];
  const stop = new AbortController();
  let mostOpen = 0;
  const connect: Connect = (host, signal) => {
    const found = entries.get(host.address);
    if (found === undefined) throw new Error(`no host ${host.address} in this fleet`);
    return connectTo(found, signal, clock, host.connectTimeoutMs, peer, unexpected, () => {
      mostOpen = Math.max(
        mostOpen,
        hosts.reduce((sum, { host: { open } }) => sum + open, 0),
      );
    });
  };
  const start: Fleet["start"] = (plan = {}, deps = {}, signal = new AbortController().signal) =>
    startRollout(
      { ...plainPlan, hosts: options.map((one, index) => planFor(one, `host${index + 1}`)), ...plan },
      {
        connect,
        clock,
        slots: new ConnectionSlots(unlimitedFiles),
        turns: new KeyedMutex(),
        readOnly: undefined,
        onProgress: (event) => events.push(event),
        stop: stop.signal,
        ...howToVisit(),
        ...deps,
      },
      signal,
    );
  const run: Fleet["run"] = (...args) => start(...args).report;
  return {
    clock,
    hosts: hosts.map(({ host }) => host),
    events,
    stop,
    connect,
    unexpected,
    mostOpen: () => mostOpen,
    closedLog: () => closedLog.events(),
    mostClosed: () => closedLog.most(),
    start,
    run,
    runOne: async (plan, deps) => {
      const [first] = (await run(plan, deps)).hosts;
      if (first === undefined) throw new Error("the report has no host");
      return first;
    },
  };
}

export function planFor({ selector, server }: MemoryHostOptions, name: string): HostPlan {
  const host: Host = {
    label: server === undefined ? `${name}:22` : `${name}:22>${server}`,
    address: name,
    login: { privateKeys: [] },
    hostKeys: { pinned: [], strict: "yes" },
    jumpHosts: [],
    algorithms: "default",
    keepaliveMs: 0,
    connectTimeoutMs: 15_000,
    ...(server === undefined ? {} : { server }),
  };
  return { host, selector: selector ?? aSelector({ all: true }) };
}
