import type { Clock } from "../../provider/base/clock";
import type { RunContext } from "../../provider/run/context";
import type { HostState } from "../../provider/run/host/state";
import { visit } from "../../provider/run/host/visit";
import type { RolloutDeps } from "../../provider/run/rollout";

const switched = { isOn: false, visits: 0 };

/** From now on, {@link howToVisit} sends the state of each host to another process between its visits. */
export function sendStatesThroughJson(): void {
  switched.isOn = true;
}

/** The number of visits that {@link visitOfAnotherProcess} has made. */
export function visitsOfOtherProcesses(): number {
  return switched.visits;
}

export function howToVisit(): Pick<RolloutDeps, "visit"> {
  return switched.isOn ? { visit: visitOfAnotherProcess } : {};
}

/**
 * A visit by a process that knows nothing of the host but its state, as JSON. Its monotonic clock has another origin, and its context
 * is its own.
 */
export const visitOfAnotherProcess: typeof visit = (run, plan, state) => {
  switched.visits += 1;
  const originMs = Math.floor(Math.random() * 1e9);
  const own: RunContext = {
    ...run,
    clock: shifted(run.clock, originMs),
    startedAtMs: run.startedAtMs + originMs,
  };
  return visit(own, plan, JSON.parse(JSON.stringify(state)) as HostState);
};

function shifted(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    date: () => clock.date(),
    after: (ms, wake) => clock.after(ms, wake),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
