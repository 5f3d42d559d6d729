import type { FindJumpHosts, Host } from "../../connection";

/** A host as its client reaches it, with the jump hosts of ssh_config. */
export type ResolveRoute = (host: Host) => Promise<{ readonly host: Host & { readonly port: number } }>;

/** Finds jump hosts in ssh_config without connecting. A host whose ssh_config cannot be read has none; connecting reports why. */
export function jumpHostFinder(resolve: ResolveRoute): FindJumpHosts {
  const resolved = async (host: Host): Promise<(Host & { readonly port: number }) | undefined> => {
    try {
      return (await resolve(host)).host;
    } catch {
      return undefined;
    }
  };
  const addRoute = async (host: Host, places: Set<string>): Promise<void> => {
    for (const jump of (await resolved(host))?.jumpHosts ?? []) {
      const hop = await resolved(jump);
      // A jump host that was already seen closes a loop.
      if (hop === undefined || places.has(placeOf(hop))) continue;
      places.add(placeOf(hop));
      await addRoute(jump, places);
    }
  };
  return async (hosts) => {
    const labels = new Map<string, string>();
    // The server behind a relay is not the machine that we connect to.
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

function placeOf({ address, port }: Pick<Host, "address" | "port">): string {
  return `${address.toLowerCase()}:${port ?? 22}`;
}
