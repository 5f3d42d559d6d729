/** The executable that the engine starts, as one file with the schema beside it. It writes its port and nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { runsUntil } from "../process/cancellation";
import { endOfProcess, type ProcessEnd } from "../process/process-end";
import { listen, pluginServer } from "./server";

// The library would print its errors, and whatever GRPC_TRACE asks for, to standard error.
setLogVerbosity(logVerbosity.NONE);

// Flags come first, as with --logflow.
const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-"));

let schema: string | undefined;

void start();

async function start(): Promise<void> {
  const known: { end?: ProcessEnd } = {};
  const server = pluginServer({
    schema: () => (schema ??= readFileSync(join(__dirname, "schema.json"), "utf8")),
    load: async (deps) => (await import("./late.js")).lateProvider(deps),
    runs: runsUntil({ start: (cancel) => known.end?.start(cancel), stop: () => known.end?.stop() }),
    begin: () => known.end?.renew(),
    cancel: () => known.end?.cancel("the operation was cancelled", "patient"),
    engineAddress,
    configurationOfToday: process.env["PULUMI_CONFIG"],
  });
  process.stdout.write(`${await listen(server)}\n`);
  // The engine waits for the port, and calls nothing before it has read it.
  known.end = endOfProcess(engineAddress);
}
