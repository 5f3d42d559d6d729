import { Semaphore } from "../../base/concurrency";
import {
  firstAwaitState,
  stopAwaiting,
  unprovable,
  visitAwaited,
  type AwaitRun,
  type AwaitState,
  type AwaitVisited,
} from "./await-host";
import type { AwaitDeps, AwaitedHost, AwaitOptions, AwaitOutcome } from "./awaited";

export type { AwaitDeps, AwaitedHost, AwaitOptions, AwaitOutcome } from "./awaited";

/** Waits for one host. Never rejects. */
export type AwaitHost = (asked: AwaitedHost) => Promise<AwaitOutcome>;

/** Like {@link awaitHosts}, for callers that act on each host as soon as it is back. */
export function hostAwaiter(options: AwaitOptions, deps: AwaitDeps, signal: AbortSignal): AwaitHost {
  const hostSlots = new Semaphore(options.parallel);
  const run: AwaitRun = { ...deps, options, signal };
  return async (asked) => {
    const outcome = await driveAwaited(run, asked, hostSlots);
    const { host, durationMs: afterMs, drained, error } = outcome;
    if (drained === "undrained") deps.onProgress({ type: "host-drained", host, drained });
    deps.onProgress({ type: "host-back", host, afterMs, ...(error === undefined ? {} : { error }) });
    return outcome;
  };
}

/**
 * Waits until each host has restarted, answers, and accepts logons, and lifts its drain if that may be lifted. A host that is down is visited
 * again after a pause that grows, and holds neither a slot nor a connection meanwhile. Never rejects: the outcomes have the order of the hosts.
 */
export function awaitHosts(
  hosts: readonly AwaitedHost[],
  options: AwaitOptions,
  deps: AwaitDeps,
  signal: AbortSignal,
): Promise<readonly AwaitOutcome[]> {
  return Promise.all(hosts.map(hostAwaiter(options, deps, signal)));
}

/** The loop around the visits of one host. */
async function driveAwaited(run: AwaitRun, asked: AwaitedHost, hostSlots: Semaphore): Promise<AwaitOutcome> {
  const { clock, slots, turns, signal, stop = signal } = run;
  if (asked.restartedSince === null) return unprovable(asked);
  let visited: AwaitVisited = { state: firstAwaitState, comeAgainInMs: 0 };
  while (!("outcome" in visited)) {
    const { state, comeAgainInMs }: { state: AwaitState; comeAgainInMs: number } = visited;
    const sinceMs = clock.now();
    const visit = (): Promise<AwaitVisited> => visitAwaited(run, asked, state, clock.now() - sinceMs);
    const { label } = asked.host;
    visited = await clock
      .sleep(comeAgainInMs, stop)
      .then(() => hostSlots.run(() => turns.run(label, () => slots.run(visit, stop), stop), stop))
      .catch((): AwaitVisited => ({ outcome: stopAwaiting(asked, state, stop) }));
  }
  return visited.outcome;
}
