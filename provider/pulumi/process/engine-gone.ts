/** Detects the end of the engine that started this process, which nothing announces if it is killed. */
import { fstatSync } from "node:fs";
import { connect } from "node:net";

/** If the engine's address is not known, a standard input that has ended within this time may have been closed from the start. */
const alreadyEndedMs = 200;
/** How often the engine is polled when standard input gives no sign of it. */
const pollEveryMs = 1000;
const answerMs = 1000;

/** The address of an engine, which listens on this machine only. */
export const engineAddress = /^(?:127\.0\.0\.1|localhost|\[::1\]):\d+$/u;

/**
 * Calls `gone` when the engine has ended. The engine holds the other ends of standard input, output and error. An input may also have been closed
 * from the start, so when it ends, the engine's address is polled as long as it answers.
 * @param address of the engine; undefined if it is not known
 */
export function onEngineGone(gone: () => void, address: string | undefined): void {
  // Without a listener, the error of an unread line is uncaught, and the SDK's host prints uncaught errors, again and again.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", gone);
  const watched = address !== undefined && engineAddress.test(address) ? address : undefined;
  const watch = (): void => {
    if (watched !== undefined) watchAddress(watched, gone);
  };
  if (!isPipe(0)) {
    watch();
    return;
  }
  const since = performance.now();
  process.stdin.once("end", () => {
    // On a busy machine, an input that was closed from the start may end late.
    if (watched !== undefined) watch();
    else if (performance.now() - since > alreadyEndedMs) gone();
  });
  process.stdin.on("error", () => undefined);
  process.stdin.resume();
  // Listening must not keep the process alive.
  (process.stdin as { unref?: () => void }).unref?.();
}

/** Polls the address until the connection is refused. */
function watchAddress(address: string, gone: () => void): void {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/gu, "");
  const poll = (): void => {
    const socket = connect({ host, port });
    socket.unref();
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.once("connect", () => socket.destroy());
    let isRefused = false;
    socket.once("error", (error: NodeJS.ErrnoException) => (isRefused = error.code === "ECONNREFUSED"));
    socket.once("close", () => {
      if (isRefused) gone();
      else setTimeout(poll, pollEveryMs).unref();
    });
  };
  poll();
}

function isPipe(descriptor: number): boolean {
  try {
    // Node decides by the last result that is not in bigints whether it resolves links in a later import(): after that of a pipe it does not, and a
    // linked package is loaded a second time (realpathSync in lib/fs.js, seen in Node 20 to 24).
    const kind = fstatSync(descriptor, { bigint: true });
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}
