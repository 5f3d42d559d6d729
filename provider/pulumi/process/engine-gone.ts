/** Whether the engine that started this process still lives: it tells nobody when it is killed. */
import { fstatSync } from "node:fs";
import { connect } from "node:net";

/** An input that has ended by now may never have been a lifeline: somebody started us without one. */
const alreadyEndedMs = 200;
/** How often the engine is polled when standard input gives no sign of it. */
const pollEveryMs = 1000;
const answerMs = 1000;

/** An address of an engine, which listens on this machine only. */
export const engineAddress = /^(?:127\.0\.0\.1|localhost|\[::1\]):\d+$/u;

/**
 * Calls `gone` when the engine has ended. It holds the other ends of standard input, output and error. Where the input had ended
 * before anybody looked, that may be its death, or say nothing: then it is looked for at its address, as long as it answers.
 * @param address where the engine listens; undefined when that is not known
 */
export function onEngineGone(gone: () => void, address: string | undefined): void {
  // Unheard, the error of a line that nobody reads is an uncaught one, which the SDK's host prints, to nobody, for ever.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", gone);
  const watch = (): void => {
    if (address !== undefined && engineAddress.test(address)) watchAddress(address, gone);
  };
  if (!isPipe(0)) {
    watch();
    return;
  }
  const since = performance.now();
  process.stdin.once("end", () => {
    if (performance.now() - since > alreadyEndedMs) gone();
    else watch();
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
    const kind = fstatSync(descriptor);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}
