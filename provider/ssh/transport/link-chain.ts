import { orAborted } from "../../base/abort";
import type { Clock } from "../../base/clock";
import { LogoffError } from "../../base/errors";
import type { CommandRequest } from "../ssh2-quirks";
import type { Link } from "./link";

/** A connection and what has run on it. */
export interface UsedLink {
  readonly link: Link;
  /** The commands in progress. */
  readonly inProgress: Set<CommandRequest>;
  /** Number of commands for which the host opened a channel, however they ended. */
  opened: number;
  /** Number of commands with a result. */
  completed: number;
  /** Milliseconds on the clock when the last command ended, or when the connection was opened. */
  endedMs: number;
  /** Whether the host opens no further channels on it. */
  isExhausted: boolean;
}

/** The connection to a host, and its replacements if the host allows only one command per connection. */
export interface LinkChain {
  readonly current: () => UsedLink;
  /** Replaces an exhausted connection, once for all concurrent callers. @throws LogoffError `connection-lost`, `aborted` */
  readonly replace: (used: UsedLink, signal: AbortSignal) => Promise<UsedLink>;
  /** Ends the connection and any replacement being opened. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Created once: without a reason, Node creates an error with a stack for each host. */
const closedByUs = new LogoffError("aborted", "The connection was closed");

export function linkChain(
  first: Link,
  label: string,
  clock: Pick<Clock, "now">,
  open: (signal: AbortSignal) => Promise<Link>,
): LinkChain {
  const fresh = (link: Link): UsedLink => ({
    link,
    inProgress: new Set(),
    opened: 0,
    completed: 0,
    endedMs: clock.now(),
    isExhausted: false,
  });
  const closing = new AbortController();
  let current = fresh(first);
  let opening: Promise<UsedLink> | undefined;

  const replacement = async (used: UsedLink): Promise<UsedLink> => {
    try {
      const next = fresh(await open(closing.signal));
      await used.link.close();
      if (closing.signal.aborted) await next.link.close();
      current = next;
      return next;
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : "unknown error";
      const message = `Lost the connection to "${label}": the host runs no further commands on it, and a new connection failed: ${reason}`;
      throw new LogoffError("connection-lost", message, { cause: thrown });
    } finally {
      opening = undefined;
    }
  };
  return {
    current: () => current,
    replace: async (used, signal) => {
      if (used !== current) return current;
      opening ??= replacement(used);
      return orAborted(opening, signal);
    },
    close: async () => {
      closing.abort(closedByUs);
      await opening?.catch(() => undefined);
      await current.link.close();
    },
  };
}
