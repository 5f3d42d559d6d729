import { formatDuration } from "../../base/duration";
import { counted, printable } from "../../base/text";
import type { ProgressEvent } from "../../report/events";

/** The hosts that are awaited after a restart. */
export interface AwaitedHosts {
  /** Takes in an event. @returns a line about all hosts that were awaited, when the last of them is back or given up */
  readonly note: (event: ProgressEvent) => string | undefined;
  /** The number of hosts that are awaited now, as text: `, 3 awaited`; empty for none. */
  readonly text: () => string;
}

/** Counts awaited hosts, those of a wave or of a whole run that only undrains. */
export function awaitedHosts(): AwaitedHosts {
  const awaited = new Set<string>();
  let expected = 0;
  let back = 0;
  let notBack = 0;
  let slowest: { readonly host: string; readonly afterMs: number } | undefined;

  const begin = (hosts: number): void => {
    [expected, back, notBack, slowest] = [hosts, 0, 0, undefined];
  };
  const summary = (): string => {
    const rest = notBack === 0 ? "" : `${counted(notBack, "host")} not back`;
    if (slowest === undefined) return rest;
    const { host, afterMs } = slowest;
    const all = `${counted(back, "host")} back, the slowest ${printable(host)} after ${formatDuration(afterMs)}`;
    return rest === "" ? all : `${all}; ${rest}`;
  };

  return {
    note: (event) => {
      if (event.type === "run-started" || event.type === "wave-command") begin(event.hosts);
      if (event.type === "host-awaited") awaited.add(event.host);
      if (event.type !== "host-back") return undefined;
      const { host, afterMs, error } = event;
      awaited.delete(host);
      if (error !== undefined) notBack += 1;
      else {
        back += 1;
        if (slowest === undefined || slowest.afterMs < afterMs) slowest = { host, afterMs };
      }
      return back + notBack === expected ? summary() : undefined;
    },
    text: () => (awaited.size === 0 ? "" : `, ${awaited.size} awaited`),
  };
}
