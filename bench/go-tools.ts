import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { measure } from "./command";

/** What is written in Go: the simulated hosts, and the client that shows what is possible. */
export interface GoTools {
  readonly fleet: string;
  readonly client: string;
}

/** Builds both into the folder; a build that is up to date takes a moment. @throws Error when Go is missing */
export async function buildGoTools(folder: string): Promise<GoTools> {
  mkdirSync(folder, { recursive: true });
  await measure(
    {
      program: "go",
      args: ["build", "-trimpath", "-ldflags=-s -w", "-o", `${folder}/`, "./fleet", "./go-client"],
      cwd: resolve(__dirname),
      // A workspace in a folder above would not know this module.
      env: { GOWORK: "off", CGO_ENABLED: "0" },
    },
    5 * 60_000,
  );
  return { fleet: join(folder, "fleet"), client: join(folder, "go-client") };
}
