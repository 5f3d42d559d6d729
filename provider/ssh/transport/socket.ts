import { connect, type Socket } from "node:net";
import { onAbort } from "../../base/abort";
import { LogoffError } from "../../base/errors";
import { holdGreeting, type Dialled } from "./banner";

/** The outcome of an attempt that may be retried. A deadline or a cancellation throws instead. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly error: LogoffError;
      /** Whether the failure is transient. */
      readonly mayPass: boolean;
      /** Whether the host is refusing connections, which an early retry could only prolong. */
      readonly isTurnedAway?: boolean;
    };

export interface Endpoint {
  readonly label: string;
  readonly address: string;
  readonly port: number;
}

// A name that does not exist (ENOTFOUND) and a missing route (EHOSTUNREACH) are permanent.
const transientCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "EMFILE",
  "ENFILE",
]);

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused; check that the SSH server is running and the port is right",
  ECONNRESET: "the connection was reset",
  ETIMEDOUT: "no answer; check the address, the port and the firewall",
  EHOSTUNREACH: "no route to the host; check the address, and the network between",
  ENETUNREACH: "no route to its network; check the address, and the network of this machine",
  ENOTFOUND: "its name is unknown to DNS; check its spelling",
  EAI_AGAIN: "DNS failed temporarily; run again",
  EMFILE: "this process has too many open files; raise the limit (ulimit -n)",
  ENFILE: "this machine has too many open files; close some, or raise its limit",
};

/** What an error code means for the operator. */
export function meaningOf(code: string | undefined): string {
  return meanings[code ?? ""] ?? code ?? "unknown error";
}

/** Whether an error code of a socket or of DNS means a transient failure. */
export function isTransientCode(code: string | undefined): boolean {
  return code !== undefined && transientCodes.has(code);
}

/**
 * A TCP connection without Nagle's algorithm: ssh2 writes small packets, and waiting for their acknowledgements halves the
 * number of hosts per second (measured).
 * @throws LogoffError the signal's reason
 */
export function openSocket(endpoint: Endpoint, signal: AbortSignal): Promise<Attempt<Dialled<Socket>>> {
  return new Promise((resolve, reject) => {
    const { label, address: host, port } = endpoint;
    // Node tries the next address of a name after 250 ms by default, too early for a host on another continent.
    const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2500 });
    const stopListening = onAbort(signal, (error) => {
      socket.destroy();
      reject(error);
    });
    // Stays for the life of the socket: an unhandled error would end the process.
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      stopListening();
      const reason = meaningOf(cause.code);
      const error = new LogoffError("host-unreachable", `Cannot connect to "${label}": ${reason}`, { cause });
      resolve({ ok: false, error, mayPass: isTransientCode(cause.code) });
    });
    socket.once("connect", () => {
      stopListening();
      const greeting = holdGreeting(socket);
      coalesceWrites(socket);
      resolve({ ok: true, value: { stream: socket, greeting } });
    });
  });
}

/**
 * Sends everything written in one turn of the event loop in one packet. ssh2 writes each message separately, such as the two that
 * end a command and the two that start the next, and every write costs a system call here and a wake-up on the host: a sixth of
 * the time of a run against hosts that answer at once (measured).
 */
function coalesceWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let held = false;
  socket.write = (...args: unknown[]): boolean => {
    if (!held) {
      held = true;
      socket.cork();
      setImmediate(() => {
        held = false;
        socket.uncork();
      });
    }
    return write(...args);
  };
}
