/** What a provider process holds for all resources of a stack. Created on first use; loading this module has no effect. */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { systemClock, type Clock } from "../../base/clock";
import { KeyedMutex, Semaphore } from "../../base/concurrency";
import type { Reach } from "../../connection";
import { writeFileAtomically } from "../../files/atomic-file";
import { resolvePath } from "../../files/paths";
import type { Report } from "../../report/report";
import { reportText } from "../../report/report-text";
import { connectionLimit } from "../../run/rollout";
import { openSsh } from "../../ssh/open-ssh";
import { runsUntil, type CancelSource, type Runs } from "./cancellation";
import { onEngineGone } from "./engine-gone";
import { liveStatus, type LiveStatus } from "./live-status";

/** What the methods of the provider need of their process. */
export interface Front extends Reach {
  readonly clock: Clock;
  /** Connections of the whole process. */
  readonly slots: Semaphore;
  /** Runs with a host in common take turns on it. */
  readonly turns: KeyedMutex;
  readonly runs: Runs;
  readonly print: (line: string) => void;
  /** Shows a transient line; absent without a live status. */
  readonly status?: LiveStatus;
  readonly newId: () => string;
  /** Writes a report in the format of its extension. @throws LogoffError `command-failed` */
  readonly writeReport: (path: string, report: Report, exitStatus: number) => Promise<void>;
}

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
 * Cancels on SIGINT and SIGTERM while a run is active; at other times they end the process as usual. Also cancels when the engine is gone, which
 * the end of standard input or unread output shows. A cancellation applies to later runs too, because a process serves one operation and
 * the engine may continue with other resources.
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
    // Leaves time for an answer that may still be read.
    if (isOrphan && !isActive) setTimeout(() => process.exit(1), 500);
  };
  // Watched from the first call on: the end of an input means something only if it was seen open before.
  onEngineGone(() => {
    if (isOrphan) return;
    isOrphan = true;
    cancel("the Pulumi engine has ended");
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
