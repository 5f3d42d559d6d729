import { contest } from "../contest";
import { oursThrough } from "../contestants/ours";
import type { BenchContext } from "../context";
import { startFleet } from "../fleet";
import type { ThroughputResult } from "./throughput";

/** The built-in client and the machine's ssh, on hosts that answer at once: what a process per command costs. */
export async function clients({ sizes, go, cores, log }: BenchContext): Promise<ThroughputResult> {
  const { clientHosts: hosts, clientRounds: rounds, parallel, people } = sizes;
  const contestants = [oursThrough(go.reaper, "builtin"), oursThrough(go.reaper, "openssh")];
  const fleet = await startFleet(go.fleet, { hosts, people });
  try {
    const standings = await contest(contestants, fleet, { hosts, parallel, rounds, cores, log });
    return { hosts, parallel, people, standings, missing: [] };
  } finally {
    await fleet.close();
  }
}
