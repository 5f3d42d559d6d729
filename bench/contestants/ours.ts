import { resolve } from "node:path";
import type { Command } from "../command";
import type { Contestant } from "../contest";
import type { Fleet } from "../fleet";

/** The options of bench/subject.mjs, apart from the fleet, and its output. */
export interface Job {
  readonly hosts: number;
  readonly parallel: number;
  readonly warn?: { readonly message: string; readonly gracePeriod: string };
  readonly listOnly?: boolean;
  /** Default: the built-in one. */
  readonly client?: "openssh";
}

export interface Done {
  readonly runMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
}

const subject = resolve(__dirname, "..", "subject.mjs");

/** A single process that runs the job with the built package. */
export function oursCommand(fleet: Fleet, job: Job, nodeArgs: readonly string[] = []): Command {
  const whole = { folder: fleet.folder, port: fleet.port, ...job };
  return { program: process.execPath, args: [...nodeArgs, subject, JSON.stringify(whole)] };
}

export const ours: Contestant = {
  name: "session-logoff",
  prepare: (fleet, hosts, parallel) => oursCommand(fleet, { hosts, parallel }),
};

/** With the given client. The masters of the machine's ssh run in the background, so the reaper waits for them and counts their work. */
export function oursThrough(reaper: string, client: "builtin" | "openssh"): Contestant {
  return {
    name: `session-logoff, client ${client}`,
    prepare: (fleet, hosts, parallel) => {
      const { program, args } = oursCommand(fleet, {
        hosts,
        parallel,
        ...(client === "openssh" && { client }),
      });
      return { program: reaper, args: [program, ...args] };
    },
  };
}
