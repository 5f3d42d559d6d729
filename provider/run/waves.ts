import type { HostPlan, WaveSize } from "../plan/plan";

/**
 * Divides hosts into waves, like Ansible's `serial`: in the order of the hosts, with percentages of all hosts of the run, rounded down to
 * at least one host, and the last size repeated. Jump hosts and relays of other hosts come last, in their own wave, so that logging users
 * off there does not cut off the others.
 * @param routes the jump hosts that only ssh_config names, by the label of the host behind them
 */
export function wavesOf(
  hosts: readonly HostPlan[],
  sizes: readonly WaveSize[],
  routes: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly (readonly HostPlan[])[] {
  const onTheWay = new Set(
    hosts.flatMap(({ host: { label, server, jumpHosts } }) => [
      ...jumpHosts.map((jump) => jump.label),
      ...(routes.get(label) ?? []),
      // A relay acts through the host before the ">".
      ...(server === undefined ? [] : [label.slice(0, label.lastIndexOf(">"))]),
    ]),
  );
  const last = hosts.filter(({ host }) => onTheWay.has(host.label));
  const others = hosts.filter(({ host }) => !onTheWay.has(host.label));
  const waves: (readonly HostPlan[])[] = [];
  for (let taken = 0; taken < others.length;) {
    const size = sizes[Math.min(waves.length, sizes.length - 1)];
    const count = size === undefined ? others.length : hostsIn(size, hosts.length);
    waves.push(others.slice(taken, taken + count));
    taken += count;
  }
  // Of jump hosts behind jump hosts, the one nearest to us comes last.
  return last.length === 0
    ? waves
    : [...waves, ...(others.length === 0 ? [last] : wavesOf(last, [], routes))];
}

function hostsIn(size: WaveSize, all: number): number {
  return "hosts" in size ? size.hosts : Math.max(1, Math.floor((all * size.percent) / 100));
}

/** Whether too many hosts have failed, in the whole run (if the limit is a number) or in the wave (if it is a percentage). */
export function isExceeded(
  limit: { readonly hosts: number } | { readonly percent: number },
  failed: { readonly inRun: number; readonly inWave: number; readonly waveSize: number },
): boolean {
  return "hosts" in limit
    ? failed.inRun > limit.hosts
    : failed.inWave > Math.floor((failed.waveSize * limit.percent) / 100);
}
