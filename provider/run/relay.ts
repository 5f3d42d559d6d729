import { LogoffError } from "../base/errors";
import { sharedResources } from "../base/shared-resource";
import type { Connect, Connection, Host } from "../connection";

/** A connection to a relay. */
interface RelayConnection {
  readonly connection: Connection;
  /** Makes the next server behind the relay connect again. */
  readonly lost: () => void;
}

/**
 * A `connect` with which all servers behind one host share its connection. The last of them closes it; after it was lost, the next one
 * connects again. Other hosts are passed through.
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
    ...connection,
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

/** Identifies a connection, whatever it is used for. Never leaves memory, because it contains credentials. */
function relayKey(host: Host): string {
  return JSON.stringify({ ...host, label: undefined, server: undefined });
}
