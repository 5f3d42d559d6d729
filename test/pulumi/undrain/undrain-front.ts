import { KeyedMutex } from "../../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../../provider/base/connection-slots";
import { LogoffError } from "../../../provider/base/errors";
import { runsUntil, type Urgency } from "../../../provider/pulumi/process/cancellation";
import type { Front } from "../../../provider/pulumi/process/process";
import type { Report } from "../../../provider/report/report";
import { until } from "../../lab/until";
import { fleetOf, type Fleet, type MemoryHost, type MemoryHostOptions } from "../../run/memory-fleet";

/** A front whose hosts are `host1`, `host2` and so on in memory, by a clock whose hours take no time. */
export interface UndrainFront extends Front {
  readonly fleet: Fleet;
  readonly lines: string[];
  host(index: number): MemoryHost;
  /** What SessionLogoff calls the boot ID of a host. */
  bootId(index: number): string;
  /** The number of connections that were attempted, over all hosts. */
  attempts(): number;
  /** Resolves when a line that contains this text has been printed. */
  says(text: string): Promise<void>;
  cancel(why: string, urgency?: Urgency): void;
  readonly written: Map<string, { readonly report: Report; readonly exitStatus: number }>;
}

export function undrainFront(...options: readonly MemoryHostOptions[]): UndrainFront {
  const fleet = fleetOf(...options);
  const lines: string[] = [];
  const written: UndrainFront["written"] = new Map();
  let cancelAll: (why: string, urgency?: Urgency) => void = () => undefined;
  let ids = 0;
  const host = (index: number): MemoryHost => {
    const found = fleet.hosts[index - 1];
    if (found === undefined) throw new Error(`no host ${index}`);
    return found;
  };
  return {
    fleet,
    lines,
    written,
    host,
    bootId: (index) => {
      const { shutdownTime, bootId } = host(index).model.bootIds();
      return `ShutdownTime=${shutdownTime ?? ""};BootId=0x${(bootId ?? 0).toString(16)}`;
    },
    attempts: () => fleet.hosts.reduce((sum, { attemptsMs }) => sum + attemptsMs.length, 0),
    says: async (text) => {
      await until(`"${text}" was printed`, () => lines.some((line) => line.includes(text)));
    },
    cancel: (why, urgency) => cancelAll(why, urgency),
    connect: fleet.connect,
    clock: fleet.clock,
    slots: new ConnectionSlots(unlimitedFiles),
    turns: new KeyedMutex(),
    runs: runsUntil({ start: (cancel) => (cancelAll = cancel), stop: () => undefined }),
    print: (line) => void lines.push(line),
    newId: () => `id-${(ids += 1)}`,
    writeReport: (path, report, exitStatus) => {
      if (path.startsWith("/full/")) return Promise.reject(new LogoffError("command-failed", "disk full"));
      written.set(path, { report, exitStatus });
      return Promise.resolve();
    },
  };
}
