import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { measure } from "./command";

/** The programs written in Go: the simulated hosts, the client that shows what is possible, and what waits for background processes. */
export interface GoTools {
  readonly fleet: string;
  readonly client: string;
  readonly reaper: string;
}

/** Builds the programs into the folder; quick if they are up to date. @throws Error if Go is missing */
export async function buildGoTools(folder: string): Promise<GoTools> {
  mkdirSync(folder, { recursive: true });
  await measure(
    {
      program: "go",
      args: [
        "build",
        "-trimpath",
        "-ldflags=-s -w",
        "-o",
        `${folder}/`,
        "./fleet",
        "./go-client",
        "./reaper",
      ],
      cwd: resolve(__dirname),
      // A workspace in a parent folder would not include this module.
      env: { GOWORK: "off", CGO_ENABLED: "0" },
    },
    5 * 60_000,
  );
  return { fleet: join(folder, "fleet"), client: join(folder, "go-client"), reaper: join(folder, "reaper") };
}
