import { measure } from "../command";
import { oursCommand } from "../contestants/ours";
import type { BenchContext } from "../context";
import { startFleet } from "../fleet";
import { medianOf } from "../statistics";

export interface GraceResult {
  readonly hosts: number;
  readonly parallel: number;
  readonly rounds: number;
  readonly graceSeconds: number;
  readonly seconds: number;
  /** Seconds for a read-only check of all hosts. */
  readonly lookSeconds: number;
  /** All hosts must be checked before their grace periods begin, and the last grace period must pass. */
  readonly idealSeconds: number;
  readonly overIdeal: number;
  /** Seconds if each host kept its host slot during the grace period. */
  readonly ifItHeldItsPlaceSeconds: number;
}

const minutes = 60_000;

/** Part 3: warn, wait out the grace period, log off. Measures the overhead of the wait. */
export async function grace(context: BenchContext): Promise<GraceResult> {
  const { sizes, go, log } = context;
  const { graceHosts: hosts, graceSeconds, parallel, people, rounds } = sizes;
  const fleet = await startFleet(go.fleet, { hosts, people });
  const warn = { message: "Please log off", gracePeriod: `${graceSeconds}s` };
  const runs: number[] = [];
  const looks: number[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await fleet.reset(hosts);
      const look = await measure(oursCommand(fleet, { hosts, parallel, listOnly: true }), 5 * minutes);
      looks.push(look.wallMs);
      const run = await measure(oursCommand(fleet, { hosts, parallel, warn }), 10 * minutes);
      runs.push(run.wallMs);
      const { people: left } = await fleet.stats();
      if (left > 0) throw new Error(`${left} people are still logged on`);
      log(
        `  ${round}/${rounds} look ${(look.wallMs / 1000).toFixed(2)} s, run ${(run.wallMs / 1000).toFixed(2)} s`,
      );
    }
  } finally {
    await fleet.close();
  }
  const seconds = medianOf(runs) / 1000;
  const lookSeconds = medianOf(looks) / 1000;
  const idealSeconds = graceSeconds + lookSeconds;
  return {
    hosts,
    parallel,
    rounds,
    graceSeconds,
    seconds,
    lookSeconds,
    idealSeconds,
    overIdeal: seconds / idealSeconds,
    ifItHeldItsPlaceSeconds: Math.ceil(hosts / parallel) * graceSeconds + seconds - graceSeconds,
  };
}
