import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { startLab } from "../../test/lab/lab";
import { openLabFolder, writeAccess, writeCommand } from "../../test/lab/lab-folder";
import { fleet, play, reportFile } from "./story";
import { recordTerminal, type Frame } from "./terminal";

/** A run against simulated hosts: what the terminal showed, and the HTML report. */
export interface Recording {
  readonly frames: readonly Frame[];
  readonly html: string;
}

/** Runs the command in a terminal, in a folder with all that it needs to reach the hosts by their names. */
export async function record(): Promise<Recording> {
  const place = await openLabFolder(undefined);
  const lab = await startLab({ hosts: fleet });
  try {
    await writeAccess(place, lab);
    await writeCommand(place);
    const env = {
      HOME: place.folder,
      PATH: [place.folder, dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
    };
    const frames = await recordTerminal(place.folder, env, (terminal) => play(terminal, lab));
    return { frames, html: readFileSync(join(place.folder, reportFile), "utf8") };
  } finally {
    await lab.close();
    await rm(place.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
