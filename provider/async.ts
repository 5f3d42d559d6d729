import { setMaxListeners } from "node:events";
import { LogoffError } from "./errors";

/** Time as the core sees it. Tests bring their own, so that nobody waits for real minutes. */
export interface Clock {
  /** Monotonic milliseconds: only differences mean anything. */
  now(): number;
  /** The wall clock, for reports and maintenance windows. */
  date(): Date;
  /** Calls `wake` after `ms`, unless what it returns was called before: for a deadline, most of which are kept. */
  after(ms: number, wake: () => void): () => void;
  /** Resolves after `ms`. @throws LogoffError `aborted` as soon as `signal` is. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A timer of Node that is set for longer (24.8 days) ends at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, wake) => {
    let timer = setTimeout(next, Math.min(ms, longestTimerMs));
    function next(): void {
      ms -= longestTimerMs;
      if (ms <= 0) wake();
      else timer = setTimeout(next, Math.min(ms, longestTimerMs));
    }
    return () => clearTimeout(timer);
  },
  // Not node:timers/promises: it makes an AbortError with a stack for every deadline that was kept, which is most of them.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(aborted(signal));
        return;
      }
      const onAbort = (): void => {
        stopTimer();
        reject(aborted(signal));
      };
      const stopTimer = systemClock.after(ms, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    }),
};

/** The same signal, for thousands of waiters: Node warns of a leak from the eleventh listener on. */
export function forManyWaiters(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/** The error of a run that was told to stop. */
export function aborted(signal: AbortSignal): LogoffError {
  const reason: unknown = signal.reason;
  return reason instanceof LogoffError
    ? reason
    : new LogoffError("aborted", "Stopped before it was finished");
}

/** @throws LogoffError `aborted` when the signal says so */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal);
}

/** The result of work that does not end with the signal by itself; when the signal fires first, nobody waits for it. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, reject);
    void work.then(resolve, reject).finally(() => stopListening());
  });
}

/** Calls `listener` when the signal fires, at once if it already has. @returns stops listening */
export function onAbort(signal: AbortSignal, listener: (error: LogoffError) => void): () => void {
  const notify = (): void => listener(aborted(signal));
  if (signal.aborted) notify();
  else signal.addEventListener("abort", notify, { once: true });
  return () => signal.removeEventListener("abort", notify);
}

/**
 * A counting semaphore whose waiters can give up. First come, first served.
 * `run` waits for a free place, holds it while `work` runs, and gives it back however `work` ends.
 */
export class Slots {
  #count: number;
  /** Negative while more places are held than {@link limitTo} now allows. */
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /** Changes the number of places. Places that are held stay held. */
  limitTo(count: number): void {
    this.#free += count - this.#count;
    this.#count = count;
    this.#admit();
  }

  /** @throws LogoffError `aborted` while still waiting */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#free += 1;
      this.#admit();
    }
  }

  #admit(): void {
    while (this.#free > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#free -= 1;
      next();
    }
  }

  #take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(aborted(signal));
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(aborted(signal));
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(onTurn);
    });
  }
}

/**
 * Runs `work` for every item, at most `parallel` at once, and returns the results in the order of the items.
 * `work` must not reject: one item's failure is part of its result, or it would hide the others.
 */
export async function mapPool<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
  return results;
}

/**
 * Starts `work` for each item, in their order, as soon as all but `ahead` of those before it have begun: who has not costs
 * memory, ten thousand of them more than all the rest of a run. `work` tells when it begins; having ended counts as well.
 * It must not reject. Resolves when all have ended.
 */
export async function startInOrder<T>(
  items: readonly T[],
  ahead: number,
  work: (item: T, begins: () => void) => Promise<void>,
): Promise<void> {
  const entrance = new Slots(ahead);
  const never = new AbortController().signal;
  const ends: Promise<void>[] = [];
  for (const item of items) {
    await new Promise<void>((entered) => {
      void entrance.run(() => {
        entered();
        return new Promise<void>((begins) => ends.push(work(item, begins).finally(begins)));
      }, never);
    });
  }
  await Promise.all(ends);
}

/** Lets those who work on the same thing take turns, first come, first served; different things do not wait for each other. */
export class Turns {
  readonly #queues = new Map<string, { readonly slots: Slots; users: number }>();

  /** @throws LogoffError `aborted` while still waiting */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const queue = this.#queues.get(key) ?? { slots: new Slots(1), users: 0 };
    this.#queues.set(key, queue);
    queue.users += 1;
    try {
      return await queue.slots.run(work, signal);
    } finally {
      queue.users -= 1;
      if (queue.users === 0) this.#queues.delete(key);
    }
  }
}
