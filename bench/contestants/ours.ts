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
