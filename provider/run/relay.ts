import { aborted, orAborted } from "../base/abort";
import { LogoffError } from "../base/errors";
import type { Connect, Connection, Host } from "../connection";

/** One connection to a host that several servers are reached through. */
interface Shared {
  readonly opening: Promise<Connection>;
  readonly lastOneOut: AbortController;
  users: number;
}

/**
 * A `connect` under which all servers behind one host share its connection. It is closed when the last of them is done
 * with it, and opened anew when it was lost. Hosts that are no relays are passed through.
 */
export function withSharedRelays(connect: Connect): Connect {
  const shared = new Map<string, Shared>();
  return async (host, signal) => {
    if (host.server === undefined) return connect(host, signal);
    if (signal.aborted) throw aborted(signal);
    const key = relayKey(host);
    const entry = shared.get(key) ?? open(host, key);
    entry.users += 1;
    let connection: Connection;
    try {
      connection = await orAborted(entry.opening, signal);
    } catch (error) {
      leave(entry, key);
      throw error;
    }
    return userOf(connection, entry, key);
  };

  function open(host: Host, key: string): Shared {
    const lastOneOut = new AbortController();
    // What befalls the connection befalls all servers behind it: its errors name the host.
    const relay = { ...host, label: host.label.slice(0, host.label.lastIndexOf(">")) };
    const entry: Shared = { opening: connect(relay, lastOneOut.signal), lastOneOut, users: 0 };
    shared.set(key, entry);
    // Whoever waits for it gets the error; nobody may wait any more when it comes.
    entry.opening.then(
      (connection) => (entry.users > 0 ? undefined : connection.close()),
      () => forget(entry, key),
    );
    return entry;
  }

  function forget(entry: Shared, key: string): void {
    if (shared.get(key) === entry) shared.delete(key);
  }

  function leave(entry: Shared, key: string): boolean {
    entry.users -= 1;
    if (entry.users > 0) return false;
    forget(entry, key);
    entry.lastOneOut.abort(new LogoffError("aborted", "Nobody waits for this connection any more"));
    return true;
  }

  function userOf(connection: Connection, entry: Shared, key: string): Connection {
    let done = false;
    return {
      warnings: connection.warnings,
      exec: async (command, options) => {
        try {
          return await connection.exec(command, options);
        } catch (error) {
          if (error instanceof LogoffError && error.code === "connection-lost") forget(entry, key);
          throw error;
        }
      },
      close: async () => {
        if (done) return;
        done = true;
        if (leave(entry, key)) await connection.close();
      },
    };
  }
}

/** Everything that makes a connection what it is, and not what is done through it. Stays in memory: it holds credentials. */
function relayKey(host: Host): string {
  return JSON.stringify({ ...host, label: undefined, server: undefined });
}
