import { contest, type Contestant, type Standing } from "../contest";
import { ansible } from "../contestants/ansible";
import { bareSsh2 } from "../contestants/bare-ssh2";
import { goClient } from "../contestants/go-client";
import { sshOneCall, sshPerCommand } from "../contestants/openssh";
import { ours } from "../contestants/ours";
import type { BenchContext } from "../context";
import { startFleet } from "../fleet";
import { commandMs, roundTripMs } from "../sizes";

/** Everybody logs everybody off and sees that nobody is left. */
export interface ThroughputResult {
  readonly hosts: number;
  readonly parallel: number;
  readonly people: number;
  readonly standings: readonly Standing[];
  /** Contestants that could not take part, with the reason. */
  readonly missing: readonly string[];
}

export interface LatencyResult extends ThroughputResult {
  readonly roundTripMs: number;
  readonly commandMs: number;
  /** Seconds that the waiting alone takes: {@link idealHostMs} for each turn of hosts. */
  readonly idealSeconds: number;
}

/** Part 1: hosts that answer at once, so that processor time decides. */
export async function throughput(context: BenchContext): Promise<ThroughputResult> {
  return compete(context, context.sizes.throughputHosts, {});
}

/** Part 2: hosts that are far away and take their time, so that waiting decides. */
export async function latency(context: BenchContext): Promise<LatencyResult> {
  const { latencyHosts, parallel } = context.sizes;
  const result = await compete(context, latencyHosts, { roundTripMs, commandMs });
  const idealSeconds = (Math.ceil(latencyHosts / parallel) * idealHostMs) / 1000;
  return { ...result, roundTripMs, commandMs, idealSeconds };
}

/**
 * What one host takes when nothing but waiting counts. Round trips: TCP 1, greeting and key exchange 2, service, `none`, and
 * the key offered and signed 4, then 2 for each step: a channel, and its command. Four steps, each of which needs what
 * the one before it told: what kind of host it is and who is there, who is there still, log off, who is left.
 */
const steps = 4;
const idealHostMs = (1 + 2 + 4 + 2 * steps) * roundTripMs + steps * commandMs;

async function compete(
  context: BenchContext,
  hosts: number,
  network: { readonly roundTripMs?: number; readonly commandMs?: number },
): Promise<ThroughputResult> {
  const { sizes, go, cacheFolder, mayInstall, cores, log } = context;
  const { parallel, people, rounds } = sizes;
  const fromPyPi = await ansible(cacheFolder, mayInstall);
  const contestants: Contestant[] = [ours, sshPerCommand, sshOneCall];
  if (typeof fromPyPi !== "string") contestants.push(fromPyPi);
  contestants.push(bareSsh2(1), bareSsh2(2), goClient(go.client, "same"), goClient(go.client, "fewest"));
  const fleet = await startFleet(go.fleet, { hosts, people, ...network });
  try {
    const standings = await contest(contestants, fleet, { hosts, parallel, rounds, cores, log });
    const missing = typeof fromPyPi === "string" ? [`Ansible: ${fromPyPi}`] : [];
    return { hosts, parallel, people, standings, missing };
  } finally {
    await fleet.close();
  }
}
