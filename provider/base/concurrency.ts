import { aborted, onAbort } from "./abort";

/** A counting semaphore. Waiters are served in order and can be aborted. */
export class Semaphore {
  #count: number;
  /** Negative while more permits are held than {@link limitTo} now allows. */
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /** Changes the number of permits. Permits that are held are not revoked. */
  limitTo(count: number): void {
    this.#free += count - this.#count;
    this.#count = count;
    this.#grant();
  }

  /**
   * Waits for a permit and holds it while `work` runs.
   * @throws LogoffError `aborted` if the signal fires before the permit is granted
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#free += 1;
      this.#grant();
    }
  }

  #grant(): void {
    while (this.#free > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#free -= 1;
      next();
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(aborted(signal));
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onGranted = (): void => {
        stopListening();
        resolve();
      };
      const stopListening = onAbort(signal, (error) => {
        this.#waiting.splice(this.#waiting.indexOf(onGranted), 1);
        reject(error);
      });
      this.#waiting.push(onGranted);
    });
  }
}

/**
 * Runs `work` for every item, at most `parallel` at once, and returns the results in the order of the items.
 * `work` must not reject, because that would hide the results of the other items; return failures as results instead.
 */
export async function mapConcurrent<T, R>(
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
 * Starts `work` for each item in order, and resolves when all have ended. At most `ahead` items are started without having called
 * `begins` (ending counts as well), since items that only wait cost memory: ten thousand of them more than the rest of a run.
 * `work` must not reject.
 */
export async function startInOrder<T>(
  items: readonly T[],
  ahead: number,
  work: (item: T, begins: () => void) => Promise<void>,
): Promise<void> {
  const notBegun = new Semaphore(ahead);
  const never = new AbortController().signal;
  const endings: Promise<void>[] = [];
  for (const item of items) {
    await new Promise<void>((started) => {
      void notBegun.run(() => {
        started();
        return new Promise<void>((begins) => endings.push(work(item, begins).finally(begins)));
      }, never);
    });
  }
  await Promise.all(endings);
}

/** A mutex per key. Waiters for the same key are served in order. */
export class KeyedMutex {
  readonly #queues = new Map<string, { readonly semaphore: Semaphore; users: number }>();

  /**
   * Runs `work` while holding the mutex of `key`.
   * @throws LogoffError `aborted` if the signal fires before the mutex is acquired
   */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const queue = this.#queues.get(key) ?? { semaphore: new Semaphore(1), users: 0 };
    this.#queues.set(key, queue);
    queue.users += 1;
    try {
      return await queue.semaphore.run(work, signal);
    } finally {
      queue.users -= 1;
      if (queue.users === 0) this.#queues.delete(key);
    }
  }
}
