import type { Clock } from "./clock";

/** A thousand hosts share a file and connect within seconds. A change of the file is noticed after this time. */
const freshMs = 1000;

interface Entry<T> {
  untilMs: number;
  value: Promise<T>;
}

/** Caches what was read, by name, for a second. */
export class ShortCache<T> {
  readonly #read = new Map<string, Entry<T>>();

  constructor(private readonly clock: Pick<Clock, "now">) {}

  /** The value that was read less than a second ago or is being read; otherwise reads it again. */
  get(name: string, read: () => Promise<T>): Promise<T> {
    const known = this.#read.get(name);
    return known !== undefined && this.clock.now() < known.untilMs ? known.value : this.renew(name, read);
  }

  /** Reads it again. A failure is not cached. */
  renew(name: string, read: () => Promise<T>): Promise<T> {
    const freshUntilMs = this.clock.now() + freshMs;
    const entry: Entry<T> = { untilMs: Infinity, value: Promise.resolve().then(read) };
    this.#read.set(name, entry);
    entry.value.then(
      () => (entry.untilMs = freshUntilMs),
      () => {
        if (this.#read.get(name) === entry) this.forget(name);
      },
    );
    return entry.value;
  }

  forget(name: string): void {
    this.#read.delete(name);
  }
}
