import { connect, type Socket } from "node:net";
import { onAbort } from "../../base/abort";
import { LogoffError } from "../../base/errors";
import { holdGreeting, type Dialled } from "./banner";

/** One attempt at something that may be tried again. Giving up (deadline, cancel) is not an outcome: it throws. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly error: LogoffError;
      readonly mayPass: boolean;
      /** The host turns connections away: trying again soon could only prolong that. */
      readonly isTurnedAway?: boolean;
    };

export interface Endpoint {
  readonly label: string;
  readonly address: string;
  readonly port: number;
}

// What may be gone a moment later. A name that does not exist (ENOTFOUND) or a missing route (EHOSTUNREACH) stays.
const passing = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "EMFILE",
  "ENFILE",
]);

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused; is the SSH server running and the port right?",
  ECONNRESET: "the connection was reset",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to its network",
  ENOTFOUND: "its name is not known to DNS",
  EAI_AGAIN: "DNS could not answer now",
  EMFILE: "this process has too many open files",
  ENFILE: "this machine has too many open files",
};

/** Whether an error of a socket or of DNS may pass by itself. */
export function mayPass(code: string | undefined): boolean {
  return code !== undefined && passing.has(code);
}

/**
 * A TCP connection without Nagle's delay: ssh2 writes small packets, and waiting for their acknowledgements halves the
 * number of hosts per second (measured).
 * @throws LogoffError the signal's reason
 */
export function openSocket(endpoint: Endpoint, signal: AbortSignal): Promise<Attempt<Dialled<Socket>>> {
  return new Promise((resolve, reject) => {
    const { label, address: host, port } = endpoint;
    // Node gives each address of a name 250 ms before it tries the next, too little for a host on another continent.
    const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2500 });
    const stopListening = onAbort(signal, (error) => {
      socket.destroy();
      reject(error);
    });
    // Stays for the life of the socket: an error that nobody hears would end the process.
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      stopListening();
      const reason = meanings[cause.code ?? ""] ?? cause.code ?? "unknown error";
      const error = new LogoffError("host-unreachable", `Cannot connect to "${label}": ${reason}`, { cause });
      resolve({ ok: false, error, mayPass: mayPass(cause.code) });
    });
    socket.once("connect", () => {
      stopListening();
      const greeting = holdGreeting(socket);
      writeTogether(socket);
      resolve({ ok: true, value: { stream: socket, greeting } });
    });
  });
}

/**
 * What is written in one turn of the event loop leaves in one packet: ssh2 writes each message by itself, such as the two
 * that end a command and the two that start the next, and every write costs a system call here and a wake-up there (a
 * sixth of the time of a run against hosts that answer at once, measured).
 */
function writeTogether(socket: Socket): void {
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
