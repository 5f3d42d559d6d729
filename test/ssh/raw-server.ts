/** A TCP server for tests with hosts that do not speak SSH, or not at once. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";

export interface RawServer {
  readonly address: string;
  readonly port: number;
  /** How many connections were accepted. */
  readonly connections: () => number;
  /** How many are open. It falls only where the test reads what it receives. */
  readonly open: () => number;
}

/** Passes each connection to `onSocket`, with its number. Ends with the test. */
export async function rawServer(
  t: TestContext,
  onSocket: (socket: Socket, count: number) => void,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    onSocket(socket, (count += 1));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: "127.0.0.1", port, connections: () => count, open: () => sockets.size };
}
