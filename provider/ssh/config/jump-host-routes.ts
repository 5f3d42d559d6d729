import type { FindJumpHosts, Host } from "../../connection";
import type { ResolvedHost, ResolveHost } from "./ssh-config";

/** Reads ssh_config where a host asks for it, and connects to nothing. What cannot be followed has no jump hosts: connecting says why. */
export function jumpHostFinder(resolve: ResolveHost): FindJumpHosts {
  const resolved = async (host: Host): Promise<ResolvedHost["host"] | undefined> => {
    try {
      return (await resolve(host)).host;
    } catch {
      return undefined;
    }
  };
  const addRoute = async (host: Host, places: Set<string>): Promise<void> => {
    for (const jump of (await resolved(host))?.jumpHosts ?? []) {
      const hop = await resolved(jump);
      // The second half ends a circle.
      if (hop === undefined || places.has(placeOf(hop))) continue;
      places.add(placeOf(hop));
      await addRoute(jump, places);
    }
  };
  return async (hosts) => {
    const labels = new Map<string, string>();
    // What a relay acts on is another machine than the one it connects to.
    for (const host of hosts.filter(({ server }) => server === undefined)) {
      const target = await resolved(host);
      if (target !== undefined) labels.set(placeOf(target), host.label);
    }
    const jumpHosts = new Map<string, readonly string[]>();
    for (const host of hosts) {
      const places = new Set<string>();
      await addRoute(host, places);
      const onTheWay = [...places].flatMap((place) => labels.get(place) ?? []);
      jumpHosts.set(
        host.label,
        onTheWay.filter((label) => label !== host.label),
      );
    }
    return jumpHosts;
  };
}

function placeOf({ address, port }: ResolvedHost["host"]): string {
  return `${address.toLowerCase()}:${port}`;
}
