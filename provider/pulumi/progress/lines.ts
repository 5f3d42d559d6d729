/** Shared parts of the printed progress. */
import type { Clock } from "../../base/clock";
import { printable } from "../../base/text";
import type { OnProgress } from "../../report/events";
import type { Voice } from "./voice";

/** Options for the printed progress of one resource. */
export interface LinesOptions {
  readonly hosts: number;
  readonly clock: Clock;
  readonly voice: Voice;
}

/** Prints progress events. */
export interface ProgressLines {
  readonly hear: OnProgress;
  /** Stops the timer; must be called however the work ends. */
  readonly end: () => void;
}

/** Ignores events after the end: abandoned work may still report progress. */
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

/** Prints a line of bounded length. */
export function sayOn({ voice }: LinesOptions): (line: string) => void {
  return (line) => voice.say(printable(line, 600));
}

/**
 * Prints at intervals how far the work is, so that a long wait is not silent, and once more at the end.
 * @param unchangedEveryMs how long a line is not printed again while it stays the same
 * @returns ends the printing
 */
export function countByTime(options: LinesOptions, line: () => string, unchangedEveryMs = 0): () => void {
  const {
    clock,
    voice: { status },
  } = options;
  const say = sayOn(options);
  let last = { line: "", atMs: clock.now() };
  const sayNews = (): void => {
    const now = { line: line(), atMs: clock.now() };
    if (now.line === last.line && now.atMs - last.atMs < unchangedEveryMs) return;
    last = now;
    say(now.line);
  };
  const ends = [
    every(status === undefined ? countEveryMs : countEveryMsBesideLive, clock, sayNews),
    status === undefined ? undefined : every(liveEveryMs, clock, () => status(line())),
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
