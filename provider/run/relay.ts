import { LogoffError } from "../base/errors";
import { sharedResources } from "../base/shared-resource";
import type { Connect, Connection, Host } from "../connection";

/** A connection to a relay. */
interface RelayConnection {
  readonly connection: Connection;
  /** The next server behind the relay connects anew. */
  readonly lost: () => void;
}

/**
 * A `connect` under which all servers behind one host share its connection. The last of them closes it, and the next one connects
 * anew after it was lost. Hosts that are no relays are passed through.
 */
export function withSharedRelays(connect: Connect): Connect {
  const relays = sharedResources<RelayConnection>(({ connection }) => connection.close());
  return async (host, signal) => {
    if (host.server === undefined) return connect(host, signal);
    // A connection error affects every server behind the relay, so it names the relay.
    const relay = { ...host, label: host.label.slice(0, host.label.lastIndexOf(">")) };
    const { value, release } = await relays.take(
      relayKey(host),
      async (unused, lost) => ({ connection: await connect(relay, unused), lost }),
      signal,
    );
    return shareOf(value, release);
  };
}

function shareOf({ connection, lost }: RelayConnection, release: () => Promise<void>): Connection {
  return {
    warnings: connection.warnings,
    exec: async (command, options) => {
      try {
        return await connection.exec(command, options);
      } catch (error) {
        if (error instanceof LogoffError && error.code === "connection-lost") lost();
        throw error;
      }
    },
    close: release,
  };
}

/** Identifies a connection, whatever is done through it. Never leaves memory, because it contains credentials. */
function relayKey(host: Host): string {
  return JSON.stringify({ ...host, label: undefined, server: undefined });
}
