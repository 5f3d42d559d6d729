/** Opens one key in a separate thread, because the rounds of a passphrase would block everything else for seconds. */
import { basename } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { openKey, type OpenResult } from "./open-key";

interface Work {
  readonly keyToOpen: { readonly text: string; readonly passphrase: string };
}

/** False in a bundle, where this file is part of another, which would repeat all of its work in the thread. */
const isOwnFile = /^open-key-worker\.[a-z]+$/u.test(basename(__filename));

/**
 * {@link openKey} in another thread, which does not keep the process alive: callers need a deadline. If no thread can be started,
 * opens the key in this one.
 */
export function openKeyAside(text: string, passphrase: string): Promise<OpenResult> {
  return inThread({ keyToOpen: { text, passphrase } }).catch(() => openKey(text, passphrase));
}

function inThread(work: Work): Promise<OpenResult> {
  return new Promise((resolve, reject) => {
    if (!isOwnFile) throw new Error("There is no file for a thread to begin with");
    const worker = new Worker(__filename, { workerData: work });
    worker.unref();
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("The thread ended without an answer")));
  });
}

if (isOwnFile && !isMainThread && isWork(workerData)) {
  const { text, passphrase } = workerData.keyToOpen;
  parentPort?.postMessage(openKey(text, passphrase));
}

function isWork(data: unknown): data is Work {
  return typeof data === "object" && data !== null && "keyToOpen" in data;
}
