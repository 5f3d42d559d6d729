import { LogoffError } from "./errors";

/** The error with which an aborted run ends: the signal's reason if it is a LogoffError, otherwise one with code `aborted`. */
export function aborted(signal: AbortSignal): LogoffError {
  const reason: unknown = signal.reason;
  return reason instanceof LogoffError ? reason : new LogoffError("aborted", "Stopped before it was done");
}

/** @throws LogoffError `aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal);
}

/** Resolves as `work` does, for work that does not stop on abort. Rejects as soon as the signal fires; the work's result is then ignored. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, reject);
    void work.then(resolve, reject).finally(() => stopListening());
  });
}

/**
 * The listeners of each signal. The signal of a run can have thousands, but Node warns of a leak from the eleventh listener on and
 * searches all of them to remove one. We therefore register a single listener per signal, for as long as it is needed.
 */
const listenersOf = new WeakMap<AbortSignal, Listeners>();

interface Listeners {
  readonly each: Set<() => void>;
  readonly notifyAll: () => void;
}

/** Calls `listener` when the signal fires, or immediately if it already has. Returns a function that removes the listener. */
export function onAbort(signal: AbortSignal, listener: (error: LogoffError) => void): () => void {
  const notify = (): void => listener(aborted(signal));
  if (signal.aborted) {
    notify();
    return () => undefined;
  }
  const { each, notifyAll } = listenersOf.get(signal) ?? startListening(signal);
  each.add(notify);
  return () => {
    // A signal made by AbortSignal.any stays in memory as long as it has a listener.
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
