import { aborted } from "../../provider/base/abort";
import { KeyedMutex, Semaphore } from "../../provider/base/concurrency";
import { LogoffError, notSent } from "../../provider/base/errors";
import type { Connect, Connection, ExecOptions, ExecResult, Host } from "../../provider/connection";
import type { HostPlan, Plan } from "../../provider/plan/plan";
import type { ProgressEvent } from "../../provider/report/events";
import type { HostReport, Report } from "../../provider/report/report";
import { startRollout, type Rollout, type RolloutDeps } from "../../provider/run/rollout";
import type { Selector } from "../../provider/session/selector";
import { createFaultScript, type CommandFault, type FaultScript } from "../lab/faults";
import { runCommand } from "../lab/windows/commands";
import type { Machine, Rights } from "../lab/windows/program";
import { defaultLook, type Look } from "../lab/windows/render";
import { createWindowsModel, type ModelOptions, type WindowsModel } from "../lab/windows/windows-model";
import { aSelector } from "../session/sample";
import { virtualClock, type VirtualClock } from "./virtual-clock";
import { howToVisit } from "./visit-of-another-process";

/** One host of the fleet: the lab's model and programs without SSH, so that simulated hours take no time. */
export interface MemoryHost {
  readonly model: WindowsModel;
  /** The raw text and standard input of every command, in order. */
  readonly commands: { readonly command: string; readonly stdin: string; readonly atMs: number }[];
  readonly faults: FaultScript;
  /** While set, connecting fails with this error. */
  down: LogoffError | undefined;
  open: number;
  connections: number;
}

export interface MemoryHostOptions extends Omit<ModelOptions, "clock" | "name">, Partial<Look> {
  readonly rights?: Rights;
  readonly faults?: readonly CommandFault[];
  readonly selector?: Selector;
  readonly server?: string;
  readonly missingTools?: readonly string[];
  readonly greeting?: string;
  readonly errorGreeting?: string;
}

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
  const hosts = options.map((one, index) => memoryHost(one, `host${index + 1}`, clock));
  const machines = new Map(hosts.map(({ host, machine }) => [host.model.name, machine]));
  const events: ProgressEvent[] = [];
  const stop = new AbortController();
  let mostOpen = 0;
  const connect: Connect = (host, signal) => {
    const found = hosts.find(({ host: { model } }) => model.name === host.address);
    if (found === undefined) throw new Error(`no host ${host.address} in this fleet`);
    return connectTo(
      found,
      signal,
      clock,
      (name) => machines.get(name.toLowerCase()),
      unexpected,
      () => {
        mostOpen = Math.max(
          mostOpen,
          hosts.reduce((sum, { host: { open } }) => sum + open, 0),
        );
      },
    );
  };
  const start: Fleet["start"] = (plan = {}, deps = {}, signal = new AbortController().signal) =>
    startRollout(
      { ...plainPlan, hosts: options.map((one, index) => planFor(one, `host${index + 1}`)), ...plan },
      {
        connect,
        clock,
        slots: new Semaphore(64),
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

interface Entry {
  readonly host: MemoryHost;
  readonly machine: Machine;
  readonly rights: Rights;
}

function memoryHost(options: MemoryHostOptions, name: string, clock: VirtualClock): Entry {
  const model = createWindowsModel({ ...options, name, clock });
  const look: Look = { ...defaultLook, ...options };
  const { missingTools = [], greeting = "", errorGreeting = "" } = options;
  return {
    machine: { model, look, missingTools, greeting, errorGreeting },
    rights: options.rights ?? "full-control",
    host: {
      model,
      commands: [],
      faults: createFaultScript(options.faults),
      down: undefined,
      open: 0,
      connections: 0,
    },
  };
}

async function connectTo(
  { host, machine, rights }: Entry,
  signal: AbortSignal,
  clock: VirtualClock,
  peer: (name: string) => Machine | undefined,
  unexpected: string[],
  onOpen: () => void,
): Promise<Connection> {
  await clock.sleep(50, signal);
  if (host.down !== undefined) throw host.down;
  host.open += 1;
  host.connections += 1;
  onOpen();
  const lost = new AbortController();
  const lose = (): void => {
    if (!lost.signal.aborted) host.open -= 1;
    lost.abort(new LogoffError("connection-lost", "the connection was lost"));
  };
  // As over SSH, a connection limits concurrent commands, and concurrent blocking commands further.
  const slots = new Semaphore(4);
  const blocking = new Semaphore(2);
  return {
    warnings: [],
    close: () => {
      lose();
      return Promise.resolve();
    },
    exec: (command, options) => {
      const attempt = { isSending: false };
      const send = (): Promise<ExecResult> => {
        attempt.isSending = true;
        return exec(command, options);
      };
      const turn = (): Promise<ExecResult> => slots.run(send, lost.signal);
      const result = options.mayBlock ? blocking.run(turn, lost.signal) : turn();
      return result.catch((thrown: unknown) => {
        throw attempt.isSending ? thrown : notSent(thrown as LogoffError);
      });
    },
  };

  async function exec(
    command: string,
    { stdin, timeoutMs, signal: given, beforeSend }: ExecOptions,
  ): Promise<ExecResult> {
    const throwIfLost = (): void => {
      if (lost.signal.aborted) throw notSent(aborted(lost.signal));
    };
    throwIfLost();
    await beforeSend?.();
    throwIfLost();
    const text = Buffer.from(stdin ?? new Uint8Array());
    host.commands.push({ command, stdin: text.toString("latin1"), atMs: clock.now() });
    const ended = new AbortController();
    const timeout = new AbortController();
    void clock
      .sleep(timeoutMs, ended.signal)
      .then(() => timeout.abort(new LogoffError("timed-out", `no answer within ${timeoutMs} ms`)))
      .catch(() => undefined);
    const killed = AbortSignal.any([lost.signal, timeout.signal, ...(given ? [given] : [])]);
    const dead = new Promise<never>((_, reject) => {
      killed.addEventListener("abort", () => reject(aborted(killed)), { once: true });
    });
    try {
      return await Promise.race([dead, work(command, text, killed)]);
    } finally {
      ended.abort();
    }
  }

  async function work(command: string, text: Buffer, killed: AbortSignal): Promise<ExecResult> {
    await clock.sleep(20, killed);
    const trouble = host.faults.next(command);
    if (trouble === "drop-before") lose();
    if (trouble === "hang") await clock.sleep(1e9, killed);
    if (killed.aborted) throw aborted(killed);
    if (typeof trouble === "object" && trouble.instead) {
      const { code = 0, stdout = "", stderr = "" } = trouble;
      return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
    }
    const reply = await runCommand(command, "cmd", {
      here: machine,
      caller: { user: "admin", rights, method: "password" },
      stdin: () => Promise.resolve(text),
      wait: (ms) => clock.sleep(ms === "for-ever" ? 1e9 : ms, killed),
      peer,
      unexpected: (what) => unexpected.push(what),
    });
    if (trouble === "drop-after") lose();
    if (trouble === "hang-after") await clock.sleep(1e9, killed);
    killed.throwIfAborted();
    if (typeof trouble !== "object") return reply;
    const { code = reply.code, stdout = reply.stdout, stderr = reply.stderr } = trouble;
    return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
  }
}
