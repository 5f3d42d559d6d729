import type { LabDrainMode } from "./windows/windows-model";

/** A host's drain mode was set, or the host went away or was back. */
export interface ClosedEvent {
  readonly atMs: number;
  readonly host: string;
  readonly event: LabDrainMode | "down" | "up";
  /** How many hosts of the lab took no new logons then. */
  readonly closed: number;
}

/**
 * How many hosts took no new logons at a time: those that are drained, away, or back without a listener. A host takes them again
 * without an event when its listener appears, so all hosts are counted at each event.
 */
export interface ClosedLog {
  add(isClosed: () => boolean): void;
  note(host: string, event: ClosedEvent["event"]): void;
  events(): readonly ClosedEvent[];
  /** The most hosts that were closed at once, so far. */
  most(): number;
}

/** @param nowMs milliseconds since the lab started */
export function createClosedLog(nowMs: () => number): ClosedLog {
  const hosts: (() => boolean)[] = [];
  const events: ClosedEvent[] = [];
  let most = 0;
  const count = (): number => {
    const closed = hosts.filter((isClosed) => isClosed()).length;
    most = Math.max(most, closed);
    return closed;
  };
  return {
    add: (isClosed) => {
      hosts.push(isClosed);
      count();
    },
    note: (host, event) => void events.push({ atMs: nowMs(), host, event, closed: count() }),
    events: () => [...events],
    most: () => most,
  };
}
