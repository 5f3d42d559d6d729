/** Speaks to a master over its control socket, as OpenSSH's PROTOCOL.mux describes, so that a check or an end costs no process. */
import { connect, type Socket } from "node:net";

const hello = 0x00000001;
const aliveCheck = 0x10000004;
const terminate = 0x10000005;
const isAlive = 0x80000005;
const protocolVersion = 4;
const answersWithinMs = 5000;

/** A master that runs. */
export interface Control {
  /** The master's process. */
  readonly pid: number;
  /** Resolves when the master has closed the socket, which it does when it ends or loses its host. */
  readonly closed: Promise<void>;
  readonly isClosed: () => boolean;
  /** Asks the master to end. */
  readonly terminate: () => void;
  /** Lets go of the master, which then ends after its ControlPersist. */
  readonly release: () => void;
}

/**
 * Opens a connection to the master's socket and keeps it: the master stays as long as it is open, and its end is noticed at once. Undefined if
 * there is no master.
 */
export function openControl(path: string): Promise<Control | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let received = Buffer.alloc(0);
    let closed = false;
    const end = new Promise<void>((settle) => {
      socket.once("close", () => {
        closed = true;
        resolve(undefined);
        settle();
      });
    });
    // A master that has been stopped takes the connection and never answers.
    socket.setTimeout(answersWithinMs, () => socket.destroy());
    // The cause also closes the socket.
    socket.on("error", () => undefined);
    // The master has its host's process; it must not keep ours alive.
    socket.unref();
    socket.on("connect", () => {
      send(socket, hello, protocolVersion);
      send(socket, aliveCheck, 0);
    });
    socket.on("data", (data) => {
      received = Buffer.concat([received, data]);
      for (const message of completeMessages(received)) {
        received = received.subarray(4 + message.length);
        if (message.length < 12 || message.readUInt32BE(0) !== isAlive) continue;
        socket.setTimeout(0);
        resolve({
          pid: message.readUInt32BE(8),
          closed: end,
          isClosed: () => closed,
          terminate: () => send(socket, terminate, 1),
          release: () => socket.destroy(),
        });
      }
    });
  });
}

function send(socket: Socket, ...words: readonly number[]): void {
  const message = Buffer.alloc(4 * (words.length + 1));
  [4 * words.length, ...words].forEach((word, index) => message.writeUInt32BE(word, 4 * index));
  if (!socket.destroyed) socket.write(message);
}

function completeMessages(bytes: Buffer): readonly Buffer[] {
  const messages: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    messages.push(rest.subarray(4, 4 + rest.readUInt32BE(0)));
    rest = rest.subarray(4 + rest.readUInt32BE(0));
  }
  return messages;
}
