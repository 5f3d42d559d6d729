/**
 * What changes when a host restarts, as text. Linux: the kernel's boot ID, a UUID. Windows: two values of the registry, either of which may be
 * missing, `ShutdownTime=9C5F31A2B4D7DB01;BootId=0x2f`. Only meant to be compared with an earlier one of the same host.
 */
export type BootId = string;

/** Joins the named values that could be read. @returns undefined if none could */
export function bootIdOf(values: Readonly<Record<string, string | undefined>>): BootId | undefined {
  const parts = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return parts.length === 0 ? undefined : parts.join(";");
}

/**
 * Whether a host has restarted between two boot IDs. A value that only one of them has proves nothing, since reading it may have failed.
 * @returns undefined if they have no value in common
 */
export function isRestarted(before: BootId, now: BootId): boolean | undefined {
  const [old, current] = [partsOf(before), partsOf(now)];
  const common = [...old.keys()].filter((name) => current.has(name));
  return common.length === 0 ? undefined : common.some((name) => old.get(name) !== current.get(name));
}

function partsOf(id: BootId): ReadonlyMap<string, string> {
  return new Map(
    id.split(";").map((part) => {
      const at = part.indexOf("=");
      return [part.slice(0, Math.max(at, 0)), part.slice(at + 1).toLowerCase()] as const;
    }),
  );
}
