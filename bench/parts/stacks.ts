import type { BenchContext } from "../context";
import { startFleet, type Fleet } from "../fleet";
import { stackJob, withStack } from "../pulumi-stack";
import type { StackSize } from "../sizes";
import { medianOf } from "../statistics";

/** What the program uses: the class, or the plugin. */
const fronts = ["class", "plugin"] as const;
type Front = (typeof fronts)[number];

/** The results for one stack size: medians over the rounds, and peak memory over all of them. */
export interface StackRow extends StackSize {
  readonly front: Front;
  readonly rounds: number;
  /** The first `pulumi up`, which logs everybody off. */
  readonly upSeconds: number;
  /** The next one, which finds nothing to do and contacts no host. */
  readonly unchangedSeconds: number;
  readonly stateBytes: number;
  readonly providerPeakMb: number;
  readonly unchangedPeakMb: number;
}

export interface StacksResult {
  readonly parallel: number;
  readonly rows: readonly StackRow[];
}

type Round = Omit<StackRow, keyof StackSize | "rounds" | "front">;

/** Part 6: the largest realistic stacks on a real engine: time, provider memory, state size. */
export async function stacks(context: BenchContext): Promise<StacksResult> {
  const { sizes, go, log } = context;
  const { parallel, people, stackSizes, scaleRounds } = sizes;
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const engine = await ensureEngine({ log });
  const rows: StackRow[] = [];
  for (const size of stackSizes) {
    const hosts = size.resources * size.hostsEach;
    const fleet = await startFleet(go.fleet, { hosts, people });
    const rounds: Record<Front, Round[]> = { class: [], plugin: [] };
    try {
      for (let round = 1; round <= scaleRounds; round += 1)
        for (const front of fronts) {
          const done = await upTwice(engine.path, front, fleet, size, parallel);
          rounds[front].push(done);
          log(
            `  ${round}/${scaleRounds} ${size.resources} × ${size.hostsEach} hosts, ${front}: ${done.upSeconds.toFixed(1)} s, unchanged ` +
              `${done.unchangedSeconds.toFixed(1)} s, state ${(done.stateBytes / 1e6).toFixed(2)} MB, ${done.providerPeakMb} MiB`,
          );
        }
    } finally {
      await fleet.close();
    }
    rows.push(...fronts.map((front) => rowOf(size, front, rounds[front])));
  }
  return { parallel, rows };
}

async function upTwice(
  engine: string,
  front: Front,
  fleet: Fleet,
  size: StackSize,
  parallel: number,
): Promise<Round> {
  const hosts = size.resources * size.hostsEach;
  await fleet.reset(hosts);
  const job = { ...stackJob(fleet, hosts, parallel), resources: size.resources, front };
  return withStack(engine, "session-logoff", job, async (stack) => {
    const first = await stack.up();
    const after = await fleet.stats();
    if (after.people > 0) throw new Error(`pulumi up left ${after.people} people logged on`);
    const stateBytes = stack.stateBytes();
    const second = await stack.up();
    const { connections } = await fleet.stats();
    if (connections !== after.connections) throw new Error("an unchanged stack contacted hosts");
    return {
      upSeconds: first.wallMs / 1000,
      unchangedSeconds: second.wallMs / 1000,
      stateBytes,
      providerPeakMb: first.providerPeakMb,
      unchangedPeakMb: second.providerPeakMb,
    };
  });
}

function rowOf(size: StackSize, front: Front, rounds: readonly Round[]): StackRow {
  const median = (pick: (round: Round) => number): number => medianOf(rounds.map(pick));
  return {
    ...size,
    front,
    rounds: rounds.length,
    upSeconds: median((round) => round.upSeconds),
    unchangedSeconds: median((round) => round.unchangedSeconds),
    stateBytes: median((round) => round.stateBytes),
    providerPeakMb: Math.max(...rounds.map((round) => round.providerPeakMb)),
    unchangedPeakMb: Math.max(...rounds.map((round) => round.unchangedPeakMb)),
  };
}
