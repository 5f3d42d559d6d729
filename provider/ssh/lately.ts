import type { Clock } from "../async";

/** A thousand hosts share a file and connect within seconds; a file that was changed is noticed this long after. */
const freshMs = 1000;

/** Remembers what was read for a second, by name. */
export class Lately<T> {
  readonly #read = new Map<string, { readonly untilMs: number; readonly value: Promise<T> }>();

  constructor(private readonly clock: Pick<Clock, "now">) {}

  /** What was read less than a second ago, or is being read; else it is read anew. */
  get(name: string, read: () => Promise<T>): Promise<T> {
    const known = this.#read.get(name);
    return known !== undefined && this.clock.now() < known.untilMs ? known.value : this.renew(name, read);
  }

  /** Reads it anew in any case. What fails is not remembered. */
  renew(name: string, read: () => Promise<T>): Promise<T> {
    const value = read();
    this.#read.set(name, { untilMs: this.clock.now() + freshMs, value });
    value.catch(() => this.forget(name));
    return value;
  }

  forget(name: string): void {
    this.#read.delete(name);
  }
}
