import { aborted } from "../../provider/base/abort";
import { Semaphore } from "../../provider/base/concurrency";
import { LogoffError, notSent } from "../../provider/base/errors";
import type { Connection, ExecOptions, ExecResult } from "../../provider/connection";
import type { Selector } from "../../provider/session/selector";
import type { ClosedLog } from "../lab/closed-log";
import { createFaultScript, troubleOf, type CommandFault, type FaultScript } from "../lab/faults";
import { createPower, type RestartPlan, type RestartTimes } from "../lab/restart";
import { programsIn } from "../lab/windows/command-line";
import { runCommand } from "../lab/windows/commands";
import type { Machine, Rights } from "../lab/windows/program";
import { defaultLook, type Look } from "../lab/windows/render";
import { createWindowsModel, type ModelOptions, type WindowsModel } from "../lab/windows/windows-model";
import type { VirtualClock } from "./virtual-clock";

/** What happens to a host that restarts, by the virtual clock. */
export interface MemoryRestart extends RestartPlan {
  /** What connecting fails with while it is away. Default: host-unreachable, at once or, where silent, at the connect timeout. */
  readonly downError?: LogoffError;
  /** What connecting fails with while it rejects logins. Default: auth-rejected. */
  readonly loginError?: LogoffError;
  /** Whether connecting fails with host-key-changed once it is back. */
  readonly hasOtherHostKey?: boolean;
}

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
  /** When each attempt to connect began, whatever became of it. */
  readonly attemptsMs: number[];
  /** Restarts the host, without a command. @throws Error if it is restarting already */
  restart(how?: MemoryRestart): void;
  restarts(): readonly RestartTimes[];
  isUp(): boolean;
}

export interface MemoryHostOptions
  extends Omit<ModelOptions, "clock" | "name" | "onDrainChange">, Partial<Look> {
  readonly rights?: Rights;
  readonly faults?: readonly CommandFault[];
  readonly selector?: Selector;
  readonly server?: string;
  readonly missingTools?: readonly string[];
  readonly greeting?: string;
  readonly errorGreeting?: string;
  /** What `shutdown /r` does. Default: the host has no such command. */
  readonly onShutdown?: MemoryRestart;
}

/** A host, and what the fleet needs to connect to it. */
export interface Entry {
  readonly host: MemoryHost;
  readonly machine: Machine;
  readonly rights: Rights;
  /** Why a connection fails now. */
  readonly refusal: () => Refusal | undefined;
  /** How to lose each open connection. */
  readonly open: Set<() => void>;
}

interface Refusal {
  readonly error: LogoffError;
  /** Whether the host says nothing, so that connecting fails only at its timeout. */
  readonly isSilent?: boolean;
}

/** Makes a host that no network is in front of. */
export function memoryHost(
  options: MemoryHostOptions,
  name: string,
  fleet: {
    readonly clock: VirtualClock;
    readonly closedLog: ClosedLog;
    readonly unexpected: string[];
  },
): Entry {
  const { clock, closedLog } = fleet;
  const model = createWindowsModel({
    ...options,
    name,
    clock,
    onDrainChange: (mode) => closedLog.note(name, mode),
  });
  const look: Look = { ...defaultLook, ...options };
  const { missingTools = [], greeting = "", errorGreeting = "", onShutdown } = options;
  const open = new Set<() => void>();
  let away: MemoryRestart | undefined;
  let keyError: LogoffError | undefined;
  const power = createPower<MemoryRestart>({
    model,
    clock,
    nowMs: () => clock.now(),
    closedLog,
    closing: new AbortController().signal,
    goDown: (plan) => {
      away = plan;
      for (const lose of open) lose();
    },
    comeUp: ({ hasOtherHostKey = false }) => {
      away = undefined;
      if (hasOtherHostKey)
        keyError = new LogoffError("host-key-changed", `the key of "${name}" is not the known one`);
    },
    unexpected: (what) => fleet.unexpected.push(what),
  });
  closedLog.add(() => !power.isUp() || !model.takesLogons());
  const refusal = (): Refusal | undefined => {
    if (away !== undefined) {
      const error = away.downError ?? new LogoffError("host-unreachable", `"${name}" is away`);
      return { error, isSilent: away.whileDown === "silent" };
    }
    if (keyError !== undefined) return { error: keyError };
    const rejecting = power.rejectsLogins();
    if (rejecting === undefined) return undefined;
    const rejected = new LogoffError("auth-rejected", `"${name}" rejects the login`);
    return { error: rejecting.loginError ?? rejected };
  };
  return {
    machine: {
      model,
      look,
      missingTools,
      greeting,
      errorGreeting,
      ...(onShutdown && { shutDown: (afterMs, answered) => power.shutDown(onShutdown, afterMs, answered) }),
    },
    rights: options.rights ?? "full-control",
    refusal,
    open,
    host: {
      model,
      commands: [],
      faults: createFaultScript(options.faults),
      down: undefined,
      open: 0,
      connections: 0,
      attemptsMs: [],
      restart: (how = {}) => power.restart(how),
      restarts: () => power.restarts(),
      isUp: () => power.isUp(),
    },
  };
}

/** Connects to it as over SSH, which takes 50 ms. */
export async function connectTo(
  { host, machine, rights, refusal, open }: Entry,
  signal: AbortSignal,
  clock: VirtualClock,
  timeoutMs: number,
  peer: (name: string) => Machine | undefined,
  unexpected: string[],
  onOpen: () => void,
): Promise<Connection> {
  host.attemptsMs.push(clock.now());
  await clock.sleep(50, signal);
  if (host.down !== undefined) throw host.down;
  const refused = refusal();
  if (refused?.isSilent === true) await clock.sleep(timeoutMs - 50, signal);
  if (refused !== undefined) throw refused.error;
  host.open += 1;
  host.connections += 1;
  onOpen();
  const lost = new AbortController();
  const lose = (): void => {
    open.delete(lose);
    if (!lost.signal.aborted) host.open -= 1;
    lost.abort(new LogoffError("connection-lost", "the connection was lost"));
  };
  open.add(lose);
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
    const { whole: trouble, parts } = troubleOf(host.faults, command, programsIn(command, "cmd"));
    if (trouble === "drop-before") lose();
    if (trouble === "hang") await clock.sleep(1e9, killed);
    if (killed.aborted) throw aborted(killed);
    if (typeof trouble === "object" && trouble.instead) {
      const { code = 0, stdout = "", stderr = "" } = trouble;
      return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
    }
    const context = {
      here: machine,
      caller: { user: "admin", rights, method: "password" } as const,
      stdin: () => Promise.resolve(text),
      wait: (ms: number | "for-ever") => clock.sleep(ms === "for-ever" ? 1e9 : ms, killed),
      peer,
      unexpected: (what: string) => unexpected.push(what),
    };
    const reply = await runCommand(command, "cmd", context, parts);
    if (trouble === "drop-after") lose();
    if (trouble === "hang-after") await clock.sleep(1e9, killed);
    killed.throwIfAborted();
    if (typeof trouble !== "object") return reply;
    if (trouble.delayMs !== undefined) await clock.sleep(trouble.delayMs, killed);
    const { code = reply.code, stdout = reply.stdout, stderr = reply.stderr } = trouble;
    return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
  }
}
