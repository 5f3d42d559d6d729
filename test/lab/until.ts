import { setTimeout as delay } from "node:timers/promises";

/** So long a test waits for what must happen. Far beyond what a busy machine takes: only a fault waits so long. */
const patienceMs = 120_000;

/**
 * Waits until `condition` gives something other than false and undefined, and resolves with it.
 * @param what is awaited, for the error
 * @param everyMs how long it rests before it looks again
 * @throws Error after two minutes
 */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  everyMs = 20,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await condition();
    if (found !== false && found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await delay(everyMs);
  }
}
