import { logQueue, type LogQueue, type Send } from "./log-queue";

/** The log of the engine at this address, which shows the messages of a resource in its row and its diagnostics. */
export function engineLog(address: string): LogQueue {
  let client: Promise<Send> | undefined;
  // Loaded with the first message, because most calls have none.
  const loaded = (): Promise<Send> =>
    (client ??= import("./engine-client.js").then(({ engineClient }) => engineClient(address)));
  return logQueue(async (message) => (await loaded())(message));
}

/** Used as long as no engine is known. */
export const noLog: LogQueue = logQueue(() => Promise.resolve(false));
