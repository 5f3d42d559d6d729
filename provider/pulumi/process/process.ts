import type { Reach } from "../../connection";
/** What the one plugin process holds for all resources of a stack. Made on first use: loading this does nothing. */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { systemClock, type Clock } from "../../base/clock";
import { KeyedMutex, Semaphore } from "../../base/concurrency";
import { writeFileAtomically } from "../../files/atomic-file";
import { resolvePath } from "../../files/paths";
import type { Report } from "../../report/report";
import { reportText } from "../../report/report-text";
import { openSsh } from "../../ssh/open-ssh";
import { runsUntil, type CancelSource, type Runs } from "./cancellation";
import { onEngineGone } from "./engine-gone";
import { liveStatus, type LiveStatus } from "./live-status";

/** What the methods of the provider need of the world. */
export interface Front extends Reach {
  readonly clock: Clock;
  /** Connections of the whole process. */
  readonly slots: Semaphore;
  /** Runs with a host in common take turns on it. */
  readonly turns: KeyedMutex;
  readonly runs: Runs;
  readonly print: (line: string) => void;
  /** Shows a line that leaves nothing behind; absent where that cannot be done. */
  readonly status?: LiveStatus;
  readonly newId: () => string;
  /** Writes a report in the form that its path asks for. @throws LogoffError `command-failed` */
  readonly writeReport: (path: string, report: Report, exitStatus: number) => Promise<void>;
}

/** Connections that all resources of one process share. */
const connectionLimit = 64;

let front: Front | undefined;

/** The front of this process. Relative paths start at its working directory, which is the program's folder. */
export function processFront(): Front {
  if (front !== undefined) return front;
  const status = liveStatus(process.argv[2]);
  front = {
    ...openSsh({ baseFolder: process.cwd() }),
    clock: systemClock,
    slots: new Semaphore(connectionLimit),
    turns: new KeyedMutex(),
    runs: runsUntil(signalsAndInput()),
    print: (line) => void process.stdout.write(`${line}\n`),
    ...(status === undefined ? {} : { status }),
    newId: () => `session-logoff-${randomUUID()}`,
    writeReport: (path, report, exitStatus) =>
      writeFileAtomically(
        resolvePath({ baseFolder: process.cwd(), home: homedir() }, path),
        reportText(path, report, { dryRun: false, exitStatus }),
      ),
  };
  return front;
}

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * SIGINT and SIGTERM while a run is active; at other times they end the process as they always did. And the end of
 * standard input, or output that nobody reads: then the engine is gone, and nobody will ever tell this process to stop.
 * Either holds for all that begins later, too: the engine may go on with other resources, and a process serves one operation.
 */
function signalsAndInput(): CancelSource {
  let cancelAll: (why: string) => void = () => undefined;
  let askedWhy: string | undefined;
  let isOrphan = false;
  let isActive = false;
  const cancel = (why: string): void => {
    askedWhy = why;
    cancelAll(why);
  };
  const onSignal = (signal: NodeJS.Signals): void => cancel(`the provider received ${signal}`);
  const endIfOrphan = (): void => {
    // Time for an answer that somebody may still be listening for.
    if (isOrphan && !isActive) setTimeout(() => process.exit(1), 500);
  };
  // From the first call on, long before the first run: the input has to be seen open to mean something when it ends.
  onEngineGone(() => {
    if (isOrphan) return;
    isOrphan = true;
    cancel("the engine is gone");
    endIfOrphan();
  }, process.argv[2]);
  return {
    start(cancelThem) {
      isActive = true;
      cancelAll = cancelThem;
      if (askedWhy !== undefined) cancelAll(askedWhy);
      for (const signal of signals) process.on(signal, onSignal);
    },
    stop() {
      isActive = false;
      for (const signal of signals) process.off(signal, onSignal);
      endIfOrphan();
    },
  };
}
