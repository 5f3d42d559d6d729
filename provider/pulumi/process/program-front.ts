import { systemClock } from "../../base/clock";
import { KeyedMutex } from "../../base/concurrency";
import { ConnectionSlots } from "../../base/connection-slots";
import { openClients } from "../../clients/open-clients";
import { readOpenFiles } from "../../files/open-files";
import type { RolloutDeps } from "../../run/rollout";

/** What a read-only run needs of its process. */
export type ReadOnlyFront = Pick<RolloutDeps, "connect" | "clock" | "slots" | "turns">;

let programFront: ReadOnlyFront | undefined;

/** The front of the program's process. Relative paths start at its working directory, which is the program's folder. */
export function frontOfProgram(): ReadOnlyFront {
  programFront ??= {
    connect: openClients({ baseFolder: process.cwd() }).connect,
    clock: systemClock,
    slots: new ConnectionSlots(readOpenFiles),
    turns: new KeyedMutex(),
  };
  return programFront;
}
