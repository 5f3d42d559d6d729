import type { HostPlan, WaveSize } from "../plan/plan";

/**
 * Hosts in waves, as Ansible's `serial` makes them: sizes in the order of hosts, percentages of all hosts of the run
 * rounded down but at least one host, the last size repeating. Hosts that others of the run are reached through come
 * last, in a wave of their own: logging people off there must not cut the others off.
 * @param routes by label: what hosts go through besides what the plan says, as ssh_config has it
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
  // Jump hosts behind jump hosts: the nearer one to us is the later.
  return last.length === 0
    ? waves
    : [...waves, ...(others.length === 0 ? [last] : wavesOf(last, [], routes))];
}

function hostsIn(size: WaveSize, all: number): number {
  return "hosts" in size ? size.hosts : Math.max(1, Math.floor((all * size.percent) / 100));
}

/** How many failed hosts are too many, counted over the whole run or over the wave. */
export function isExceeded(
  limit: { readonly hosts: number } | { readonly percent: number },
  failed: { readonly inRun: number; readonly inWave: number; readonly waveSize: number },
): boolean {
  return "hosts" in limit
    ? failed.inRun > limit.hosts
    : failed.inWave > Math.floor((failed.waveSize * limit.percent) / 100);
}
