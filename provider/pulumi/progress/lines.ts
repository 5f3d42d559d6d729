/** What the printed progress of all work has in common. */
import type { Clock } from "../../base/clock";
import { printable } from "../../base/text";
import type { OnProgress } from "../../report/events";
import type { LiveStatus } from "../process/live-status";

/** Whose progress it is, and where it goes. */
export interface LinesOptions {
  /** The resource's name, in front of every line. */
  readonly name: string;
  readonly hosts: number;
  readonly clock: Clock;
  readonly print: (line: string) => void;
  /** Shows a line that leaves nothing behind; absent where that cannot be done. */
  readonly status?: LiveStatus | undefined;
}

/** What is printed of a piece of work while it goes. */
export interface ProgressLines {
  readonly hear: OnProgress;
  /** Has to be called, however the work ends: a timer may be running. */
  readonly end: () => void;
}

/** Passes over what is heard after the end: work that nobody waits for any longer may still tell something. */
export function untilEnd({ hear, end }: ProgressLines): ProgressLines {
  let isOver = false;
  return {
    hear: (event) => {
      if (!isOver) hear(event);
    },
    end: () => {
      isOver = true;
      end();
    },
  };
}

/** Runs of up to 20 hosts print every step. */
export const fewHosts = 20;

/** How often a line of counts is printed; less often beside a live status. */
const countEveryMs = 5000;
const countEveryMsBesideLive = 60_000;
const liveEveryMs = 2000;

/** Prints a line below the resource's name. */
export function sayOn({ name, print }: LinesOptions): (line: string) => void {
  return (line) => print(printable(`${name}: ${line}`, 600));
}

/**
 * Says by time how far the work is, so that an hour in which nothing happens is no silence, and once more at its end.
 * @returns ends it
 */
export function countByTime(options: LinesOptions, line: () => string): () => void {
  const { name, clock, status } = options;
  const say = sayOn(options);
  const ends = [
    every(status === undefined ? countEveryMs : countEveryMsBesideLive, clock, () => say(line())),
    status === undefined ? undefined : every(liveEveryMs, clock, () => status(`${name}: ${line()}`)),
  ];
  return () => {
    for (const end of ends) end?.();
    say(line());
  };
}

function every(ms: number, clock: Clock, work: () => void): () => void {
  let end = clock.after(ms, again);
  function again(): void {
    work();
    end = clock.after(ms, again);
  }
  return () => end();
}
