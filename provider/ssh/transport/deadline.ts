import { onAbort, throwIfAborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import type { LogoffError } from "../../base/errors";

/** The deadline as its `work` sees it. */
export interface Deadline {
  /** Fires at the deadline, or when the outer signal does. Its reason is the error to throw: {@link aborted} returns it. */
  readonly signal: AbortSignal;
  /** The result of `wait`, whose duration does not count towards the deadline. */
  readonly pauseWhile: <T>(wait: () => Promise<T>) => Promise<T>;
}

/**
 * The result of `work`, which receives a signal that fires when `outer` does or after `ms`, whichever is first.
 * @param expired makes the error, only when time is up, so that it can name the current phase
 * @throws LogoffError whatever `work` throws; `aborted`, without calling `work`, when `outer` has already fired
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  expired: () => LogoffError,
  work: (signal: AbortSignal, deadline: Deadline) => Promise<T>,
): Promise<T> {
  throwIfAborted(outer);
  const inner = new AbortController();
  const stopListening = onAbort(outer, (error) => inner.abort(error));
  let pausedMs = 0;
  let pauses = 0;
  const pauseWhile = async <R>(wait: () => Promise<R>): Promise<R> => {
    const start = clock.now();
    pauses += 1;
    try {
      return await wait();
    } finally {
      pauses -= 1;
      pausedMs += clock.now() - start;
    }
  };
  const end = clock.now() + ms;
  const onTimer = (): void => {
    const left = pausedMs > 0 ? end + pausedMs - clock.now() : 0;
    if (pauses > 0) stopTimer = clock.after(pauseStepMs, onTimer);
    else if (left > 0) stopTimer = clock.after(left, onTimer);
    else inner.abort(expired());
  };
  let stopTimer = clock.after(ms, onTimer);
  try {
    return await work(inner.signal, { signal: inner.signal, pauseWhile });
  } finally {
    stopTimer();
    stopListening();
  }
}

/** How often a paused deadline checks whether the pause has ended. */
const pauseStepMs = 100;
