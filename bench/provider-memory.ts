import { readFileSync } from "node:fs";
import { providersAmong, startedBy } from "../test/e2e/processes";

/** How often it is looked for; the kernel keeps the peak of a process that is there. */
const lookEveryMs = 250;

/** The most memory that a dynamic provider's process was resident in, as the kernel counts it (VmHWM). */
export function peakMemoryOfProvider(): {
  /** Begins with the engine's process. */
  readonly watch: (engine: number) => void;
  /** MiB; 0 when no provider was seen. */
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
    return 0; // it has ended
  }
}
