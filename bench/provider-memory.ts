import { readFileSync } from "node:fs";
import { providersAmong, startedBy } from "../test/e2e/processes";

/** The polling interval. The kernel keeps each process's peak while the process lives. */
const lookEveryMs = 250;

/** Tracks the peak resident memory of dynamic provider processes, as counted by the kernel (VmHWM). */
export function peakMemoryOfProvider(): {
  /** Starts watching, given the ID of the engine's process. */
  readonly watch: (engine: number) => void;
  /** In MiB; 0 if no provider was seen. */
  readonly peakMb: () => number;
  readonly end: () => void;
} {
  let timer: NodeJS.Timeout | undefined;
  let peakKb = 0;
  return {
    watch: (engine) => {
      timer = setInterval(() => {
        for (const provider of providersAmong(startedBy(engine)))
          peakKb = Math.max(peakKb, highWaterKb(provider));
      }, lookEveryMs);
    },
    peakMb: () => Math.round(peakKb / 1024),
    end: () => clearInterval(timer),
  };
}

function highWaterKb(process: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${process}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // The process has ended.
  }
}
