import type { BenchContext } from "../context";
import { startFleet } from "../fleet";
import { stackJob, withStack } from "../pulumi-stack";
import { medianOf } from "../statistics";

export interface PulumiResult {
  readonly hosts: number;
  readonly parallel: number;
  readonly rounds: number;
  /** `pulumi up` of a new stack whose program declares nothing. */
  readonly emptySeconds: number;
  /** The same with one SessionLogoff for all hosts. */
  readonly oneResourceSeconds: number;
  /** The same with one small dynamic resource per host, which lists, logs off and lists again. */
  readonly resourcePerHostSeconds: number;
  readonly ratio: number;
}

const programs = ["empty", "session-logoff", "resource-per-host"] as const;

/** Part 5: what a run costs beyond the engine, and what one resource per host costs. The engine rewrites the state after each resource. */
export async function pulumiUp(context: BenchContext): Promise<PulumiResult> {
  const { sizes, go, log } = context;
  const { pulumiHosts: hosts, parallel, people, rounds } = sizes;
  const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
  const engine = await ensureEngine({ log });
  const fleet = await startFleet(go.fleet, { hosts, people });
  const seconds = new Map(programs.map((program): [string, number[]] => [program, []]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const program of programs) {
        await fleet.reset(hosts);
        const job = stackJob(fleet, hosts, parallel);
        const { wallMs } = await withStack(engine.path, program, job, (stack) => stack.up());
        const { people: left } = await fleet.stats();
        if (left > 0 && program !== "empty") throw new Error(`${program} left ${left} people logged on`);
        seconds.get(program)?.push(wallMs / 1000);
        log(`  ${round}/${rounds} ${program}: ${(wallMs / 1000).toFixed(1)} s`);
      }
    }
  } finally {
    await fleet.close();
  }
  const [empty = 0, one = 0, each = 0] = programs.map((program) => medianOf(seconds.get(program) ?? []));
  return {
    hosts,
    parallel,
    rounds,
    emptySeconds: empty,
    oneResourceSeconds: one,
    resourcePerHostSeconds: each,
    ratio: each / one,
  };
}
