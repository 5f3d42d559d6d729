import { contest, type Contestant, type Standing } from "../contest";
import { ansible } from "../contestants/ansible";
import { bareSsh2 } from "../contestants/bare-ssh2";
import { goClient } from "../contestants/go-client";
import { sshOneCall, sshPerCommand } from "../contestants/openssh";
import { ours } from "../contestants/ours";
import type { BenchContext } from "../context";
import { startFleet } from "../fleet";
import { commandMs, roundTripMs } from "../sizes";

/** Each contestant logs everybody off and checks that nobody is left. */
export interface ThroughputResult {
  readonly hosts: number;
  readonly parallel: number;
  readonly people: number;
  readonly standings: readonly Standing[];
  /** Contestants that could not take part, with their reasons. */
  readonly missing: readonly string[];
}

export interface LatencyResult extends ThroughputResult {
  readonly roundTripMs: number;
  readonly commandMs: number;
  /** Seconds of waiting alone: {@link idealHostMs} for each batch of parallel hosts. */
  readonly idealSeconds: number;
}

/** Part 1: hosts that answer at once, so processor time dominates. */
export async function throughput(context: BenchContext): Promise<ThroughputResult> {
  return compete(context, context.sizes.throughputHosts, {});
}

/** Part 2: hosts that are far away and slow, so waiting dominates. */
export async function latency(context: BenchContext): Promise<LatencyResult> {
  const { latencyHosts, parallel } = context.sizes;
  const result = await compete(context, latencyHosts, { roundTripMs, commandMs });
  const idealSeconds = (Math.ceil(latencyHosts / parallel) * idealHostMs) / 1000;
  return { ...result, roundTripMs, commandMs, idealSeconds };
}

/**
 * The time per host if only waiting counts. Round trips: TCP 1; greeting and key exchange 2; service, `none`, and the key
 * offered and signed 4; then 2 per step, for a channel and its command. There are three steps, each of which needs the
 * previous one's answer, with so many programs one after another: detect the host and list, log off, list what is left.
 */
const programsOfSteps = [5, 1, 2] as const;
/** As the hosts of the fleet take it. */
const programsMs = programsOfSteps.reduce((ms, programs) => ms + (commandMs * (2 + programs)) / 3, 0);
const idealHostMs = (1 + 2 + 4 + 2 * programsOfSteps.length) * roundTripMs + programsMs;

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
