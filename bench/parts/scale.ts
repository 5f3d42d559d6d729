import { measure } from "../command";
import { oursCommand, type Done } from "../contestants/ours";
import type { BenchContext } from "../context";
import { startFleet, type Fleet } from "../fleet";
import { medianOf } from "../statistics";

export interface ScaleRow {
  readonly hosts: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly hostsPerSecond: number;
  readonly peakMb: number;
  /** Processor milliseconds of our process per host. */
  readonly cpuMsPerHost: number;
}

export interface ScaleResult {
  readonly parallel: number;
  readonly rows: readonly ScaleRow[];
  /** Time per host with the most hosts, divided by that with the fewest; 1 is linear. */
  readonly growth: number;
  readonly cpuGrowth: number;
}

const timeoutMs = 15 * 60_000;

/** Part 4: ten times the hosts must take ten times as long, but not ten times the memory. */
export async function scale(context: BenchContext): Promise<ScaleResult> {
  const { sizes, go, log } = context;
  const { parallel, people, scaleHosts, scaleRounds } = sizes;
  const fleets: Fleet[] = [];
  const runs = scaleHosts.map((): Done[] => []);
  try {
    // One fleet per size: known_hosts grows with the number of hosts, as it does for a user.
    for (const hosts of scaleHosts) fleets.push(await startFleet(go.fleet, { hosts, people }));
    for (let round = 1; round <= scaleRounds; round += 1) {
      for (const [index, fleet] of fleets.entries()) {
        const hosts = scaleHosts[index] ?? 0;
        await fleet.reset(hosts);
        const { output } = await measure(oursCommand(fleet, { hosts, parallel }), timeoutMs);
        const done = JSON.parse(output) as Done;
        const { people: left } = await fleet.stats();
        if (left > 0) throw new Error(`${left} people are still logged on`);
        runs[index]?.push(done);
        log(
          `  ${round}/${scaleRounds} ${hosts} hosts: ${(done.runMs / 1000).toFixed(1)} s, ${done.peakMb} MiB`,
        );
      }
    }
  } finally {
    for (const fleet of fleets) await fleet.close();
  }
  const rows = scaleHosts.map((hosts, index) => rowOf(hosts, runs[index] ?? []));
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) throw new Error("no sizes were given");
  return {
    parallel,
    rows,
    growth: first.hostsPerSecond / last.hostsPerSecond,
    cpuGrowth: last.cpuMsPerHost / first.cpuMsPerHost,
  };
}

function rowOf(hosts: number, runs: readonly Done[]): ScaleRow {
  const runMs = medianOf(runs.map((run) => run.runMs));
  return {
    hosts,
    rounds: runs.length,
    seconds: runMs / 1000,
    hostsPerSecond: (hosts * 1000) / runMs,
    peakMb: Math.max(...runs.map((run) => run.peakMb)),
    cpuMsPerHost: medianOf(runs.map((run) => run.cpuMs)) / hosts,
  };
}
