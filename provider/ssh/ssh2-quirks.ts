/**
 * The private parts of ssh2 1.17 that running commands and accepting long banners depend on. A test of each use fails when another
 * version behaves differently.
 */
import type { Client, ClientChannel } from "ssh2";

/** Why a command was not started. */
export interface NotStarted extends Error {
  /** The reason code of RFC 4254 5.1; absent when the host refused the command on an open channel, or the connection was lost. */
  readonly reason?: number;
}

interface Internals {
  /** Holds a callback for each channel being opened, which the open channel then replaces. */
  readonly _chanMgr: {
    readonly _cur: number;
    readonly get: (id: number) => unknown;
    readonly update: (id: number, value: unknown) => void;
  };
  readonly _protocol: { readonly ping: () => void; _debug: unknown };
  /** Callbacks for the answers to global requests, in the order of the requests. */
  readonly _callbacks: ((failed: unknown) => void)[];
}

/** A command being sent to a host. */
export interface CommandRequest {
  /** Whether its channel is open at both ends. */
  readonly isOpen: () => boolean;
  /** Closes the channel, now or as soon as it opens. A command not sent yet is never sent. Never throws. */
  readonly abandon: () => void;
}

/**
 * Calls `client.exec`, and returns a way to abandon the command: on its own, `exec` sends the command however late the host opens the
 * channel, and leaves the channel open when the host refuses the command.
 * @throws Error when the connection is closed
 */
export function requestCommand(
  client: Client,
  command: string,
  answered: (error: NotStarted | undefined, channel: ClientChannel) => void,
): CommandRequest {
  const channels = internals(client)._chanMgr;
  client.exec(command, answered);
  const id = channels._cur;
  const opening = channels.get(id);
  const opened = (): ClientChannel | undefined => {
    const now = channels.get(id);
    return typeof now === "object" ? (now as ClientChannel) : undefined;
  };
  return {
    isOpen: () => opened() !== undefined,
    abandon: () => {
      const channel = opened();
      if (channel !== undefined) discard(channel);
      else if (opening !== undefined && channels.get(id) === opening) channels.update(id, discardOnOpen());
    },
  };
}

/** A replacement for the callback that would send the command. ssh2 reads its `type`. */
function discardOnOpen(): unknown {
  const answer = (error: Error | undefined, channel: ClientChannel): void => {
    if (error === undefined) discard(channel);
  };
  return Object.assign(answer, { type: "session" });
}

/** Closes a channel and drops its remaining data. Never throws. */
export function discard(channel: ClientChannel): void {
  channel.on("error", () => undefined).resume();
  channel.stderr.on("error", () => undefined).resume();
  try {
    channel.close();
  } catch {
    // ssh2 throws on a write to a dead connection, whose channels are closed anyway
  }
}

/** Whether the command was sent: the host opened its channel, and then refused the command or closed the channel. */
export function isAnswerToCommand(error: NotStarted): boolean {
  return error.message === "Unable to exec";
}

/**
 * Sends a keepalive. Calls `answered` when the host answers, after everything that it sent before has arrived; never when the
 * connection is lost.
 */
export function ping(client: Client, answered: () => void): void {
  const { _callbacks: waiting, _protocol: protocol } = internals(client);
  waiting.push((failed) => {
    // A host that does not support the request rejects it, which is an answer too; ssh2 reports a lost connection as an Error.
    if (!(failed instanceof Error)) answered();
  });
  protocol.ping();
}

/** Ends the debug lines of a connection: ssh2 writes several for each message, which costs time even where nobody reads them. */
export function stopDebugLines(client: Client): void {
  internals(client)._protocol._debug = undefined;
}

function internals(client: Client): Internals {
  return client as unknown as Internals;
}

/** A raised limit for the packets of a {@link Client}, which ssh2 limits to 35,000 bytes. */
export interface LongPackets {
  /** The length in bytes of the packet that exceeded even the raised limit and ended the connection; undefined without one. */
  readonly tooLong: () => number | undefined;
  /** Restores ssh2's own limit. */
  readonly end: () => void;
}

/**
 * Accepts packets of up to `mostBytes` until `end` is called: a banner is a single packet, even if sshd reads it from a long file. ssh2
 * compares the length with its limit once, right after reading it; only that comparison sees a shortened length.
 */
export function allowLongPackets(client: Client, mostBytes: number): LongPackets {
  const decipher = (client as unknown as { _protocol: { _decipher: Decipher } })._protocol._decipher;
  // Ciphers with a separate MAC over the plain text read the length once before the comparison.
  const readsBefore = decipher._macETM === false ? 1 : 0;
  let length = decipher._len;
  let reads = 0;
  let tooLong: number | undefined;
  Object.defineProperty(decipher, "_len", {
    configurable: true,
    get: () => {
      const isComparison = reads === readsBefore;
      reads += 1;
      if (length > mostBytes) tooLong = length;
      return isComparison && length > ssh2Bytes && length <= mostBytes ? ssh2Bytes : length;
    },
    set: (value: number) => {
      length = value;
      reads = 0;
    },
  });
  return {
    tooLong: () => tooLong,
    end: () => Object.defineProperty(decipher, "_len", { value: length, writable: true, configurable: true }),
  };
}

/** Below ssh2's MAX_PACKET_SIZE, to allow for what ssh2 adds to some lengths. */
const ssh2Bytes = 34_000;

interface Decipher {
  readonly _len: number;
  readonly _macETM?: boolean;
}
