import { aborted, onAbort } from "./abort";

/**
 * A counting semaphore. Waiters are served in order and can be aborted. `run` acquires a slot, holds it while `work` runs, and releases it
 * however `work` ends.
 */
export class Semaphore {
  #count: number;
  /** Negative while more slots are held than {@link limitTo} allows now. */
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /** Changes the number of slots. Slots that are held stay held. */
  limitTo(count: number): void {
    this.#free += count - this.#count;
    this.#count = count;
    this.#admit();
  }

  /** @throws LogoffError `aborted` if the signal fires while it waits */
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
        stopListening();
        resolve();
      };
      const stopListening = onAbort(signal, (error) => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(error);
      });
      this.#waiting.push(onTurn);
    });
  }
}

/**
 * Runs `work` for every item, at most `parallel` at a time, and returns the results in the order of the items. `work` must not reject:
 * an item's failure belongs into its result, or it would hide the others.
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
 * Starts `work` for the items in order, with at most `ahead` items that have started but not begun: each of those takes memory, and ten
 * thousand take more than the rest of a run. `work` calls `begins`, or ends. It must not reject. Resolves when all have ended.
 */
export async function startInOrder<T>(
  items: readonly T[],
  ahead: number,
  work: (item: T, begins: () => void) => Promise<void>,
): Promise<void> {
  const entrance = new Semaphore(ahead);
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

/** A mutex for each key. Waiters are served in order; different keys do not wait for each other. */
export class KeyedMutex {
  readonly #queues = new Map<string, { readonly slots: Semaphore; users: number }>();

  /** @throws LogoffError `aborted` if the signal fires while it waits */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const queue = this.#queues.get(key) ?? { slots: new Semaphore(1), users: 0 };
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
