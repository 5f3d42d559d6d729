/** The process that the SDK starts for the class. Created on first use; loading this module has no effect. */
import { runsUntil, type Runs } from "./cancellation";
import { liveStatus, type LiveStatus } from "./live-status";
import { endOfProcess } from "./process-end";
import { createWorld, type World } from "./world";

/** What the methods of the class need of their process. */
export interface Front extends World {
  readonly runs: Runs;
  readonly print: (line: string) => void;
  /** Shows a transient line; absent without a live status. */
  readonly status?: LiveStatus;
}

let front: Front | undefined;

/** The front of this process. Relative paths start at its working directory, which is the program's folder. */
export function processFront(): Front {
  if (front !== undefined) return front;
  const address = process.argv[2];
  const status = liveStatus(address);
  front = {
    ...createWorld(),
    runs: runsUntil(endOfProcess(address)),
    print: (line) => void process.stdout.write(`${line}\n`),
    ...(status === undefined ? {} : { status }),
  };
  return front;
}
