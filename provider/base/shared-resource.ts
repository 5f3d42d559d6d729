import { aborted, orAborted } from "./abort";
import { LogoffError } from "./errors";

/** One user's share of a resource. */
export interface Share<T> {
  readonly value: T;
  /** Gives the share back. The last user's share closes the resource. Never rejects, and may be called twice. */
  readonly release: () => Promise<void>;
}

/** Opens a resource. It calls `lost` when the resource is no longer usable; the next user opens a new one. */
export type OpenShared<T> = (signal: AbortSignal, lost: () => void) => Promise<T>;

/** Resources that several users share, such as a connection through which many hosts are reached. */
export interface SharedResources<T> {
  /**
   * A share of the resource with this key, opened by `open` unless somebody else has done so.
   * @throws LogoffError `aborted` when `signal` fires first; whatever `open` throws, to all who wait for it
   */
  take(key: string, open: OpenShared<T>, signal: AbortSignal): Promise<Share<T>>;
}

interface Entry<T> {
  readonly opening: Promise<T>;
  /** Fires when the last user has left. */
  readonly unused: AbortController;
  /** The next user opens the resource anew. */
  readonly forget: () => void;
  users: number;
}

/** @param close must not reject */
export function sharedResources<T>(close: (value: T) => Promise<void>): SharedResources<T> {
  const entries = new Map<string, Entry<T>>();

  const begin = (key: string, open: OpenShared<T>): Entry<T> => {
    const unused = new AbortController();
    const forget = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    const entry: Entry<T> = { opening: open(unused.signal, forget), unused, forget, users: 0 };
    entries.set(key, entry);
    entry.opening.catch(forget);
    return entry;
  };

  const leave = async ({ opening, unused, forget }: Entry<T>): Promise<void> => {
    forget();
    unused.abort(new LogoffError("aborted", "Nobody waits for this connection any more"));
    await opening.then(close, () => undefined);
  };

  return {
    take: async (key, open, signal) => {
      if (signal.aborted) throw aborted(signal);
      const entry = entries.get(key) ?? begin(key, open);
      entry.users += 1;
      let isHeld = true;
      const release = async (): Promise<void> => {
        if (!isHeld) return;
        isHeld = false;
        entry.users -= 1;
        if (entry.users === 0) await leave(entry);
      };
      try {
        return { value: await orAborted(entry.opening, signal), release };
      } catch (thrown) {
        // Not awaited: an open that ignores its signal must not hold up a user that has left.
        void release();
        throw thrown;
      }
    },
  };
}
