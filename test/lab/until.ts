import { setTimeout as delay } from "node:timers/promises";

/** How long a test waits for something that must happen. Even a busy machine is far quicker: only a bug waits this long. */
const patienceMs = 120_000;

/**
 * Waits until `condition` returns something other than false or undefined, and resolves with it.
 * @param what describes what is awaited, for the error
 * @param everyMs the polling interval
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
