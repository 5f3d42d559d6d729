import type { LabClock } from "./clock";
import type { ClosedLog } from "./closed-log";
import type { LabDrainMode, WindowsModel } from "./windows/windows-model";

/** What happens to a host that restarts, or seems to. Times are milliseconds of the lab's clock. */
export interface RestartPlan {
  /** How long it still answers after the command has returned. Default: 0. `for-ever`: it does nothing at all. */
  readonly answersForMs?: number | "for-ever";
  /** How long it is away. Default: 0. `for-ever`: it never comes back. */
  readonly downForMs?: number | "for-ever";
  /** Whether the host refuses connections while it is away (the default), or does not answer them. */
  readonly whileDown?: "refuses" | "silent";
  /**
   * `restart` (the default); `hard-reset`, where Windows does not shut down and only `BootId` changes; or `network-loss`, where
   * the host has never stopped: sessions, drain mode and boot IDs stay.
   */
  readonly kind?: "restart" | "hard-reset" | "network-loss";
  /** How long it has no listeners when it is back. Default: as the host's option says. */
  readonly listenersAfterMs?: number;
  /** How long it rejects every login when it is back. Default: 0. */
  readonly rejectsLoginsForMs?: number;
  /** What somebody else sets the drain mode to while the host starts. */
  readonly drain?: LabDrainMode;
  /** The restart that follows by itself when it is back, as some patches need. */
  readonly next?: this;
}

/** When a host was asked to restart, went away and was back, since the lab started. */
export interface RestartTimes {
  /** When the command had been answered. */
  readonly askedAtMs: number;
  readonly downAtMs?: number;
  readonly upAtMs?: number;
}

export interface Power<Plan extends RestartPlan> {
  isUp(): boolean;
  /** The plan of the restart after which the host still rejects every login, or undefined. */
  rejectsLogins(): Plan | undefined;
  /** Starts the plan. @throws Error if a restart is under way */
  restart(plan: Plan): void;
  /** Starts the plan so long after `answered`. Returns false if a restart is under way. */
  shutDown(plan: Plan, afterMs: number, answered: Promise<void>): boolean;
  /** Every restart so far, in order. */
  restarts(): readonly RestartTimes[];
}

interface PowerContext<Plan> {
  readonly model: WindowsModel;
  readonly clock: LabClock;
  /** Milliseconds since the lab started. */
  readonly nowMs: () => number;
  readonly closedLog: ClosedLog;
  /** Ends all restarts. */
  readonly closing: AbortSignal;
  readonly goDown: (plan: Plan) => void;
  readonly comeUp: (plan: Plan) => void | Promise<void>;
  readonly unexpected: (what: string) => void;
}

/** The switch of one host: what is in front of the model goes away and comes back as told. */
export function createPower<Plan extends RestartPlan>(context: PowerContext<Plan>): Power<Plan> {
  const { model, clock, nowMs, closedLog, closing, goDown, comeUp, unexpected } = context;
  const log: { askedAtMs: number; downAtMs?: number; upAtMs?: number }[] = [];
  let [up, busy] = [true, false];
  let rejecting: { readonly plan: Plan; readonly untilMs: number } | undefined;

  async function pass(ms: number | "for-ever"): Promise<void> {
    if (ms === "for-ever") await new Promise((_, reject) => closing.addEventListener("abort", reject));
    else if (ms > 0) await clock.sleep(ms, closing, true);
  }

  async function follow(plan: Plan, afterMs: number): Promise<void> {
    const times: (typeof log)[number] = { askedAtMs: nowMs() };
    log.push(times);
    await pass(afterMs);
    await pass(plan.answersForMs ?? 0);
    closing.throwIfAborted();
    up = false;
    times.downAtMs = nowMs();
    goDown(plan);
    closedLog.note(model.name, "down");
    await pass(plan.downForMs ?? 0);
    if (plan.kind !== "network-loss") reboot(plan);
    rejecting = { plan, untilMs: nowMs() + (plan.rejectsLoginsForMs ?? 0) };
    up = true;
    await comeUp(plan);
    times.upAtMs = nowMs();
    closedLog.note(model.name, "up");
    if (plan.next !== undefined) await follow(plan.next, 0);
  }

  function reboot({ kind, listenersAfterMs, drain }: Plan): void {
    model.reboot({
      hard: kind === "hard-reset",
      ...(listenersAfterMs === undefined ? {} : { listenersAfterMs }),
      ...(drain === undefined ? {} : { drain }),
    });
  }

  function begin(plan: Plan, afterMs: number, answered: Promise<void>): boolean {
    if (busy) return false;
    busy = true;
    answered
      .then(() => follow(plan, afterMs))
      .then(() => void (busy = false))
      .catch((error: unknown) => {
        if (!closing.aborted) unexpected(`the restart broke: ${String(error)}`);
      });
    return true;
  }

  return {
    isUp: () => up,
    rejectsLogins: () =>
      rejecting !== undefined && nowMs() < rejecting.untilMs ? rejecting.plan : undefined,
    restart: (plan) => {
      if (!begin(plan, 0, Promise.resolve())) throw new Error(`${model.name} is restarting already`);
    },
    shutDown: begin,
    restarts: () => log.map((times) => ({ ...times })),
  };
}
