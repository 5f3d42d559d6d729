import { aborted, onAbort } from "./abort";

/**
 * A counting semaphore whose waiters can give up. First come, first served.
 * `run` waits for a free place, holds it while `work` runs, and gives it back however `work` ends.
 */
export class Semaphore {
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
 * Runs `work` for every item, at most `parallel` at once, and returns the results in the order of the items.
 * `work` must not reject: one item's failure is part of its result, or it would hide the others.
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
 * Starts `work` for each item, in their order, as soon as all but `ahead` of those before it have begun: who has not costs
 * memory, ten thousand of them more than all the rest of a run. `work` tells when it begins; having ended counts as well.
 * It must not reject. Resolves when all have ended.
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

/** Lets those who work on the same thing take turns, first come, first served; different things do not wait for each other. */
export class KeyedMutex {
  readonly #queues = new Map<string, { readonly slots: Semaphore; users: number }>();

  /** @throws LogoffError `aborted` while still waiting */
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
