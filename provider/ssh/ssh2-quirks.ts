/**
 * What running commands needs of ssh2 1.17 beyond its public interface. Each use has a test that fails when another version behaves
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

/** A command on its way to a host. */
export interface CommandRequest {
  /** Whether its channel is open at both ends. */
  readonly isOpen: () => boolean;
  /** Closes the channel, now or as soon as it opens; a command that was not sent by then never is. Never throws. */
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

/** Takes the place of the function that would send the command. ssh2 reads its type. */
function discardWhenOpen(): unknown {
  const answer = (error: Error | undefined, channel: ClientChannel): void => {
    if (error === undefined) discard(channel);
  };
  return Object.assign(answer, { type: "session" });
}

/** Closes a channel that nobody reads any more, and drops what it still carries. Never throws. */
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
