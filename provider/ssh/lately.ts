import type { Clock } from "../async";

/** A thousand hosts share a file and connect within seconds; a file that was changed is noticed this long after. */
const freshMs = 1000;

/** Reads something. Whoever calls `keep` says that it cannot be read again. */
type Read<T> = (keep: () => void) => Promise<T>;

interface Entry<T> {
  untilMs: number;
  kept: boolean;
  value: Promise<T>;
}

/** Remembers what was read for a second, by name, and for good what can be read only once. */
export class Lately<T> {
  readonly #read = new Map<string, Entry<T>>();

  constructor(private readonly clock: Pick<Clock, "now">) {}

  /** What was read less than a second ago, is being read or is kept; else it is read anew. */
  get(name: string, read: Read<T>): Promise<T> {
    const known = this.#read.get(name);
    return known !== undefined && this.clock.now() < known.untilMs ? known.value : this.renew(name, read);
  }

  /** Reads it anew unless it is kept. What fails is not remembered. */
  renew(name: string, read: Read<T>): Promise<T> {
    const known = this.#read.get(name);
    if (known?.kept) return known.value;
    const freshUntilMs = this.clock.now() + freshMs;
    const keep = (): void => {
      entry.kept = true;
    };
    const entry: Entry<T> = {
      untilMs: Infinity,
      kept: false,
      value: Promise.resolve().then(() => read(keep)),
    };
    this.#read.set(name, entry);
    entry.value.then(
      () => (entry.untilMs = entry.kept ? Infinity : freshUntilMs),
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
