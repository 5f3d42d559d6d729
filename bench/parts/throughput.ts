import { contest, type Contestant, type Standing } from "../contest";
import { ansible } from "../contestants/ansible";
import { bareSsh2 } from "../contestants/bare-ssh2";
import { goClient } from "../contestants/go-client";
import { sshOneCall, sshPerCommand } from "../contestants/openssh";
import { ours } from "../contestants/ours";
import type { BenchContext } from "../context";
import { startFleet, type FleetOptions } from "../fleet";
import { commandMs, furtherPrograms, roundTripMs } from "../sizes";

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
  /** Ours again, against hosts on which a command takes the same time whatever it runs. */
  readonly flat: { readonly seconds: number; readonly idealSeconds: number };
}

type Network = Pick<FleetOptions, "roundTripMs" | "commandMs" | "furtherPrograms">;

/** Part 1: hosts that answer at once, so processor time dominates. */
export async function throughput(context: BenchContext): Promise<ThroughputResult> {
  return compete(context, context.sizes.throughputHosts, {});
}

/** Part 2: hosts that are far away and slow, so waiting dominates. */
export async function latency(context: BenchContext): Promise<LatencyResult> {
  const { latencyHosts, parallel } = context.sizes;
  const network = { roundTripMs, commandMs, furtherPrograms };
  const result = await compete(context, latencyHosts, network);
  const idealSeconds = (further: number): number =>
    (Math.ceil(latencyHosts / parallel) * idealHostMs(further)) / 1000;
  const [flat] = await against(context, [ours], latencyHosts, { ...network, furtherPrograms: 0 });
  return {
    ...result,
    roundTripMs,
    commandMs,
    idealSeconds: idealSeconds(furtherPrograms),
    flat: { seconds: flat?.seconds ?? NaN, idealSeconds: idealSeconds(0) },
  };
}

/**
 * The time per host if only waiting counts. Round trips: TCP 1; greeting and key exchange 2; service, `none`, and the key
 * offered and signed 4; then 2 per step, for a channel and its command. There are three steps, each of which needs the
 * previous one's answer, with so many programs one after another: detect the host and list, log off, list what is left.
 */
const programsOfSteps = [5, 1, 2] as const;

function idealHostMs(further: number): number {
  const commandsMs = programsOfSteps.map((programs) => commandMs * (1 + further * (programs - 1)));
  const roundTrips = 1 + 2 + 4 + 2 * programsOfSteps.length;
  return commandsMs.reduce((sum, ms) => sum + ms, roundTrips * roundTripMs);
}

async function compete(context: BenchContext, hosts: number, network: Network): Promise<ThroughputResult> {
  const { sizes, go, cacheFolder, mayInstall } = context;
  const { parallel, people } = sizes;
  const fromPyPi = await ansible(cacheFolder, mayInstall);
  const contestants: Contestant[] = [ours, sshPerCommand, sshOneCall];
  if (typeof fromPyPi !== "string") contestants.push(fromPyPi);
  contestants.push(bareSsh2("same", 1), bareSsh2("same", 2), bareSsh2("fewest", 1));
  contestants.push(goClient(go.client, "same"), goClient(go.client, "fewest"));
  const standings = await against(context, contestants, hosts, network);
  const missing = typeof fromPyPi === "string" ? [`Ansible: ${fromPyPi}`] : [];
  return { hosts, parallel, people, standings, missing };
}

async function against(
  { sizes, go, cores, log }: BenchContext,
  contestants: readonly Contestant[],
  hosts: number,
  network: Network,
): Promise<readonly Standing[]> {
  const { parallel, people, rounds } = sizes;
  const fleet = await startFleet(go.fleet, { hosts, people, ...network });
  try {
    return await contest(contestants, fleet, { hosts, parallel, rounds, cores, log });
  } finally {
    await fleet.close();
  }
}
