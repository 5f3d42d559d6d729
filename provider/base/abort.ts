import { LogoffError } from "./errors";

/** The reason of an aborted signal as an error. */
export function aborted(signal: AbortSignal): LogoffError {
  const reason: unknown = signal.reason;
  return reason instanceof LogoffError
    ? reason
    : new LogoffError("aborted", "Stopped before it was finished");
}

/** @throws LogoffError `aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal);
}

/** The result of work that ignores the signal. If the signal fires first, the result is no longer awaited. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, reject);
    void work.then(resolve, reject).finally(() => stopListening());
  });
}

/**
 * The listeners of each signal. A run's signal has thousands: Node warns of a leak from the eleventh on, and takes time in proportion
 * to remove one. Therefore each signal has a single listener of ours while anybody listens.
 */
const listenersOf = new WeakMap<AbortSignal, Listeners>();

interface Listeners {
  readonly each: Set<() => void>;
  readonly notifyAll: () => void;
}

/** Calls `listener` when the signal fires, at once if it already has. @returns stops listening */
export function onAbort(signal: AbortSignal, listener: (error: LogoffError) => void): () => void {
  const notify = (): void => listener(aborted(signal));
  if (signal.aborted) {
    notify();
    return () => undefined;
  }
  const { each, notifyAll } = listenersOf.get(signal) ?? startListening(signal);
  each.add(notify);
  return () => {
    // A signal composed of others stays in memory as long as it has a listener.
    if (each.delete(notify) && each.size === 0) {
      signal.removeEventListener("abort", notifyAll);
      listenersOf.delete(signal);
    }
  };
}

function startListening(signal: AbortSignal): Listeners {
  const each = new Set<() => void>();
  const notifyAll = (): void => {
    for (const notify of each) notify();
  };
  const listeners = { each, notifyAll };
  listenersOf.set(signal, listeners);
  signal.addEventListener("abort", notifyAll, { once: true });
  return listeners;
}
