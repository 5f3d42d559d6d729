/** What a provider process holds for all resources of a stack. Loading this module loads the SSH client. */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { systemClock, type Clock } from "../../base/clock";
import { KeyedMutex } from "../../base/concurrency";
import { ConnectionSlots } from "../../base/connection-slots";
import { openClients } from "../../clients/open-clients";
import type { Reach } from "../../connection";
import { writeFileAtomically } from "../../files/atomic-file";
import { readOpenFiles } from "../../files/open-files";
import { resolvePath } from "../../files/paths";
import type { Report } from "../../report/report";
import { reportText } from "../../report/report-text";

/** What the methods of the resource need of their process. */
export interface World extends Reach {
  readonly clock: Clock;
  /** Connections of the whole process. */
  readonly slots: ConnectionSlots;
  /** Runs with a host in common take turns on it. */
  readonly turns: KeyedMutex;
  readonly newId: () => string;
  /** Writes a report in the format of its extension. @throws LogoffError `command-failed` */
  readonly writeReport: (path: string, report: Report, exitStatus: number) => Promise<void>;
}

/** A new world. Relative paths start at the working directory, which is the program's folder. */
export function createWorld(): World {
  const baseFolder = process.cwd();
  return {
    ...openClients({ baseFolder }),
    clock: systemClock,
    slots: new ConnectionSlots(readOpenFiles),
    turns: new KeyedMutex(),
    newId: () => `session-logoff-${randomUUID()}`,
    writeReport: (path, report, exitStatus) =>
      writeFileAtomically(
        resolvePath({ baseFolder, home: homedir() }, path),
        reportText(path, report, { dryRun: false, exitStatus }),
      ),
  };
}
