/**
 * The private parts of ssh2 1.17 that running commands depends on. Each use has a test that fails when another version behaves
 * differently.
 */
import type { Client, ClientChannel } from "ssh2";

/** Why a command was not started. */
export interface NotStarted extends Error {
  /** RFC 4254 5.1; absent when the host opened the channel and then refused the command, or when the connection was lost. */
  readonly reason?: number;
}

interface Internals {
  /** Holds a function for each channel that is being opened, and the channel from then on. */
  readonly _chanMgr: {
    readonly _cur: number;
    readonly get: (id: number) => unknown;
    readonly update: (id: number, value: unknown) => void;
  };
  readonly _protocol: { readonly ping: () => void };
  /** Receives the answers to global requests, in the order of the requests. */
  readonly _callbacks: ((failed: unknown) => void)[];
}

/** A command that is being sent to a host. */
export interface CommandRequest {
  /** Whether its channel is open at both ends. */
  readonly isOpen: () => boolean;
  /** Closes the channel, now or as soon as it opens; a command that is not yet sent is never sent. Never throws. */
  readonly abandon: () => void;
}

/**
 * Does what `client.exec` does, which sends the command when the host opens the channel, however late, and leaves the channel open
 * when the host refuses the command.
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
      else if (opening !== undefined && channels.get(id) === opening) channels.update(id, discardWhenOpen());
    },
  };
}

/** Replaces the function that would send the command. ssh2 reads its type. */
function discardWhenOpen(): unknown {
  const answer = (error: Error | undefined, channel: ClientChannel): void => {
    if (error === undefined) discard(channel);
  };
  return Object.assign(answer, { type: "session" });
}

/** Closes a channel that nobody reads any more and drops its remaining data. Never throws. */
export function discard(channel: ClientChannel): void {
  channel.on("error", () => undefined).resume();
  channel.stderr.on("error", () => undefined).resume();
  try {
    channel.close();
  } catch {
    // ssh2 throws when its side of a dead connection is written to; then the channel is closed anyway
  }
}

/** Whether the command had been sent: the host opened its channel and then refused it, or closed the channel. */
export function isAnswerToCommand(error: NotStarted): boolean {
  return error.message === "Unable to exec";
}

/**
 * Asks the host for a sign of life, as a keepalive does. Calls `answered` once everything that the host sent before has arrived, and
 * never when the connection is lost.
 */
export function askForLife(client: Client, answered: () => void): void {
  const { _callbacks: waiting, _protocol: protocol } = internals(client);
  waiting.push((failed) => {
    // A host that does not know the request says so, which is an answer too; ssh2 reports a lost connection as an Error.
    if (!(failed instanceof Error)) answered();
  });
  protocol.ping();
}

function internals(client: Client): Internals {
  return client as unknown as Internals;
}

/** A {@link Client} whose packets may be longer than the 35,000 bytes that ssh2 takes. */
export interface LongPackets {
  /** The length of the packet that exceeded even this limit and ended the connection. */
  readonly tooLong: () => number | undefined;
  /** From now on ssh2's own limit holds again. */
  readonly end: () => void;
}

/**
 * Accepts packets of up to `mostBytes` until told otherwise: a banner is one packet, and sshd sends a long file as one. ssh2 compares the
 * length with its limit once, right after reading it; that comparison sees a short length.
 */
export function allowLongPackets(client: Client, mostBytes: number): LongPackets {
  const decipher = (client as unknown as { _protocol: { _decipher: Decipher } })._protocol._decipher;
  // Ciphers with a separate MAC over the plain text calculate with the length once more before that.
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

/** Below ssh2's MAX_PACKET_SIZE by what it adds to some lengths. */
const ssh2Bytes = 34_000;

interface Decipher {
  readonly _len: number;
  readonly _macETM?: boolean;
}
