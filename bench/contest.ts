import { measure, type Command } from "./command";
import type { Fleet } from "./fleet";
import { medianOf } from "./statistics";

/** A program that logs everybody off. */
export interface Contestant {
  readonly name: string;
  /** Returns the command that processes the first `hosts` hosts of the fleet. It may prepare files; that is not measured. */
  prepare(fleet: Fleet, hosts: number, parallel: number): Command;
}

/** The results of one contestant: medians over the rounds. */
export interface Standing {
  readonly name: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly hostsPerSecond: number;
  /** The time it took, as a multiple of ours; above 1, we are faster. */
  readonly timesOurs: number;
  readonly fastestSeconds: number;
  readonly slowestSeconds: number;
  /** Processor seconds of the contestant and its children. */
  readonly clientCpuSeconds: number;
  /** The simulated hosts' share of the machine's processor time during the run. */
  readonly serverShare: number;
  readonly connections: number;
  readonly commands: number;
}

interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly serverCpuMs: number;
  readonly connections: number;
  readonly commands: number;
}

export interface ContestOptions {
  readonly hosts: number;
  readonly parallel: number;
  readonly rounds: number;
  readonly cores: number;
  readonly log: (line: string) => void;
}

const timeoutMs = 10 * 60_000;

/**
 * All contestants process the same hosts, one after another, round by round, so that other load on the machine affects
 * them equally. The first contestant is ours. A run counts only if nobody is still logged on.
 */
export async function contest(
  contestants: readonly Contestant[],
  fleet: Fleet,
  options: ContestOptions,
): Promise<readonly Standing[]> {
  const { hosts, parallel, rounds, log } = options;
  const results = contestants.map((): Round[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, contestant] of contestants.entries()) {
      const done = await runOnce(contestant, fleet, hosts, parallel);
      results[index]?.push(done);
      log(`  ${round}/${rounds} ${contestant.name}: ${(done.wallMs / 1000).toFixed(2)} s`);
    }
  }
  const ours = medianOf((results[0] ?? []).map(({ wallMs }) => wallMs));
  return contestants.map(({ name }, index) => standing(name, results[index] ?? [], ours, options));
}

async function runOnce(
  contestant: Contestant,
  fleet: Fleet,
  hosts: number,
  parallel: number,
): Promise<Round> {
  const command = contestant.prepare(fleet, hosts, parallel);
  await fleet.reset(hosts);
  const { wallMs, cpuMs, output } = await measure(command, timeoutMs);
  const { people, unexpected, cpuMs: serverCpuMs, connections, commands } = await fleet.stats();
  const said = `:\n${output.slice(-2000)}`;
  if (unexpected.length > 0)
    throw new Error(`${contestant.name} sent ${unexpected.slice(0, 3).join(" | ")}${said}`);
  if (people > 0) throw new Error(`${contestant.name} left ${people} people logged on${said}`);
  return { wallMs, cpuMs, serverCpuMs, connections, commands };
}

function standing(name: string, rounds: readonly Round[], oursMs: number, options: ContestOptions): Standing {
  const median = (pick: (round: Round) => number): number => medianOf(rounds.map(pick));
  const wallMs = median((round) => round.wallMs);
  const walls = rounds.map((round) => round.wallMs);
  return {
    name,
    rounds: rounds.length,
    seconds: wallMs / 1000,
    hostsPerSecond: (options.hosts * 1000) / wallMs,
    timesOurs: wallMs / oursMs,
    fastestSeconds: Math.min(...walls) / 1000,
    slowestSeconds: Math.max(...walls) / 1000,
    clientCpuSeconds: median((round) => round.cpuMs) / 1000,
    serverShare: median((round) => round.serverCpuMs / (round.wallMs * options.cores)),
    connections: median((round) => round.connections),
    commands: median((round) => round.commands),
  };
}
