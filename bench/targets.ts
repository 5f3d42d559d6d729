import type { Standing } from "./contest";
import type { Results } from "./results";

/** A performance target. */
export interface Target {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly reached: boolean;
}

/** The targets of the parts that were measured. */
export function targetsOf({
  throughput,
  latency,
  grace,
  scale,
  pulumi,
  stacks,
  start,
}: Results): readonly Target[] {
  const targets: Target[] = [];
  const atLeast = (what: string, least: number, value: number | undefined): void => {
    if (value === undefined) return;
    targets.push({ what, target: `≥ ${least}×`, measured: `${value.toFixed(2)}×`, reached: value >= least });
  };
  const atMost = (what: string, most: number, value: number | undefined, unit = "×"): void => {
    if (value === undefined) return;
    const measured = `${value.toFixed(unit === " MiB" ? 0 : 2)}${unit}`;
    targets.push({ what, target: `≤ ${most}${unit}`, measured, reached: value <= most });
  };
  const timesOurs = (name: string): number | undefined => find(throughput?.standings, name)?.timesOurs;
  atLeast("1: as fast as ssh with a call per command", 8, timesOurs("ssh + xargs -P, a call per command"));
  atLeast("1: as fast as ssh with one call", 2.2, timesOurs("all in one call"));
  atLeast("1: as fast as Ansible", 20, timesOurs("Ansible"));
  atLeast("1: as fast as ssh2 alone", 0.9, timesOurs("bare ssh2 (Node), a command for each program"));
  atLeast("1: as fast as Go", 0.4, timesOurs("Go client, a command for each program"));
  const ours = find(throughput?.standings, "session-logoff");
  if (ours !== undefined) atMost("1: commands a host", 5, ours.commands / ours.connections);
  const far = find(latency?.standings, "session-logoff");
  if (far !== undefined && latency !== undefined)
    atMost("2: time over the latency-bound ideal", 1.12, far.seconds / latency.idealSeconds);
  if (latency?.hosts === 100) {
    atMost("2: 100 hosts, a command the same whatever it runs", 6.2, latency.flat.seconds, " s");
    atMost("2: the same over its ideal", 1.12, latency.flat.seconds / latency.flat.idealSeconds);
  }
  atMost("3: time over the ideal", 1.1, grace?.overIdeal);
  if (pulumi?.hosts === 200)
    atMost(
      "5: one `pulumi up` over an empty one",
      1.2,
      pulumi.oneResourceSeconds - pulumi.emptySeconds,
      " s",
    );
  for (const { front, hostsEach, resources, upSeconds, providerPeakMb } of stacks?.rows ?? []) {
    if (resources !== 1 || hostsEach !== 10_000) continue;
    atMost(`6: 10,000 hosts in one \`pulumi up\`, ${front}`, 55, upSeconds, " s");
    atMost(`6: peak memory of the ${front} then`, 350, providerPeakMb, " MiB");
  }
  if (scale !== undefined) {
    atMost("4: peak memory", 400, scale.rows.at(-1)?.peakMb, " MiB");
    atMost("4: time per host, most hosts over fewest", 1.1, scale.growth);
  }
  atMost("7: start of the command over Node alone", 1.9, start?.command.timesNode);
  atMost("7: start of the plugin over Node alone", 1.9, start?.plugin.timesNode);
  return targets;
}

function find(standings: readonly Standing[] | undefined, name: string): Standing | undefined {
  return standings?.find((one) => one.name.includes(name));
}
