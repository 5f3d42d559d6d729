import type { HostPlan } from "../../plan/plan";
import { reasonToStop, type RunContext } from "../context";
import { firstState, type HostState, type PreviousRun, type Step } from "./state";
import { stopBetweenVisits, type ComeAgain, type HostRun, type Visit, type Visited } from "./visit";

/** What {@link driveHost} needs besides the run. */
export interface Turns {
  /** Waits for a host slot, and holds it while `work` runs. `until` ends the wait. */
  readonly take: <T>(work: () => Promise<T>, until: AbortSignal) => Promise<T>;
  readonly visit: Visit;
}

/**
 * Visits a host until its run ends. Between two visits the host has neither a host slot nor a connection, and only its state is kept. Never
 * rejects.
 */
export async function driveHost(
  run: RunContext,
  plan: HostPlan,
  turns: Turns,
  previous?: PreviousRun,
): Promise<HostRun> {
  let visited: Visited = { state: firstState(previous), comeAgainInMs: 0 };
  while (!("report" in visited)) {
    const { state, comeAgainInMs }: ComeAgain = visited;
    const sinceMs = run.clock.now();
    const waited = (): HostState => ({ ...state, waitedMs: run.clock.now() - sinceMs });
    // A clean-up waits for its turn even after the run was stopped.
    const until: AbortSignal = state.step === "clean-up" ? run.signal : run.stop;
    visited = await sleep(comeAgainInMs, run, state.step)
      .then(() => turns.take(() => turns.visit(run, plan, waited()), until))
      .catch((stopped: unknown) => stopBetweenVisits(run, plan, state, stopped));
  }
  return visited;
}

/** How often a wait checks whether the window has ended. */
const windowCheckMs = 30_000;

/** @throws LogoffError the reason to stop */
async function sleep(ms: number, run: RunContext, step: Step): Promise<void> {
  if (ms <= 0) return;
  const { clock, stop, plan } = run;
  const untilMs = clock.now() + ms;
  // A host that settles is not changed any more, so it does not need the window.
  const isWatched = plan.window !== null && step !== "settle";
  do {
    await clock.sleep(Math.min(isWatched ? windowCheckMs : ms, Math.max(0, untilMs - clock.now())), stop);
    const reason = isWatched ? reasonToStop(run) : undefined;
    if (reason !== undefined) throw reason;
  } while (clock.now() < untilMs);
}
