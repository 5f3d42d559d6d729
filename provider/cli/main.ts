#!/usr/bin/env node
/** The command's process: the only place that touches console, signals and exit. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../base/clock";
import { systemCommand } from "../local/system-command";
import { runCommand } from "./command";
import type { World } from "./world";

/** SIGHUP too, so that an operator whose own connection drops leaves no half-drained farm behind. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const world: World = {
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: systemClock,
  hostName: hostname(),
  timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  version: packageVersion,
  openSsh: async (options) =>
    (await import("../clients/open-clients.js")).openClients({ baseFolder: process.cwd(), ...options }),
  connectHere: async () => (await import("../local/connect.js")).localConnect(),
  commandHere: (command) => systemCommand(command),
  runShell: async (command, end) => (await import("../local/shell-command.js")).shellRunner()(command, end),
  onSignal: (listener) => {
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  exit: (status) => process.exit(status),
};

/** The version in package.json, which is one folder higher in the build than in the sources. */
function packageVersion(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        readonly name?: string;
        readonly version?: string;
      };
      if (name === "pulumi-session-logoff" && version !== undefined) return version;
    } catch {
      // not this folder
    }
  }
  return "unknown";
}

// A reader that closes its end (`| head`) or a terminal that goes away ends the output, not the run.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});
process.stderr.on("error", () => undefined);

// Until the status is known: a run that ends because nothing keeps the process alive must not look like a success.
process.exitCode = 1;
void runCommand(process.argv.slice(2), world).then((status) => {
  // Not process.exit, because output to a pipe may not have been written yet.
  process.exitCode = status;
});
