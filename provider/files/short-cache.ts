import type { Clock } from "../base/clock";

/** Long enough for the hosts of a run, which read the same files within seconds; short enough to notice changed files. */
const freshMs = 1000;

interface Entry<T> {
  untilMs: number;
  value: Promise<T>;
}

/** Caches values by name for one second. */
export class ShortCache<T> {
  readonly #entries = new Map<string, Entry<T>>();

  constructor(private readonly clock: Pick<Clock, "now">) {}

  /** The cached or pending value, or the result of `read` if there is none. */
  get(name: string, read: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(name);
    return entry !== undefined && this.clock.now() < entry.untilMs ? entry.value : this.renew(name, read);
  }

  /** The result of `read`, which replaces a cached value. A failure is not cached. */
  renew(name: string, read: () => Promise<T>): Promise<T> {
    const freshUntilMs = this.clock.now() + freshMs;
    const entry: Entry<T> = { untilMs: Infinity, value: Promise.resolve().then(read) };
    this.#entries.set(name, entry);
    entry.value.then(
      () => (entry.untilMs = freshUntilMs),
      () => {
        if (this.#entries.get(name) === entry) this.forget(name);
      },
    );
    return entry.value;
  }

  /** Removes a value from the cache. */
  forget(name: string): void {
    this.#entries.delete(name);
  }
}
