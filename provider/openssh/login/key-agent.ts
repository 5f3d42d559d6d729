/** An agent of our own for one connection: it serves private keys that are never written to disk. */
import { createServer, type Socket } from "node:net";
import { answerTo, longestMessage, type AgentIdentity } from "./agent-protocol";

export interface KeyAgent {
  /** Ends it, with the connections to it. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Listens on a socket in the private folder, which only this user can enter. */
export function startKeyAgent(path: string, identities: readonly AgentIdentity[]): Promise<KeyAgent> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    socket.on("data", (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 4) {
        const length = received.readUInt32BE(0);
        if (length > longestMessage) socket.destroy();
        if (length > longestMessage || received.length < 4 + length) return;
        const answer = answerTo(received.subarray(4, 4 + length), identities);
        received = received.subarray(4 + length);
        const prefix = Buffer.alloc(4);
        prefix.writeUInt32BE(answer.length);
        socket.write(Buffer.concat([prefix, answer]));
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () =>
      resolve({
        close: () =>
          new Promise((closed) => {
            for (const socket of sockets) socket.destroy();
            // Also removes the socket's file.
            server.close(() => closed());
          }),
      }),
    );
  });
}
